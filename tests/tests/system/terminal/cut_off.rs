//! Consoles that are killed, frozen, cut off or deaf while W is held.

use super::*;
use system_tests::proxy::{Fault, Proxy};

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_killed_console_leaves_a_vehicle_that_stops_within_the_hold() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[])?;
    drive_off(&mut scene, &terminal).await?;
    let since = monotonic();
    terminal.signal(Signal::KILL)?;
    let took = scene.stopped(since).await?;
    ensure!(took < HOLD_AND_GRACE, "{took:?}");
    ensure!(scene.stays().await?);
    let anew = scene.console(Kind::Kitty, &[])?;
    drive_off(&mut scene, &anew).await
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_frozen_console_moves_nothing_when_it_wakes_until_neutral_and_a_press() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[])?;
    drive_off(&mut scene, &terminal).await?;
    let since = monotonic();
    terminal.signal(Signal::STOP)?;
    let took = scene.stopped(since).await?;
    ensure!(took < HOLD_AND_GRACE, "{took:?}");
    ensure!(scene.stays().await?);
    terminal.signal(Signal::CONT)?;
    ensure!(scene.stays().await?, "W is still down");
    drive_off(&mut scene, &terminal).await
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_half_open_link_stops_within_the_hold_and_moves_nothing_when_it_heals() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let proxy = Proxy::start(scene.broker.port(), 1).await?;
    let terminal = Scene::console_at(&proxy.url(), Kind::Kitty, &[])?;
    drive_off(&mut scene, &terminal).await?;
    let since = monotonic();
    proxy.set(Fault::Blackhole);
    let took = scene.stopped(since).await?;
    ensure!(took < HOLD_AND_GRACE, "{took:?}");
    until("the badge", SOON, || Ok(terminal.shown().contains("HOLD").then_some(()))).await?;
    proxy.heal();
    ensure!(scene.stays().await?, "W is still down");
    drive_off(&mut scene, &terminal).await
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_terminal_that_takes_nothing_delays_no_stop() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[])?;
    drive_off(&mut scene, &terminal).await?;
    terminal.be_stuck(true);
    // The window is drawn anew until the terminal's buffer is full, which shows in the drawing thread.
    let mut presses = 0_u32;
    until("much to draw", SOON, || {
        presses = presses.saturating_add(1);
        terminal.send("\u{1b}[43;1:1u\u{1b}[45;1:1u")?;
        Ok((presses > 200).then_some(()))
    })
    .await?;
    let since = monotonic();
    terminal.release('w')?;
    let took = scene.stopped(since).await?;
    ensure!(took < HOLD_AND_GRACE, "{took:?}");
    terminal.press(' ')?;
    until("the emergency stop", SOON, || {
        Ok(scene.lines()?.last().is_some_and(|line| !line.enable && line.hazard_lights).then_some(()))
    })
    .await
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_terminal_that_no_longer_answers_stops_although_no_release_was_told() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[])?;
    drive_off(&mut scene, &terminal).await?;
    let since = monotonic();
    terminal.be_mute();
    let took = scene.stopped(since).await?;
    ensure!(took < Duration::from_secs(3), "{took:?}");
    ensure!(scene.stays().await?);
    Ok(())
}
