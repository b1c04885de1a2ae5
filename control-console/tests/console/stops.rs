//! Stops are sent at once, repeated until answered, and never withheld.

use crate::console::{objects, run, start};
use crate::vehicle::{EPOCH, Vehicle};
use anyhow::Result;
use serde_json::json;
use system_tests::client::{Client, QoS};
use system_tests::mosquitto::Mosquitto;
use system_tests::wait::SOON;

#[tokio::test]
async fn a_stop_waits_for_no_session_and_is_repeated_with_the_same_id() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::silent(&broker, "rover-1").await?;
    vehicle.presence("CONNECTION_BROKEN", 1).await?;
    let program = start(&broker.url(), &["send", "rover-1", "brake"])?;
    let first = vehicle.hear_command("BRAKE").await?;
    let second = vehicle.hear_command("BRAKE").await?;
    assert_eq!(first, second);
    assert_eq!(first, json!({"CMD": "BRAKE", "ID": first["ID"]}));
    vehicle.answer(&second, "SUCCEEDED").await?;
    assert_eq!(program.output(SOON).await?.code, Some(0));
    vehicle.heard_no_more("session/request").await
}

#[tokio::test]
async fn all_vehicles_that_the_broker_knows_of_are_stopped_and_the_worst_counts() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut good = Vehicle::online(&broker, "rover-1").await?;
    let mut absent = Vehicle::silent(&broker, "rover-2").await?;
    absent.presence("OFFLINE", 1).await?;
    let program = start(&broker.url(), &["estop", "--all", "--timeout", "3s", "--json"])?;
    let stop = good.hear_command("EMERGENCY_STOP").await?;
    good.answer(&stop, "SUCCEEDED").await?;
    for _ in 0..2 {
        absent.hear_command("EMERGENCY_STOP").await?;
    }
    let output = program.output(SOON).await?;
    assert_eq!(output.code, Some(5), "{}", output.stderr);
    let told: Vec<_> = objects(&output)?
        .iter()
        .map(|o| format!("{} {} {}", o["vehicle"], o["outcome"], o["exit"]))
        .collect();
    assert_eq!(told, [r#""rover-1" "SUCCEEDED" 0"#, r#""rover-2" "UNKNOWN" 5"#]);
    good.heard_no_more("commands").await
}

#[tokio::test]
async fn stopping_all_where_nobody_is_known_says_so() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let output = run(&broker.url(), &["estop", "--all"]).await?;
    assert_eq!(output.code, Some(5));
    assert!(output.stderr.contains("no vehicle is known on this broker"), "{}", output.stderr);
    Ok(())
}

#[tokio::test]
async fn a_named_vehicle_is_stopped_and_cleared() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let program = start(&broker.url(), &["estop", "rover-1"])?;
    let stop = vehicle.hear_command("EMERGENCY_STOP").await?;
    vehicle.answer(&stop, "SUCCEEDED").await?;
    let output = program.output(SOON).await?;
    assert_eq!(output.code, Some(0));
    assert!(output.stdout.starts_with("rover-1 EMERGENCY_STOP SUCCEEDED"), "{}", output.stdout);
    let program = start(&broker.url(), &["clear", "rover-1"])?;
    let clear = vehicle.obey("CLEAR_EMERGENCY_STOP").await?;
    assert!(clear["EXP"].is_u64());
    vehicle.answer(&clear, "SUCCEEDED").await?;
    assert_eq!(program.output(SOON).await?.code, Some(0));
    Ok(())
}

#[tokio::test]
async fn three_hundred_vehicles_are_stopped_within_a_moment() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut client = Client::connect("many", broker.port()).await?;
    client.subscribe("vehicles/+/commands", QoS::AtLeastOnce).await?;
    for number in 0..300 {
        let presence = json!({"state": "OFFLINE", "epoch": EPOCH, "link": 1}).to_string();
        client.publish_retained(&format!("vehicles/v{number}/presence"), QoS::AtLeastOnce, presence).await?;
    }
    let program = start(&broker.url(), &["estop", "--all", "--json"])?;
    for number in 0..300 {
        let topic = format!("vehicles/v{number}/commands");
        let stop = client.expect(&topic, |message| message.topic == topic).await?.json();
        let answer = json!({"CMD": stop["CMD"], "ID": stop["ID"], "STATE": "SUCCEEDED"}).to_string();
        client.publish(&format!("vehicles/v{number}/executedcommands"), QoS::AtLeastOnce, answer).await?;
    }
    let output = program.output(SOON).await?;
    assert_eq!((output.code, objects(&output)?.len()), (Some(0), 300));
    Ok(())
}
