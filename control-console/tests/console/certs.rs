//! The authority: what it writes, what it refuses, and what the shipped sample was made with.

use crate::console::{command, object, objects};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use system_tests::process::{Output, Program};
use system_tests::wait::SOON;
use tempfile::TempDir;

struct Authority {
    home: TempDir,
}

impl Authority {
    /// A new authority with a certificate for a broker.
    async fn new() -> Result<Self> {
        let authority = Self { home: tempfile::tempdir()? };
        authority.done(&["init"]).await?;
        authority.done(&["issue", "broker", "localhost", "--san", "127.0.0.1"]).await?;
        Ok(authority)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join("control-console/certs").join(name)
    }

    async fn run(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = command(&[&["certs"], arguments].concat());
        command.env("XDG_CONFIG_HOME", self.home.path());
        Program::spawn("control-console", command)?.output(SOON).await
    }

    async fn done(&self, arguments: &[&str]) -> Result<Output> {
        let output = self.run(arguments).await?;
        ensure!(output.code == Some(0), "{arguments:?}: {}", output.stderr);
        Ok(output)
    }

    async fn refusal(&self, arguments: &[&str]) -> Result<String> {
        let output = self.run(arguments).await?;
        ensure!(output.code == Some(2) && output.stdout.is_empty(), "{arguments:?}: {output:?}");
        ensure!(output.stderr.contains("error: ") && output.stderr.contains("\nnext: "), "{}", output.stderr);
        Ok(output.stderr)
    }
}

fn modes(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let mode = entry.metadata()?.permissions().mode() & 0o777;
        if entry.file_type()?.is_dir() {
            assert_eq!(mode, 0o700, "{}", entry.path().display());
            modes(&entry.path())?;
        } else {
            assert_eq!(mode, 0o600, "{}", entry.path().display());
        }
    }
    Ok(())
}

#[tokio::test]
async fn whatever_is_written_is_for_its_owner_alone_and_never_written_over() -> Result<()> {
    let authority = Authority::new().await?;
    for issue in [&["issue", "vehicle", "rover-1"][..], &["issue", "operator", "anna"]] {
        authority.done(issue).await?;
    }
    authority.done(&["broker-config"]).await?;
    modes(authority.home.path())?;
    let (file, key) = (authority.file("vehicles/rover-1.key"), authority.file("ca.key"));
    let before = (fs::read(&file)?, fs::read(&key)?);
    let said = authority.refusal(&["issue", "vehicle", "rover-1"]).await?;
    assert!(said.contains("rover-1.pem") && said.contains("--renew"), "{said}");
    let said = authority.refusal(&["init"]).await?;
    assert!(said.contains("there already"), "{said}");
    assert_eq!((fs::read(&file)?, fs::read(&key)?), before);
    Ok(())
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_with_a_next_step() -> Result<()> {
    let nobody = Authority { home: tempfile::tempdir()? };
    assert!(nobody.refusal(&["list"]).await?.contains("certs init"));
    let authority = Authority::new().await?;
    for (arguments, words) in [
        (&["issue", "vehicle", "+"][..], "letters, digits and hyphens"),
        (&["issue", "vehicle", "a/b"], "letters, digits and hyphens"),
        (&["issue", "vehicle", "all"], "reserved"),
        (&["issue", "operator", "#"], "letters, digits and hyphens"),
        (&["issue", "operator", "../anna"], "letters, digits and hyphens"),
        (&["issue", "broker", "a/b"], "IP address"),
        (&["issue", "broker", "b", "--san", "*"], "--san"),
        (&["issue", "vehicle", "rover-1", "--san", "x"], "broker"),
        (&["issue", "vehicle", "rover-1", "--vehicles", "x"], "operator"),
        (&["issue", "vehicle", "rover-1", "--days", "36500"], "--days 3649 at most"),
        (&["revoke", "vehicle", "rover-1"], "certs list"),
        (&["broker-config", "elsewhere"], "certs issue broker elsewhere"),
        (&["broker-config", "--root", "a%u"], "without %"),
    ] {
        let said = authority.refusal(arguments).await?;
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    let output = authority.run(&["--json", "issue", "vehicle", "+"]).await?;
    assert_eq!(object(&output)?["exit"], 2);
    Ok(())
}

#[tokio::test]
async fn a_key_that_others_can_read_is_not_used() -> Result<()> {
    let authority = Authority::new().await?;
    fs::set_permissions(authority.file("ca.key"), fs::Permissions::from_mode(0o640))?;
    let output = authority.run(&["issue", "vehicle", "rover-1"]).await?;
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("ca.key") && output.stderr.contains("chmod 600"), "{}", output.stderr);
    fs::set_permissions(authority.file(""), fs::Permissions::from_mode(0o755))?;
    let said = authority.refusal(&["list"]).await?;
    assert!(said.contains("chmod 700"), "{said}");
    Ok(())
}

#[tokio::test]
async fn the_list_shows_how_each_certificate_stands_and_warns_of_its_end() -> Result<()> {
    let authority = Authority::new().await?;
    authority.done(&["issue", "vehicle", "rover-1", "--days", "9"]).await?;
    authority.done(&["issue", "operator", "anna", "--vehicles", "rover-1,rover-2"]).await?;
    authority.done(&["issue", "operator", "anna", "--renew"]).await?;
    authority.done(&["issue", "operator", "ben"]).await?;
    authority.done(&["revoke", "operator", "ben"]).await?;
    let output = authority.done(&["list"]).await?;
    assert!(output.stderr.contains("warning: vehicle rover-1 ends on "), "{}", output.stderr);
    assert!(output.stderr.contains("certs issue vehicle rover-1 --renew"), "{}", output.stderr);
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    let output = authority.done(&["list", "--json"]).await?;
    let told = objects(&output)?;
    let standings: Vec<_> =
        told.iter().map(|line| (line["name"].as_str().unwrap_or_default(), &line["standing"])).collect();
    let words = ["valid", "valid", "ending", "renewed", "valid", "revoked"].map(|word| json!(word));
    assert_eq!(standings.iter().map(|(_, word)| (*word).clone()).collect::<Vec<_>>(), words);
    assert_eq!(
        told[4]["vehicles"],
        json!(["rover-1", "rover-2"]),
        "a renewed certificate keeps its vehicles"
    );
    assert!(told[5]["revoked"].is_string() && !authority.file("operators/ben.key").exists());
    Ok(())
}

#[tokio::test]
async fn a_revoked_name_may_be_issued_again_and_only_the_new_certificate_counts() -> Result<()> {
    let authority = Authority::new().await?;
    let issue = ["issue", "operator", "anna", "--json"];
    let first = object(&authority.done(&issue).await?)?["serial"].clone();
    let told = object(&authority.done(&["revoke", "operator", "anna", "--json"]).await?)?;
    assert_eq!(told["serials"], json!([first]));
    authority.done(&["broker-config"]).await?;
    let access = || fs::read_to_string(authority.file("mosquitto/operators.acl"));
    assert!(!access()?.contains("operator.anna"), "{}", access()?);
    authority.done(&issue).await?;
    authority.done(&["broker-config"]).await?;
    assert_eq!(access()?.matches("user operator.anna").count(), 1);
    Ok(())
}

#[tokio::test]
async fn what_is_issued_comes_with_settings_that_use_it() -> Result<()> {
    let authority = Authority::new().await?;
    let vehicle = authority.done(&["issue", "vehicle", "rover-1"]).await?;
    let told: toml::Value = toml::from_str(&vehicle.stdout)?;
    assert_eq!(told["vehicle"].as_str(), Some("rover-1"));
    assert_eq!(told["broker"]["url"].as_str(), Some("mqtts://localhost:8883"));
    let operator = authority.done(&["issue", "operator", "anna"]).await?;
    let file = authority.home.path().join("anna.toml");
    fs::write(&file, &operator.stdout)?;
    let settings = command(&["config", "--config", file.to_str().context("path")?]);
    let output = Program::spawn("control-console", settings)?.output(SOON).await?;
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.contains("mqtts://localhost:8884"), "{}", output.stdout);
    Ok(())
}

#[tokio::test]
async fn a_configuration_that_somebody_else_made_stays() -> Result<()> {
    let authority = Authority::new().await?;
    let out = authority.home.path().join("etc");
    fs::create_dir(&out)?;
    fs::write(out.join("mosquitto.conf"), "listener 1883\n")?;
    let said = authority.refusal(&["broker-config", "--out", out.to_str().context("path")?]).await?;
    assert!(said.contains("somebody else") && said.contains("--out"), "{said}");
    assert_eq!(fs::read_dir(&out)?.count(), 1, "nothing else was written");
    Ok(())
}

/// The sample in `deploy/mosquitto` is what this writes; `UPDATE_SAMPLES=1` writes it there.
#[tokio::test]
async fn the_shipped_sample_is_what_broker_config_writes() -> Result<()> {
    let authority = Authority::new().await?;
    for issue in [
        &["issue", "vehicle", "rover-1"][..],
        &["issue", "operator", "anna"],
        &["issue", "operator", "ben", "--vehicles", "rover-1,rover-2"],
    ] {
        authority.done(issue).await?;
    }
    authority.done(&["broker-config", "--at", "/etc/mosquitto/vehicles"]).await?;
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/mosquitto");
    for name in ["mosquitto.conf", "vehicles.acl", "operators.acl"] {
        let written = fs::read_to_string(authority.file("mosquitto").join(name))?;
        if std::env::var_os("UPDATE_SAMPLES").is_some() {
            fs::write(shipped.join(name), &written)?;
        }
        assert_eq!(fs::read_to_string(shipped.join(name))?, written, "{name}");
    }
    Ok(())
}
