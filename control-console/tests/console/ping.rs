//! `ping`: how long a vehicle takes to answer.

use crate::console::{objects, run, start};
use crate::vehicle::Vehicle;
use anyhow::Result;
use serde_json::json;
use system_tests::mosquitto::Mosquitto;
use system_tests::wait::SOON;

#[tokio::test]
async fn every_round_trip_is_told_and_summed_up() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let program = start(&broker.url(), &["ping", "rover-1", "--count", "3", "--max", "5s", "--json"])?;
    for _ in 0..3 {
        let asked = vehicle.hear_command("REPORT_STATUS").await?;
        assert_eq!(asked, json!({"CMD": "REPORT_STATUS", "ID": asked["ID"]}));
        vehicle.answer(&asked, "SUCCEEDED").await?;
    }
    let output = program.output(SOON).await?;
    assert_eq!(output.code, Some(0));
    let told = objects(&output)?;
    let summary = told.last().unwrap();
    assert_eq!(
        (told.len(), &summary["sent"], &summary["answered"], &summary["exit"]),
        (4, &json!(3), &json!(3), &json!(0))
    );
    let times = ["min_ms", "p50_ms", "max_ms"].map(|key| summary[key].as_f64().unwrap());
    assert!(times.is_sorted() && times[0] > 0.0, "{times:?}");
    Ok(())
}

#[tokio::test]
async fn slower_than_asked_for_and_silent_have_codes_of_their_own() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let program = start(&broker.url(), &["ping", "rover-1", "--count", "1", "--max", "1ns"])?;
    let asked = vehicle.hear_command("REPORT_STATUS").await?;
    vehicle.answer(&asked, "SUCCEEDED").await?;
    let output = program.output(SOON).await?;
    assert_eq!(output.code, Some(9), "{}", output.stderr);
    assert!(output.stdout.contains("1 of 1 answered"), "{}", output.stdout);
    let output = run(&broker.url(), &["--timeout", "2s", "ping", "rover-1", "--count", "2"]).await?;
    assert_eq!(output.code, Some(7));
    let output = run(&broker.url(), &["--timeout", "2s", "ping", "rover-9", "--count", "1"]).await?;
    assert_eq!(output.code, Some(5));
    Ok(())
}
