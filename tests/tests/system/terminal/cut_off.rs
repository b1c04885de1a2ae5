//! Consoles that are killed, frozen or cut off while W is held.

use super::*;
use system_tests::proxy::{Fault, Proxy};

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_killed_console_leaves_a_vehicle_that_stops_within_the_hold() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[]).await?;
    drive_off(&mut scene, &terminal).await?;
    let since = monotonic();
    terminal.signal(Signal::KILL)?;
    let took = scene.stopped(since).await?;
    ensure!(took < HOLD_AND_GRACE, "{took:?}");
    ensure!(scene.stays().await?);
    let anew = scene.console(Kind::Kitty, &[]).await?;
    drive_off(&mut scene, &anew).await
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_frozen_console_moves_nothing_when_it_wakes_until_neutral_and_a_press() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[]).await?;
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
    let terminal = Scene::console_at(&proxy.url(), Kind::Kitty, &[]).await?;
    drive_off(&mut scene, &terminal).await?;
    let since = monotonic();
    proxy.set(Fault::Blackhole);
    let took = scene.stopped(since).await?;
    ensure!(took < HOLD_AND_GRACE, "{took:?}");
    terminal.shows("HOLD").await?;
    proxy.heal();
    ensure!(scene.stays().await?, "W is still down");
    drive_off(&mut scene, &terminal).await
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_terminal_that_no_longer_answers_stops_although_no_release_was_told() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[]).await?;
    drive_off(&mut scene, &terminal).await?;
    let since = monotonic();
    terminal.be_mute();
    let took = scene.stopped(since).await?;
    ensure!(took < Duration::from_secs(3), "{took:?}");
    ensure!(scene.stays().await?);
    Ok(())
}
