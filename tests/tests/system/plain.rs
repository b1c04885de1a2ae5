//! Clients of other makes, in the plain form, to the letter.

use anyhow::{Result, ensure};
use std::process::Command;
use std::time::Duration;
use system_tests::agent::Agent;
use system_tests::canary::undisturbed;
use system_tests::certificates::Certificates;
use system_tests::mosquitto::{Mosquitto, Settings};
use system_tests::paho;
use system_tests::process::Program;

const LIMIT: Duration = Duration::from_secs(60);

/// All sixteen, in an order in which each can succeed.
const SESSION: [&str; 16] = [
    r#"{"CMD":"TURN_ON_ENGINE"}"#,
    r#"{"CMD":"UNLOCK_DOORS"}"#,
    r#"{"CMD":"LOCK_DOORS"}"#,
    r#"{"CMD":"TURN_ON_HEADLIGHTS"}"#,
    r#"{"CMD":"TURN_ON_PARKING_LIGHTS"}"#,
    r#"{"CMD":"SET_MAX_SPEED","MPH":4}"#,
    r#"{"CMD":"SET_MIN_SPEED","MPH":1.5}"#,
    r#"{"CMD":"ACCELERATE"}"#,
    r#"{"CMD":"ROTATE_RIGHT","DEGREES":45}"#,
    r#"{"CMD":"ROTATE_LEFT","DEGREES":30.5}"#,
    r#"{"CMD":"BRAKE"}"#,
    r#"{"CMD":"PARK_IN_SAFE_PLACE"}"#,
    r#"{"CMD":"TURN_OFF_HEADLIGHTS"}"#,
    r#"{"CMD":"PARK"}"#,
    r#"{"CMD":"TURN_OFF_PARKING_LIGHTS"}"#,
    r#"{"CMD":"TURN_OFF_ENGINE"}"#,
];

fn name(command: &str) -> &str {
    command.split('"').nth(3).unwrap_or_default()
}

fn expected() -> Vec<String> {
    SESSION
        .iter()
        .map(|command| format!(r#"{{"SUCCESSFULLY_PROCESSED_COMMAND":"{}"}}"#, name(command)))
        .collect()
}

#[tokio::test]
async fn paho_over_mutual_tls_has_all_sixteen_commands_answered_to_the_letter() -> Result<()> {
    undisturbed(async || {
        let certificates = Certificates::create()?;
        let broker =
            Mosquitto::start_with(&Settings { mutual_tls: Some(&certificates), ..Settings::default() })
                .await?;
        let vehicle = certificates.client("rover-1")?;
        let authority = certificates.authority().display().to_string();
        let files = [vehicle.certificate.display().to_string(), vehicle.key.display().to_string()];
        let tls = ["--ca-file", &authority, "--cert-file", &files[0], "--key-file", &files[1]];
        // Parking lights are on after PARK; the session turns them off before the engine.
        let mut agent = Agent::launch(&broker.url(), "rover-1", &tls)?;
        agent.program.wait_for_stderr("connected").await?;
        let console = certificates.client("console")?;
        let files = [console.certificate.display().to_string(), console.key.display().to_string()];
        let port = broker.port().to_string();
        let mut arguments = vec![port.as_str(), "rover-1"];
        arguments.extend(SESSION);
        arguments.extend(["--ca-file", &authority, "--cert-file", &files[0], "--key-file", &files[1]]);
        let output = paho::run("session.py", &arguments, LIMIT).await?;
        let said: Vec<_> = output.stdout.lines().collect();
        ensure!(said == expected() && output.code == Some(0), "{said:?} {}", output.stderr);

        let lines = agent.trace().lines()?;
        ensure!(lines.iter().any(system_tests::trace::TraceLine::moves), "it never moved");
        let last = lines.last().unwrap();
        ensure!(!last.enable && !last.moves() && !last.headlights && last.doors == "locked", "{last:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn mosquitto_pub_and_sub_command_a_vehicle() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let agent = Agent::start(&broker, "rover-1", &[]).await?;
    let port = broker.port().to_string();
    // Its words reach a file line by line only so.
    let mut subscriber = Command::new("stdbuf");
    let topic = agent.topic("executedcommands");
    let flags = ["-p", &port, "-q", "1", "-C", "1", "-W", "20", "-t", &topic, "-d"];
    subscriber.args(["-oL", "mosquitto_sub"]).args(flags);
    let mut subscriber = Program::spawn("mosquitto_sub", subscriber)?;
    subscriber.wait_for_stdout("SUBACK").await?;
    let mut publisher = Command::new("mosquitto_pub");
    let command = r#"{"CMD":"TURN_ON_HEADLIGHTS"}"#;
    publisher.args(["-p", &port, "-q", "1", "-t", &agent.topic("commands"), "-m", command]);
    Program::spawn("mosquitto_pub", publisher)?.output(LIMIT).await?;
    let output = subscriber.output(LIMIT).await?;
    let answer = r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"TURN_ON_HEADLIGHTS"}"#;
    assert!(output.stdout.lines().any(|line| line == answer), "{}", output.stdout);
    assert!(agent.trace().lines()?.last().unwrap().headlights);
    Ok(())
}

#[tokio::test]
async fn our_console_drives_a_vehicle_of_another_make_in_the_plain_form() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let port = broker.port().to_string();
    let mut vehicle = paho::start("vehicle.py", &[&port, "old-timer", "--deaf", "PARK"])?;
    vehicle.wait_for_stdout("ready").await?;
    let url = broker.url();
    let send = |command: &'static str, timeout: &'static str| {
        ["--broker", &url, "--json", "--timeout", timeout, "send", "old-timer", command, "--plain"]
            .map(str::to_owned)
    };
    for (command, timeout, code, outcome) in
        [("lock-doors", "30s", 0, "SUCCEEDED"), ("park", "3s", 7, "UNKNOWN")]
    {
        let arguments = send(command, timeout);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = Program::start("control-console", &arguments)?.output(LIMIT).await?;
        assert_eq!(output.code, Some(code), "{command}: {}{}", output.stdout, output.stderr);
        let object: serde_json::Value = serde_json::from_str(&output.stdout)?;
        assert_eq!(object["outcome"], outcome);
    }
    vehicle.wait_for_stdout("PARK").await?;
    let heard = vehicle.stdout()?;
    assert_eq!(heard.matches(r#"got {"CMD":"LOCK_DOORS"}"#).count(), 1, "{heard}");
    assert_eq!(heard.matches("PARK").count(), 1, "a command that is not a stop is never sent twice: {heard}");
    Ok(())
}
