//! `fleet`: every vehicle that the broker knows of.

use crate::console::{objects, run, start};
use crate::vehicle::{EPOCH, Vehicle};
use anyhow::Result;
use serde_json::json;
use system_tests::client::{Client, QoS};
use system_tests::mosquitto::Mosquitto;
use system_tests::wait::SOON;

#[tokio::test]
async fn online_vehicles_tell_their_clock_and_absent_ones_are_marked_old() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut near = Vehicle::online(&broker, "rover-1").await?;
    near.keep(
        "status",
        &json!({"time": 1000, "mode": "driving", "driver": "anna", "speed_mph": 1.25, "engine": true}),
    )
    .await?;
    let mut gone = Vehicle::silent(&broker, "rover-2").await?;
    gone.presence("CONNECTION_BROKEN", 1).await?;
    gone.keep("status", &json!({"time": 5, "mode": "standing"})).await?;
    let program = start(&broker.url(), &["fleet"])?;
    near.open_session(4000).await?;
    let output = program.output(SOON).await?;
    assert_eq!(output.code, Some(0));
    let words: Vec<Vec<_>> = output.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0], ["VEHICLE", "LINK", "AGE", "RTT", "MODE", "DRIVER", "SPEED", "ENGINE"]);
    assert_eq!(
        (&words[1][..4], &words[1][6..]),
        (&["rover-1", "ONLINE", "3", "s"][..], &["driving", "anna", "1.2", "mph", "on"][..])
    );
    assert_eq!(words[2], ["rover-2", "CONNECTION_BROKEN", "?", "-", "~standing", "-", "~0.0", "mph", "~off"]);
    gone.heard_no_more("session/request").await
}

#[tokio::test]
async fn a_silent_vehicle_holds_nobody_up_for_long_and_an_empty_broker_is_no_error() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let output = run(&broker.url(), &["fleet"]).await?;
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""));
    assert!(output.stderr.contains("no vehicle is known"), "{}", output.stderr);
    let _vehicle = Vehicle::online(&broker, "rover-1").await?;
    let output = run(&broker.url(), &["fleet", "--json"]).await?;
    let told = objects(&output)?;
    assert_eq!(
        (told.len(), &told[0]["link"], &told[0]["round_trip_ms"]),
        (1, &json!("ONLINE"), &json!(null))
    );
    Ok(())
}

#[tokio::test]
async fn three_hundred_vehicles_are_all_there_and_all_asked() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut client = Client::connect("many", broker.port()).await?;
    client.subscribe("vehicles/+/session/request", QoS::AtLeastOnce).await?;
    for number in 0..300 {
        let presence = json!({"state": "ONLINE", "epoch": EPOCH, "link": 1}).to_string();
        client.publish_retained(&format!("vehicles/v{number}/presence"), QoS::AtLeastOnce, presence).await?;
    }
    let output = run(&broker.url(), &["fleet", "--json"]).await?;
    assert_eq!(objects(&output)?.len(), 300);
    for number in 0..300 {
        let topic = format!("vehicles/v{number}/session/request");
        client.expect(&topic, |message| message.topic == topic).await?;
    }
    Ok(())
}
