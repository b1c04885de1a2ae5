//! `send`: one command, one answer, one exit code.

use crate::console::{object, run, start};
use crate::vehicle::{EPOCH, Vehicle};
use anyhow::Result;
use serde_json::json;
use system_tests::mosquitto::Mosquitto;
use system_tests::wait::SOON;

#[tokio::test]
async fn a_timed_command_is_sent_after_its_session_and_its_answer_ends_the_program() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let program = start(
        &broker.url(),
        &["send", "rover-1", "rotate-left", "--degrees", "90", "--id", "turn-1", "--json"],
    )?;
    let command = vehicle.obey("ROTATE_LEFT").await?;
    assert_eq!(
        command,
        json!({"CMD": "ROTATE_LEFT", "DEGREES": 90, "ID": "turn-1", "EPOCH": EPOCH, "EXP": command["EXP"]})
    );
    let exp = command["EXP"].as_u64().unwrap();
    assert!((62_000..70_000).contains(&exp), "{exp}");
    vehicle.answer_with(&command, "EXECUTING", &json!({"PROGRESS": 40})).await?;
    vehicle.answer(&command, "SUCCEEDED").await?;
    let output = program.output(SOON).await?;
    assert_eq!(output.code, Some(0));
    let told = object(&output)?;
    assert_eq!(told["outcome"], "SUCCEEDED");
    assert_eq!(
        (&told["vehicle"], &told["command"], &told["id"], &told["exit"]),
        (&json!("rover-1"), &json!("ROTATE_LEFT"), &json!("turn-1"), &json!(0))
    );
    assert!(told["round_trip_ms"].as_f64().unwrap() > 0.0);
    assert!(output.stderr.contains("rover-1 ROTATE_LEFT executing 40 %"), "{}", output.stderr);
    vehicle.heard_no_more("commands").await
}

#[tokio::test]
async fn people_read_one_line_on_standard_output_and_the_next_step_beside_it() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let program = start(&broker.url(), &["send", "rover-1", "ACCELERATE"])?;
    let command = vehicle.obey("ACCELERATE").await?;
    vehicle
        .answer_with(&command, "REJECTED", &json!({"REASON": "ENGINE_OFF", "DETAIL": "off\u{1b}[2J"}))
        .await?;
    let output = program.output(SOON).await?;
    assert_eq!(output.code, Some(6));
    assert!(output.stdout.starts_with("rover-1 ACCELERATE REJECTED ENGINE_OFF in "), "{}", output.stdout);
    assert!(output.stdout.ends_with(": off\u{fffd}[2J\n"), "{}", output.stdout);
    assert!(output.stderr.contains("next: control-console send rover-1 turn-on-engine"), "{}", output.stderr);
    Ok(())
}

#[tokio::test]
async fn a_plain_command_has_no_id_and_is_answered_by_its_name() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::silent(&broker, "rover-1").await?;
    let program = start(&broker.url(), &["send", "rover-1", "lock-doors", "--plain"])?;
    assert_eq!(vehicle.hear("commands").await?.text(), r#"{"CMD":"LOCK_DOORS"}"#);
    vehicle.say("executedcommands", r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"UNLOCK_DOORS"}"#).await?;
    vehicle.say("executedcommands", r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"LOCK_DOORS"}"#).await?;
    let output = program.output(SOON).await?;
    assert_eq!(output.code, Some(0), "{}", output.stdout);
    let program = start(&broker.url(), &["send", "rover-1", "unlock-doors", "--plain", "--json"])?;
    vehicle.hear_command("UNLOCK_DOORS").await?;
    vehicle.say("executedcommands", r#"{"CMD":"UNLOCK_DOORS","STATE":"REJECTED","REASON":"MOVING"}"#).await?;
    let output = program.output(SOON).await?;
    assert_eq!((output.code, &object(&output)?["reason"]), (Some(6), &json!("MOVING")));
    vehicle.heard_no_more("session/request").await
}

#[tokio::test]
async fn of_two_answers_the_first_counts() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let program = start(&broker.url(), &["send", "rover-1", "park", "--json"])?;
    let command = vehicle.obey("PARK").await?;
    vehicle.answer_with(&command, "FAILED", &json!({"REASON": "TIMEOUT"})).await?;
    vehicle.answer(&command, "SUCCEEDED").await?;
    let output = program.output(SOON).await?;
    assert_eq!((output.code, &object(&output)?["outcome"]), (Some(6), &json!("FAILED")));
    Ok(())
}

#[tokio::test]
async fn an_answer_that_never_comes_leaves_the_outcome_unknown() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let program = start(&broker.url(), &["--timeout", "2s", "--json", "send", "rover-1", "lock-doors"])?;
    vehicle.obey("LOCK_DOORS").await?;
    for garbage in ["", "{", "[1,2]", "\u{0}", r#"{"CMD":"LOCK_DOORS","STATE":"DANCING"}"#] {
        vehicle.say("executedcommands", garbage).await?;
    }
    let output = program.output(SOON).await?;
    let told = object(&output)?;
    assert_eq!((output.code, &told["outcome"]), (Some(7), &json!("UNKNOWN")));
    assert!(told["detail"].as_str().unwrap().contains("could not be read"), "{told}");
    assert!(told["next_step"].as_str().unwrap().contains("control-console watch rover-1"), "{told}");
    vehicle.heard_no_more("commands").await
}

#[tokio::test]
async fn executing_for_longer_than_the_timeout_is_no_silence() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let program =
        start(&broker.url(), &["--timeout", "1500ms", "--json", "send", "rover-1", "park-in-safe-place"])?;
    let command = vehicle.obey("PARK_IN_SAFE_PLACE").await?;
    // Before the vehicle's limits are known heartbeats come as often as any vehicle may want them.
    let limits = r#"{"protocol":"vp1","vehicle":"rover-1","agent_version":"1","board":"sim","kinematics":"skid_steer","commands":[],"limits":{"operator_timeout_ms":600}}"#;
    vehicle.say("description", limits).await?;
    // Now they come every 200 ms, so these outlast the timeout twice.
    for percent in 0..20 {
        vehicle.answer_with(&command, "EXECUTING", &json!({"PROGRESS": percent})).await?;
        assert_eq!(vehicle.hear("drive").await?.text(), r#"{"CMD":"HEARTBEAT"}"#);
    }
    vehicle.answer(&command, "SUCCEEDED").await?;
    let output = program.output(SOON).await?;
    assert_eq!(output.code, Some(0), "{}", output.stdout);
    assert!(object(&output)?["round_trip_ms"].as_f64().unwrap() > 3000.0);
    Ok(())
}

#[tokio::test]
async fn a_vehicle_that_nobody_knows_and_one_that_left_are_told_from_one_that_is_silent() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let send = ["--timeout", "2s", "--json", "send", "rover-1", "lock-doors"];
    let output = run(&broker.url(), &send).await?;
    assert_eq!((output.code, &object(&output)?["outcome"]), (Some(5), &json!("NOT_SENT")));
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let output = run(&broker.url(), &send).await?;
    assert_eq!((output.code, &object(&output)?["outcome"]), (Some(7), &json!("NOT_SENT")));
    vehicle.presence("CONNECTION_BROKEN", 1).await?;
    let output = run(&broker.url(), &send).await?;
    assert_eq!(output.code, Some(5));
    assert_eq!(object(&output)?["next_step"], "control-console fleet");
    vehicle.heard_no_more("commands").await
}

#[tokio::test]
async fn a_retained_answer_is_none() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    // A stop is sent as soon as the subscription stands, so that this comes after it.
    vehicle.keep("executedcommands", &json!({"CMD": "BRAKE", "ID": "x", "STATE": "SUCCEEDED"})).await?;
    let output = run(&broker.url(), &["--timeout", "2s", "send", "rover-1", "brake", "--id", "x"]).await?;
    assert_eq!(output.code, Some(7), "{}", output.stdout);
    Ok(())
}

#[tokio::test]
async fn a_setpoint_goes_to_the_drive_topic_and_a_status_shows_that_it_arrived() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let drive =
        ["send", "rover-1", "drive", "--mph", "-1.5", "--degrees-per-s", "10", "--hold-ms", "300", "--json"];
    let program = start(&broker.url(), &drive)?;
    vehicle.open_session(5).await?;
    let setpoint = vehicle.hear("drive").await?.json();
    assert_eq!(
        (&setpoint["CMD"], &setpoint["MPH"], &setpoint["HOLD_MS"]),
        (&json!("DRIVE"), &json!(-1.5), &json!(300))
    );
    let asked = vehicle.hear_command("REPORT_STATUS").await?;
    vehicle.answer(&asked, "SUCCEEDED").await?;
    let output = program.output(SOON).await?;
    assert_eq!((output.code, &object(&output)?["command"]), (Some(0), &json!("DRIVE")));
    let program = start(&broker.url(), &drive)?;
    vehicle.open_session(5).await?;
    let setpoint = vehicle.hear("drive").await?.json();
    vehicle.answer_with(&setpoint, "REJECTED", &json!({"REASON": "ENGINE_OFF"})).await?;
    assert_eq!(program.output(SOON).await?.code, Some(6));
    Ok(())
}

#[tokio::test]
async fn a_broker_that_dies_after_the_command_left_leaves_the_outcome_unknown_and_nothing_is_sent_again()
-> Result<()> {
    let mut broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let mut program = start(&broker.url(), &["--timeout", "3s", "--json", "send", "rover-1", "park"])?;
    vehicle.obey("PARK").await?;
    broker.restart().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    program.wait_for_stderr("trying again").await?;
    let output = program.output(SOON).await?;
    assert_eq!((output.code, &object(&output)?["outcome"]), (Some(7), &json!("UNKNOWN")));
    vehicle.heard_no_more("commands").await
}

#[tokio::test]
async fn an_answer_that_comes_after_the_broker_is_back_still_counts() -> Result<()> {
    let mut broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let program = start(&broker.url(), &["--timeout", "8s", "send", "rover-1", "park"])?;
    let command = vehicle.obey("PARK").await?;
    broker.restart().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    system_tests::wait::until("its subscription", SOON, || {
        Ok(broker.log()?.contains("vehicles/rover-1/executedcommands").then_some(()))
    })
    .await?;
    vehicle.answer(&command, "SUCCEEDED").await?;
    assert_eq!(program.output(SOON).await?.code, Some(0));
    Ok(())
}

#[tokio::test]
async fn a_typo_is_met_with_the_nearest_name_and_a_missing_argument_is_refused_here() -> Result<()> {
    let nobody = "mqtt://127.0.0.1:1";
    let output = run(nobody, &["send", "rover-1", "lock-dors"]).await?;
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("did you mean lock-doors"), "{}", output.stderr);
    let output = run(nobody, &["send", "Rover 1", "lock-doors", "--json"]).await?;
    assert_eq!((output.code, &object(&output)?["exit"]), (Some(2), &json!(2)));
    let output = run(nobody, &["send", "rover-1", "rotate-left", "--json"]).await?;
    let told = object(&output)?;
    assert_eq!((output.code, &told["outcome"], &told["exit"]), (Some(8), &json!("NOT_SENT"), &json!(8)));
    assert!(told["detail"].as_str().unwrap().contains("DEGREES is missing"), "{told}");
    let output = run(nobody, &["send", "rover-1", "rotate-left", "--degrees", "400"]).await?;
    assert_eq!((output.code, output.stdout.as_str()), (Some(8), ""));
    assert!(output.stderr.contains("next: usage: control-console send rover-1 rotate-left --degrees N"));
    Ok(())
}
