//! `watch`: what vehicles report, as it comes.

use crate::console::{command, objects, run, start};
use crate::vehicle::Vehicle;
use anyhow::Result;
use serde_json::json;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use system_tests::mosquitto::Mosquitto;
use system_tests::process::Program;
use system_tests::wait::SOON;

async fn parked(broker: &Mosquitto) -> Result<Vehicle> {
    let mut vehicle = Vehicle::online(broker, "rover-1").await?;
    vehicle.keep("status", &json!({"time": 1, "mode": "standing", "speed_mph": 0.0, "engine": true})).await?;
    Ok(vehicle)
}

async fn ready(broker: &Mosquitto, arguments: &[&str]) -> Result<Program> {
    let program = start(&broker.url(), arguments)?;
    system_tests::wait::until("the subscription", SOON, || {
        Ok(broker.log()?.contains("vehicles/rover-1/telemetry").then_some(()))
    })
    .await?;
    Ok(program)
}

#[tokio::test]
async fn each_change_is_a_line_and_what_is_retained_is_marked() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = parked(&broker).await?;
    let mut program = start(&broker.url(), &["watch", "rover-1", "--count", "5"])?;
    program.wait_for_stdout("status").await?;
    program.wait_for_stdout("presence").await?;
    vehicle.say("telemetry", r#"{"time":9}"#).await?;
    vehicle.say("telemetry", r#"{"time":10,"speed_mph":1.5}"#).await?;
    vehicle.say("status", "not JSON").await?;
    vehicle.say("events", r#"{"time":11,"epoch":"07070707070707070707070707070707","event":"failsafe","cause":"OPERATOR_LOST"}"#).await?;
    vehicle.presence("OFFLINE", 1).await?;
    let output = program.output(SOON).await?;
    assert_eq!(output.code, Some(0));
    let mut lines: Vec<_> = output.stdout.lines().collect();
    lines[..2].sort_unstable();
    assert_eq!(
        lines,
        [
            "rover-1 presence  R presence=ONLINE",
            "rover-1 status    R engine=true mode=standing speed_mph=0.0",
            "rover-1 telemetry   speed_mph=1.5",
            "rover-1 events      cause=OPERATOR_LOST event=failsafe",
            "rover-1 presence    presence=OFFLINE",
        ]
    );
    assert!(output.stderr.contains("unreadable on status"), "{}", output.stderr);
    Ok(())
}

#[tokio::test]
async fn a_field_is_printed_alone_and_the_condition_ends_it() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = parked(&broker).await?;
    let mut program =
        start(&broker.url(), &["watch", "rover-1", "--field", "speed_mph", "--until", "speed_mph > 2"])?;
    program.wait_for_stdout("0.0").await?;
    for speed in [1.5, 1.5, 2.0, 2.5] {
        vehicle.say("telemetry", &json!({"speed_mph": speed}).to_string()).await?;
    }
    let output = program.output(SOON).await?;
    let values: Vec<_> = output.stdout.lines().filter(|line| !line.starts_with('~')).collect();
    assert_eq!(output.code, Some(0));
    assert!(values.ends_with(&["1.5", "2.0", "2.5"]), "{values:?}");
    Ok(())
}

#[tokio::test]
async fn a_condition_that_is_not_met_in_time_is_an_exit_code_of_its_own() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let _vehicle = parked(&broker).await?;
    let output =
        run(&broker.url(), &["--timeout", "2s", "watch", "rover-1", "--until", "mode == driving"]).await?;
    assert_eq!(output.code, Some(9));
    assert!(output.stderr.contains("rover-1: standing"), "{}", output.stderr);
    let output = run(&broker.url(), &["watch", "rover-1", "--until", "mode == standing"]).await?;
    assert_eq!(output.code, Some(0), "an online vehicle's retained status is its state");
    let output = run(&broker.url(), &["watch", "rover-1", "--until", "speed is high"]).await?;
    assert_eq!(output.code, Some(2));
    Ok(())
}

#[tokio::test]
async fn a_field_that_is_not_reported_is_met_with_those_that_are() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let _vehicle = parked(&broker).await?;
    let output = run(&broker.url(), &["--timeout", "2s", "watch", "rover-1", "--field", "sped_mph"]).await?;
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""));
    assert!(output.stderr.contains("reports no sped_mph; it reports engine, mode, "), "{}", output.stderr);
    Ok(())
}

#[tokio::test]
async fn what_an_absent_vehicle_said_last_meets_no_condition_and_is_marked_old() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = parked(&broker).await?;
    vehicle.presence("CONNECTION_BROKEN", 1).await?;
    let watch = ["--timeout", "2s", "watch", "rover-1", "--field", "mode", "--until", "mode == standing"];
    let output = run(&broker.url(), &watch).await?;
    assert_eq!((output.code, output.stdout.as_str()), (Some(9), "~standing\n"));
    Ok(())
}

#[tokio::test]
async fn programs_read_objects() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::silent(&broker, "rover-1").await?;
    let program = ready(&broker, &["--json", "watch", "rover-1", "--count", "1"]).await?;
    vehicle.say("telemetry", "{\"time\":3,\"note\":\"a\\nb\"}").await?;
    let output = program.output(SOON).await?;
    let expected = json!({"vehicle": "rover-1", "topic": "telemetry", "retained": false, "old": false, "values": {"time": 3, "note": "a\nb"}});
    assert_eq!(objects(&output)?, [expected]);
    Ok(())
}

#[tokio::test]
async fn a_reader_that_leaves_ends_it_without_a_panic() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = parked(&broker).await?;
    let mut child = command(&["--broker", &broker.url(), "watch", "rover-1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line)?;
    assert!(line.starts_with("rover-1 "), "{line}");
    let mut stderr = child.stderr.take().unwrap();
    let mut speed = 0_u32;
    let status = system_tests::wait::until("the program to end", SOON, || Ok(child.try_wait()?));
    tokio::pin!(status);
    let status = loop {
        tokio::select! {
            status = &mut status => break status?,
            said = async { speed = speed.wrapping_add(1); vehicle.say("telemetry", &json!({"speed_mph": speed}).to_string()).await } => said?,
        }
    };
    let told = std::io::read_to_string(&mut stderr)?;
    assert_eq!((status.code(), told.as_str()), (Some(0), ""));
    Ok(())
}

#[tokio::test]
async fn it_goes_on_when_the_broker_is_back() -> Result<()> {
    let mut broker = Mosquitto::start().await?;
    let vehicle = parked(&broker).await?;
    let mut program = start(&broker.url(), &["watch", "rover-1", "--until", "mode == driving"])?;
    program.wait_for_stdout("standing").await?;
    broker.restart().await?;
    drop(vehicle);
    program.wait_for_stderr("connected again").await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    vehicle.keep("status", &json!({"mode": "driving"})).await?;
    assert_eq!(program.output(SOON).await?.code, Some(0));
    Ok(())
}
