//! Ctrl-C and its like.

use crate::console::{object, start};
use crate::vehicle::Vehicle;
use anyhow::Result;
use serde_json::json;
use system_tests::mosquitto::Mosquitto;
use system_tests::process::Signal;
use system_tests::wait::SOON;

#[tokio::test]
async fn an_interrupted_motion_is_braked_first() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut program =
            start(&broker.url(), &["--json", "send", "rover-1", "rotate-right", "--degrees", "10"])?;
        let command = vehicle.obey("ROTATE_RIGHT").await?;
        vehicle.answer(&command, "EXECUTING").await?;
        program.wait_for_stderr("executing").await?;
        program.signal(signal)?;
        let brake = vehicle.hear_command("BRAKE").await?;
        assert!(brake["ID"].is_string() && brake["EXP"].is_null());
        let output = program.output(SOON).await?;
        assert_eq!((output.code, &object(&output)?["exit"]), (Some(code), &json!(code)));
    }
    Ok(())
}

#[tokio::test]
async fn what_does_not_move_is_left_alone() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut vehicle = Vehicle::online(&broker, "rover-1").await?;
    let mut program = start(&broker.url(), &["send", "rover-1", "lock-doors"])?;
    vehicle.obey("LOCK_DOORS").await?;
    program.signal(Signal::INT)?;
    assert_eq!(program.output(SOON).await?.code, Some(130));
    vehicle.heard_no_more("commands").await?;
    let mut program = start(&broker.url(), &["watch", "rover-1"])?;
    program.wait_for_stdout("presence=ONLINE").await?;
    program.signal(Signal::TERM)?;
    assert_eq!(program.output(SOON).await?.code, Some(143));
    Ok(())
}
