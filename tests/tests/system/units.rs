//! The shipped units, as systemd's own tools judge them.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The most exposure that a unit may have, in tenths: 1.7 is what is left with pins, network, the guard's socket and real time,
/// for which agent and guard ask by themselves.
const EXPOSURE: &str = "--threshold=17";

fn units() -> Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/systemd").canonicalize()?;
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    Ok(files.into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "service")).collect())
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A system in which the unit could be installed: systemd's own targets, the unit, and the program that it starts.
fn installed(unit: &Path) -> Result<tempfile::TempDir> {
    let root = tempfile::tempdir()?;
    let folder = root.path().join("usr/lib/systemd/system");
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir("/usr/lib/systemd/system").or_else(|_| fs::read_dir("/lib/systemd/system"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "target" || kind == "slice") {
            // What is only a link elsewhere need not be there.
            let _ = fs::copy(&path, folder.join(path.file_name().context("a name")?));
        }
    }
    fs::copy(unit, folder.join(unit.file_name().context("a name")?))?;
    let program = root.path().join("usr/bin/vehicle-agent");
    fs::create_dir_all(program.parent().context("a folder")?)?;
    fs::write(&program, "")?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok(root)
}

/// What systemd finds wrong with a unit; unknown keys only make it warn, so every word counts.
fn faults(unit: &Path) -> Result<String> {
    let root = installed(unit)?;
    let name = unit.file_name().context("a name")?;
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--recursive-errors=no"])
        .arg(format!("--root={}", root.path().display()))
        .arg(name)
        .output()?;
    let own = |line: &&str| line.contains(&*name.to_string_lossy());
    let faults = said(&output).lines().filter(own).collect::<Vec<_>>().join("\n");
    ensure!(output.status.success() || !faults.is_empty(), "{}", said(&output));
    Ok(faults)
}

#[test]
fn systemd_finds_nothing_wrong_with_them() -> Result<()> {
    let units = units()?;
    ensure!(!units.is_empty(), "there are no units");
    for unit in units {
        assert_eq!(faults(&unit)?, "");
    }
    Ok(())
}

#[test]
fn a_slip_in_a_unit_is_found() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for unit in units()? {
        let text = fs::read_to_string(&unit)?;
        let slips = [
            ("Restart=always", "Restart=allways"),
            ("KillMode=", "KilMode="),
            ("vehicle-agent run", "x run"),
        ];
        for (right, wrong) in slips {
            let slipped = folder.path().join(unit.file_name().context("a name")?);
            ensure!(text.contains(right), "{right} is not in {}", unit.display());
            fs::write(&slipped, text.replace(right, wrong))?;
            ensure!(!faults(&slipped)?.is_empty(), "{wrong} was not found");
        }
    }
    Ok(())
}

#[test]
fn they_expose_no_more_than_they_must() -> Result<()> {
    for unit in units()? {
        let judge = |file: &Path| {
            let mut command = Command::new("systemd-analyze");
            command.args(["security", "--offline=true", "--no-pager", EXPOSURE]).arg(file).output()
        };
        let output = judge(&unit)?;
        ensure!(output.status.success(), "{}", said(&output));
        let folder = tempfile::tempdir()?;
        let slack = folder.path().join(unit.file_name().context("a name")?);
        fs::write(&slack, fs::read_to_string(&unit)?.replace("NoNewPrivileges=yes", "NoNewPrivileges=no"))?;
        ensure!(!judge(&slack)?.status.success(), "one more privilege was not noticed");
    }
    Ok(())
}

#[test]
fn the_agents_unit_says_what_its_safety_rests_on() -> Result<()> {
    let unit = units()?.into_iter().find(|unit| unit.ends_with("vehicle-agent.service")).context("a unit")?;
    let text = fs::read_to_string(unit)?;
    for line in [
        "Type=notify",
        "WatchdogSec=2s",
        "WatchdogSignal=SIGKILL",
        "Restart=always",
        "StartLimitIntervalSec=0",
        "KillMode=mixed",
        "OOMPolicy=continue",
        "ExecStartPre=-/usr/bin/vehicle-agent make-safe --config /etc/vehicle-agent/agent.toml",
        "ExecStopPost=-/usr/bin/vehicle-agent make-safe --config /etc/vehicle-agent/agent.toml",
    ] {
        ensure!(text.lines().any(|found| found == line), "{line}");
    }
    Ok(())
}
