//! The demo cuts its link while W is held; a third party, whose link is whole, tells what the vehicle did.

use super::*;
use serde_json::Value;
use system_tests::client::{Client, Message, QoS};

/// A number that stands between two texts on the screen.
fn number(screen: &str, before: &str, after: &str) -> Option<f64> {
    screen.split_once(before)?.1.split_once(after)?.0.trim().parse().ok()
}

/// A client at the demo's own broker, whose address the screen tells.
async fn witness(screen: &str) -> Result<Client> {
    let port = screen.split_once("mqtt://127.0.0.1:").context("no address")?.1;
    let port = port.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().parse()?;
    let mut witness = Client::connect("witness", port).await?;
    for topic in ["status", "telemetry"] {
        witness.subscribe(&format!("vehicles/rover-1/{topic}"), QoS::AtLeastOnce).await?;
    }
    Ok(witness)
}

fn speed(message: &Message) -> Option<f64> {
    message.value("speed_mph").as_f64()
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn the_demo_cuts_its_link_and_tells_how_far_the_vehicle_still_went() -> Result<()> {
    let mut command = Program::command("control-console")?;
    command.arg("demo");
    let mut terminal = Terminal::start(&command, Kind::Kitty, SIZE)?;
    let screen = terminal.shows_all(&["DISARMED | rover-1 | UP", "KEY-UP", "--broker mqtt://"]).await?;
    let mut witness = witness(&screen).await?;
    terminal.press('e')?;
    terminal.shows("engine   on").await?;
    terminal.send("\r")?;
    terminal.shows("READY | rover-1").await?;
    let fast = || Ok(number(&terminal.screen(), "| driving ", " mph").filter(|speed| *speed > 1.0));
    press_until(&terminal, "a speed of 1 mph", fast).await?;
    let driven = witness.take_all().await?.iter().rev().find_map(|told| told.value("y_m").as_f64());

    terminal.press('x')?;
    terminal.shows("LINK CUT").await?;
    let stopped = |told: &Message| speed(told) == Some(0.0) && told.value("cause") == "HOLD_LAPSED";
    let end = witness.expect_within("a stop without anybody's word", SHOWN, stopped).await?;
    let (driven, end) = (driven.context("no place")?, end.value("y_m").as_f64().context("no place")?);
    // What was told of the way last lies a tenth of a second behind.
    let told = until("the metres on the screen", SHOWN, || {
        let metres = number(&terminal.screen(), "LINK CUT: ", " m since");
        Ok(metres.filter(|metres| *metres > 0.05 && *metres <= end - driven + 0.2))
    });
    let told = told.await.with_context(|| format!("from {driven} m to {end} m:\n{}", terminal.screen()))?;

    terminal.press('x')?;
    terminal.shows(&format!("after the loss: {told:.2} m")).await?;
    terminal.shows("| UP").await?;
    witness.take_all().await?;
    let end = monotonic().saturating_add(u64::try_from(NOTHING.as_nanos())?);
    until("a while", SHOWN, || Ok((monotonic() >= end).then_some(()))).await?;
    let moved: Vec<Value> =
        witness.take_all().await?.iter().filter(|told| speed(told) > Some(0.0)).map(Message::json).collect();
    ensure!(moved.is_empty(), "W is still down: {moved:?}");
    terminal.release('w')?;
    terminal.press('q')?;
    let status = until("the end", SHOWN, || terminal.ended()).await?;
    ensure!(status.code() == Some(0), "{status}");
    restored::everything(&terminal).await
}
