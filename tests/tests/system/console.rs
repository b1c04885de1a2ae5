//! Our console and our agent over a real broker, as their users run them.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Duration;
use system_tests::agent::Agent;
use system_tests::canary::undisturbed;
use system_tests::mosquitto::{Mosquitto, Settings};
use system_tests::process::{Output, Program};

const LIMIT: Duration = Duration::from_secs(60);

async fn console(broker: &str, words: &str) -> Result<Output> {
    let mut arguments = vec!["--broker", broker];
    arguments.extend(words.split(' '));
    Program::start("control-console", &arguments)?.output(LIMIT).await
}

/// Runs the console with --json and gives its code and its first object.
async fn object(broker: &str, words: &str) -> Result<(i32, Value)> {
    let output = console(broker, &format!("--json {words}")).await?;
    let line = output.stdout.lines().next().with_context(|| format!("nothing said: {}", output.stderr))?;
    Ok((output.code.context("a signal")?, serde_json::from_str(line)?))
}

#[tokio::test]
async fn send_exits_with_what_became_of_the_command() -> Result<()> {
    undisturbed(async || {
        let broker = Mosquitto::start().await?;
        let _agent = Agent::start(&broker, "rover-1", &[]).await?;
        let url = broker.url();
        for (words, code, outcome, reason) in [
            ("send rover-1 accelerate", 6, "REJECTED", "ENGINE_OFF"),
            ("send rover-1 turn-on-engine", 0, "SUCCEEDED", ""),
            ("send rover-1 accelerate", 0, "SUCCEEDED", ""),
            ("send rover-1 UNLOCK_DOORS", 6, "REJECTED", "MOVING"),
            ("send rover-1 rotate-right --degrees 90", 0, "SUCCEEDED", ""),
            ("send rover-1 brake", 0, "SUCCEEDED", ""),
            ("send rover-1 rotate-right --degrees 400", 8, "NOT_SENT", ""),
            ("send rover-1 emergency-stop", 0, "SUCCEEDED", ""),
            ("send rover-1 turn-on-engine", 6, "REJECTED", "EMERGENCY_STOPPED"),
            ("clear rover-1", 0, "SUCCEEDED", ""),
            ("send rover-1 turn-on-engine", 0, "SUCCEEDED", ""),
            ("--timeout 3s send rover-9 lock-doors", 5, "NOT_SENT", ""),
        ] {
            let (exit, report) = object(&url, words).await?;
            let told = (exit, &report["outcome"], report["reason"].as_str().unwrap_or_default());
            ensure!(told == (code, &outcome.into(), reason), "{words}: {exit} {report}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_turn_of_full_circle_outlasts_no_operator_timeout_while_send_waits() -> Result<()> {
    undisturbed(async || {
        let broker = Mosquitto::start().await?;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("agent.toml");
        std::fs::write(&file, "[timing]\noperator_timeout_s = 0.5\n")?;
        let _agent = Agent::start(&broker, "rover-1", &["--config", &file.display().to_string()]).await?;
        let url = broker.url();
        object(&url, "send rover-1 turn-on-engine").await?;
        let (exit, report) = object(&url, "send rover-1 rotate-left --degrees 360").await?;
        ensure!((exit, &report["outcome"]) == (0, &"SUCCEEDED".into()), "{exit} {report}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn watch_ends_when_its_condition_holds() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let _agent = Agent::start(&broker, "rover-1", &[]).await?;
    let url = broker.url();
    let arguments =
        ["--broker", &url, "watch", "rover-1", "--until", "headlights == true", "--timeout", "20s"];
    let watch = Program::start("control-console", &arguments)?;
    object(&url, "send rover-1 turn-on-headlights").await?;
    let output = watch.output(LIMIT).await?;
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    let output = console(&url, "--timeout 3s watch rover-1 --until speed_mph>2").await?;
    assert_eq!(output.code, Some(9), "{}{}", output.stdout, output.stderr);
    let output = console(&url, "watch rover-1 --field mode --count 1").await?;
    assert!(output.code == Some(0) && output.stdout.contains("off"), "{}{}", output.stdout, output.stderr);
    Ok(())
}

#[tokio::test]
async fn fleet_and_estop_all_reach_every_vehicle() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut agents = Vec::new();
    for name in ["rover-1", "rover-2", "rover-3"] {
        agents.push(Agent::start(&broker, name, &[]).await?);
    }
    let url = broker.url();
    let output = console(&url, "--json fleet").await?;
    assert_eq!(
        (output.code, output.stdout.lines().count()),
        (Some(0), 3),
        "{}{}",
        output.stdout,
        output.stderr
    );
    object(&url, "send rover-2 turn-on-engine").await?;
    let output = console(&url, "--json estop --all").await?;
    assert_eq!(
        (output.code, output.stdout.lines().count()),
        (Some(0), 3),
        "{}{}",
        output.stdout,
        output.stderr
    );
    for agent in &agents {
        let last = agent.trace().lines()?.pop().context("no trace")?;
        assert!(!last.enable && last.brake && last.hazard_lights, "{last:?}");
    }
    Ok(())
}

#[tokio::test]
async fn ping_measures_the_round_trip() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let _agent = Agent::start(&broker, "rover-1", &[]).await?;
    let output = console(&broker.url(), "ping rover-1 --count 3 --max 5s").await?;
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    let output = console(&broker.url(), "ping rover-1 --count 3 --max 1ns").await?;
    assert_eq!(output.code, Some(9), "{}{}", output.stdout, output.stderr);
    Ok(())
}

#[tokio::test]
async fn login_by_password_file_lets_agent_and_console_in_and_a_wrong_one_ends_at_once() -> Result<()> {
    let logins = [("rover-1", "wheels"), ("anna", "secret")];
    let broker = Mosquitto::start_with(&Settings { logins: &logins, ..Settings::default() }).await?;
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| -> Result<String> {
        let file = folder.path().join(name);
        std::fs::write(&file, text)?;
        Ok(file.display().to_string())
    };
    let (wheels, secret) = (write("wheels", "wheels\n")?, write("secret", "secret\n")?);
    let config =
        write("agent.toml", &format!("[broker]\nuser = \"rover-1\"\npassword_file = \"{wheels}\"\n"))?;
    let mut agent = Agent::launch(&broker.url(), "rover-1", &["--config", &config])?;
    agent.program.wait_for_stderr("connected").await?;
    let send = |password: &str| format!("--user anna --password-file {password} send rover-1 lock-doors");
    assert_eq!(object(&broker.url(), &send(&secret)).await?.0, 0);
    let (exit, report) = object(&broker.url(), &send(&wheels)).await?;
    assert_eq!(exit, 4, "{report}");
    Ok(())
}

#[tokio::test]
async fn the_demo_ends_with_one_summary_in_which_all_sixteen_succeeded() -> Result<()> {
    let arguments = ["--json", "demo", "--headless", "--for", "10s", "--seed", "1", "--vehicles", "2"];
    let output = Program::start("control-console", &arguments)?.output(LIMIT).await?;
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 1, "{}", output.stdout);
    let summary: Value = serde_json::from_str(lines[0])?;
    let commands = summary["by_command"].as_object().context("by_command")?;
    let sixteen = vehicle_protocol::CommandName::ALL.iter().take(16);
    for name in sixteen {
        assert!(commands[name.as_str()]["SUCCEEDED"].as_u64() >= Some(2), "{name}: {summary}");
    }
    assert_eq!(summary["by_state"].as_object().map(serde_json::Map::len), Some(1), "{summary}");
    assert!(summary["metres_driven"].as_f64() > Some(1.0), "{summary}");
    Ok(())
}
