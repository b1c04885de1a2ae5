//! Terminals that take what they are to show slowly or not at all, and links that are slow.

use super::*;
use system_tests::proxy::{Fault, Proxy};

/// Redraws until the terminal is behind: each help fills and empties most of the window.
async fn fall_behind(terminal: &Terminal) -> Result<()> {
    let mut presses = 0_u32;
    until("much to draw", SHOWN, || {
        presses = presses.saturating_add(1);
        terminal.send("\u{1b}[63;1:1u")?;
        Ok((presses == 200).then_some(()))
    })
    .await
}

/// Judges a release: the zero came by name, so that nobody waited for the hold.
async fn let_go(scene: &Scene, terminal: &Terminal) -> Result<()> {
    let since = monotonic();
    terminal.release('w')?;
    let took = scene.stopped(since).await?;
    ensure!(took < HOLD_AND_GRACE, "{took:?}");
    ensure!(scene.lines()?.iter().all(|line| line.cause != "HOLD_LAPSED"), "it was stopped by its hold");
    Ok(())
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_terminal_that_takes_nothing_delays_no_stop() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[]).await?;
    drive_off(&mut scene, &terminal).await?;
    terminal.be_stuck(true);
    let_go(&scene, &terminal).await?;
    fall_behind(&terminal).await?;
    terminal.press(' ')?;
    scene.emergency().await
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_terminal_on_a_slow_line_delays_no_stop() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[]).await?;
    terminal.be_slow(9_600);
    fall_behind(&terminal).await?;
    drive_off(&mut scene, &terminal).await?;
    let_go(&scene, &terminal).await?;
    hold_w(&scene, &terminal).await?;
    terminal.press(' ')?;
    scene.emergency().await?;
    terminal.shows("*** EMERGENCY STOP ***").await.map(drop)
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_slow_way_to_the_vehicle_halves_and_quarters_the_speed() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let proxy = Proxy::start(scene.broker.port(), 1).await?;
    let terminal = Scene::console_at(&proxy.url(), Kind::Kitty, &[]).await?;
    let mut levels = Vec::new();
    // Each way takes so long; the sum is what is measured, and what a busy machine adds.
    for (each_way, told) in [(0, ""), (95, "slow link: speed 1/2"), (170, "slow link: speed 1/4")] {
        let way = Duration::from_millis(each_way);
        proxy.set(Fault::Delay { least: way, most: way, reorders: false });
        until("the round trip", SHOWN, || {
            Ok((terminal.screen().contains("slow link") != told.is_empty()).then_some(()))
        })
        .await?;
        terminal.shows(told).await?;
        drive_off(&mut scene, &terminal).await?;
        // Until the ramp is over and the outputs no longer change; a drive that a busy machine ended goes on anew.
        let mut known = (0, 0_u64);
        let steady = press_until(&terminal, "a steady speed", || {
            let lines = scene.lines()?;
            if lines.len() != known.0 {
                known = (lines.len(), monotonic());
            }
            let is_steady = monotonic().saturating_sub(known.1) > 500_000_000;
            Ok(lines.last().filter(|line| is_steady && line.drives()).map(TraceLine::level))
        });
        levels.push(steady.await?);
        terminal.release('w')?;
        until("standstill", SHOWN, || Ok((!scene.moves()?).then_some(()))).await?;
    }
    let [full, half, quarter] = levels.as_slice() else { return Err(anyhow::anyhow!("{levels:?}")) };
    let is_near = |part: f64, share: f64| (part / full - share).abs() < 0.03;
    ensure!(is_near(*half, 0.5) && is_near(*quarter, 0.25), "{levels:?}");
    Ok(())
}
