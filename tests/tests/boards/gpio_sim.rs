//! The agent on lines that the kernel simulates, with edges: in a Linux that is a program.
//!
//! That Linux has the host's files to read, and no network but its own: the broker is in it as well. What happens there is
//! the script `gpio-sim/init`, and this judges what it writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use system_tests::process::Program;

/// What takes ten seconds where nothing else runs.
const LIMIT_S: &str = "120";

/// Metres from pulse to pulse of the left wheel, as gpio-sim/agent.toml has it.
const PULSE: f64 = 0.02;

/// One thing that the script has seen, in microseconds since the start.
struct Seen {
    at: u64,
    what: String,
}

/// All that the script has seen, in order.
struct Report(Vec<Seen>);

#[tokio::test]
async fn wheels_that_turn_are_speed_and_way_and_wheels_that_do_not_stop_the_vehicle() -> Result<()> {
    let report = Report::of_a_run().await?;
    ensure!(!report.0.iter().any(|seen| seen.what.starts_with("FAILED")), "not all came that was awaited");
    let lost = report.0.iter().find(|seen| seen.what.contains("GUARD_LOST"));
    if let Some(Seen { what, .. }) = lost {
        bail!("agent and guard lost each other where nobody can be held up: {what}");
    }
    forwards(&report)?;
    backwards(&report)?;
    stuck(&report)?;
    stop(&report)?;
    pushed(&report)
}

fn forwards(report: &Report) -> Result<()> {
    let phase = report.phase("forwards")?;
    ensure!(phase.said("levels")? == "0=1 1=0 5=0 7=0", "{}", phase.said("levels")?);
    let seconds = phase.seconds("turns", "turned")?;
    let (speed, told) = (40.0 * PULSE / seconds, report.speed(&phase)?);
    println!("40 pulses in {seconds:.2} s are {speed:.3} m/s; the vehicle says {told:.3} m/s");
    ensure!((told - speed).abs() < 0.2 * speed, "{told} m/s");
    let status = phase.status()?;
    ensure!(
        status.get("pose") == Some(&json!("measured")) && status.get("mode") == Some(&json!("standing")),
        "{status}"
    );
    near(&status, 50.0 * PULSE)
}

fn backwards(report: &Report) -> Result<()> {
    let phase = report.phase("backwards")?;
    ensure!(phase.said("levels")? == "0=1 1=0 5=1 7=1", "{}", phase.said("levels")?);
    let told = report.speed(&phase)?;
    ensure!(told < -0.1, "{told} m/s");
    near(&phase.status()?, 20.0 * PULSE)
}

fn stuck(report: &Report) -> Result<()> {
    let phase = report.phase("stuck")?;
    let seconds = phase.seconds("told", "stopped")?;
    println!("wheels that are told to turn and do not: stopped after {seconds:.2} s");
    ensure!((1.0..4.0).contains(&seconds), "{seconds} s");
    ensure!(phase.said("stopped")? != "0", "nothing was said of ACTUATOR_FAULT");
    ensure!(phase.said("levels")?.starts_with("0=0 1=1"), "{}", phase.said("levels")?);
    Ok(())
}

fn stop(report: &Report) -> Result<()> {
    let phase = report.phase("stop")?;
    let micros: u64 = phase.said("stopped after")?.parse()?;
    println!("emergency stop that opens for a moment: enable line off after {} ms", micros / 1_000);
    ensure!(micros < 250_000, "{micros} us");
    ensure!(phase.said("levels")?.starts_with("0=0 1=1"), "{}", phase.said("levels")?);
    ensure!(phase.status()?.get("mode") == Some(&json!("emergency_stop")), "{}", phase.status()?);
    Ok(())
}

/// Nobody told these wheels to turn, and the engine is off.
fn pushed(report: &Report) -> Result<()> {
    let phase = report.phase("pushed")?;
    near(&phase.status()?, (20.0 + 10.0 + 10.0) * PULSE)
}

/// The vehicle is where the wheels have rolled to, straight ahead, but for the edges between two looks.
fn near(status: &Value, y: f64) -> Result<()> {
    let (found_x, found_y) = (number(status, "x_m")?, number(status, "y_m")?);
    let off = (found_y - y).hypot(found_x);
    ensure!(off <= 2.0 * PULSE + 0.02 * y, "{status}: {off} m from {y} m ahead");
    Ok(())
}

fn number(status: &Value, key: &str) -> Result<f64> {
    status.get(key).and_then(Value::as_f64).with_context(|| format!("no {key} in {status}"))
}

impl Report {
    /// Lets the script run to its end.
    async fn of_a_run() -> Result<Self> {
        let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("gpio-sim");
        let folder = tempfile::tempdir()?;
        for name in ["init", "agent.toml", "broker.conf"] {
            fs::copy(parts.join(name), folder.path().join(name))?;
        }
        let agent = Program::command("vehicle-agent")?;
        fs::copy(agent.get_program(), folder.path().join("vehicle-agent"))?;
        // Ends after its time, and with the test; killed, it would leave its own processes to the host.
        let mut command = Command::new("timeout");
        command.args(["--kill-after=10", LIMIT_S, "nice", "-n", "-10", "setpriv", "--pdeathsig", "TERM"]);
        command.arg(kernel(&parts)?);
        // The host's files, which it may only read.
        command.args(["mem=192M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet"]);
        command.args(["con=null", "con0=null,fd:1", "loglevel=3"]);
        // What is computed takes no time, and where all wait, time skips to what comes next. So however busy the host is,
        // nobody in there is held up.
        command.arg("time-travel=inf-cpu");
        // Its memory is a file, which must be where programs may be run from; a container's /dev/shm need not be.
        command.env("TMPDIR", folder.path());
        command.arg(format!("init={}", folder.path().join("init").display()));
        let output = Program::spawn("linux", command)?.output(Duration::from_secs(150)).await?;
        let line = |line: &str| {
            let (at, what) = line.trim_end().split_once(' ')?;
            Some(Seen { at: at.parse().ok()?, what: what.to_owned() })
        };
        let report = Self(output.stdout.lines().filter_map(line).collect());
        ensure!(report.0.iter().any(|seen| seen.what == "end"), "{}{}", output.stdout, output.stderr);
        Ok(report)
    }

    /// What was seen from the beginning of a phase to the next.
    fn phase(&self, name: &str) -> Result<Phase<'_>> {
        let name = format!("phase {name}");
        let begin = self.0.iter().position(|seen| seen.what == name).context(name)?;
        let rest = self.0.iter().skip(begin.saturating_add(1));
        Ok(Phase(rest.take_while(|seen| !seen.what.starts_with("phase ")).collect()))
    }

    /// The speed in m/s that the vehicle had told when its wheels had turned; what does not change is told once, and holds.
    fn speed(&self, phase: &Phase<'_>) -> Result<f64> {
        let end: usize = phase.said("turned")?.parse()?;
        let heard = self.0.iter().filter_map(|seen| seen.what.strip_prefix("heard "));
        let told = heard.take(end).filter_map(told_speed).last();
        Ok(told.context("no speed was told while the wheels turned")? * 0.447_04)
    }
}

/// The speed in mph in a line of telemetry or status, if it is told there.
fn told_speed(line: &str) -> Option<f64> {
    let (topic, payload) = line.split_once(' ')?;
    let value: Value = serde_json::from_str(payload).ok()?;
    value.get("speed_mph")?.as_f64().filter(|_| topic.ends_with("/telemetry") || topic.ends_with("/status"))
}

/// One part of the run.
struct Phase<'a>(Vec<&'a Seen>);

impl<'a> Phase<'a> {
    fn seen(&self, word: &str) -> Result<(u64, &'a str)> {
        let of_word = |seen: &&'a Seen| {
            let rest = seen.what.strip_prefix(word)?;
            (rest.is_empty() || rest.starts_with(' ')).then(|| (seen.at, rest.trim_start()))
        };
        self.0.iter().find_map(of_word).with_context(|| word.to_owned())
    }

    /// What was said after a word.
    fn said(&self, word: &str) -> Result<&'a str> {
        self.seen(word).map(|(_, said)| said)
    }

    fn seconds(&self, from: &str, to: &str) -> Result<f64> {
        let micros = self.seen(to)?.0.saturating_sub(self.seen(from)?.0);
        Ok(Duration::from_micros(micros).as_secs_f64())
    }

    /// The last status of the phase.
    fn status(&self) -> Result<Value> {
        let last = self.0.iter().rev().find_map(|seen| seen.what.strip_prefix("status "));
        let last = last.context("no status")?;
        let payload = last.split_once(' ').map_or(last, |(_, payload)| payload);
        serde_json::from_str(payload).with_context(|| last.to_owned())
    }
}

/// The Linux that is a program.
fn kernel(parts: &Path) -> Result<PathBuf> {
    let output = Command::new(parts.join("kernel")).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim_end()))
}
