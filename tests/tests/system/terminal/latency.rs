//! How long a release takes to the wire, and how much a screen costs at rest.

use super::*;
use rumqttc::{AsyncClient, Event, Packet, QoS};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use system_tests::bench::usage::Usage;
use system_tests::bench::{machine, results, stopwatch};
use system_tests::wait::SOON;

/// Two setpoints lie so far apart; a release falls anywhere between them.
const PERIOD: Duration = Duration::from_millis(50);
/// Zeros follow a release for 300 ms.
const RELEASED: Duration = Duration::from_millis(400);
/// How long a screen at rest is watched.
const REST: Duration = Duration::from_secs(30);

/// A setpoint that came to a third party.
#[derive(Clone, Copy)]
struct Received {
    at: u64,
    drives: bool,
    turns: bool,
}

#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<Received>>>);

impl Wire {
    async fn listen(scene: &Scene) -> Result<Self> {
        let options = system_tests::client::options("wire", scene.broker.port());
        let (client, mut events) = AsyncClient::new(options, 16);
        client.subscribe(scene.agent.topic("drive"), QoS::AtMostOnce).await?;
        let wire = Self::default();
        let heard = wire.clone();
        tokio::spawn(async move {
            while let Ok(event) = events.poll().await {
                if let Event::Incoming(Packet::Publish(publish)) = event {
                    let at = monotonic();
                    let setpoint: serde_json::Value =
                        serde_json::from_slice(&publish.payload).unwrap_or_default();
                    let value = |key| setpoint.get(key).and_then(serde_json::Value::as_f64);
                    let (drives, turns) = (value("MPH") != Some(0.0), value("DEGREES_PER_S") != Some(0.0));
                    heard.setpoints().push(Received { at, drives, turns });
                }
            }
            // The client has to outlive the loop.
            drop(client);
        });
        Ok(wire)
    }

    fn setpoints(&self) -> MutexGuard<'_, Vec<Received>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for so many setpoints of a kind after a moment, and gives the time at which the last of them came.
    async fn after(&self, moment: u64, count: usize, is_one: impl Fn(&Received) -> bool) -> Result<u64> {
        let look = || {
            let setpoints = self.setpoints();
            let mut found = setpoints.iter().filter(|setpoint| setpoint.at > moment && is_one(setpoint));
            Ok(found.nth(count.saturating_sub(1)).map(|setpoint| setpoint.at))
        };
        until("setpoints of a kind", SOON, look).await
    }
}

fn milliseconds(from: u64, to: u64) -> f64 {
    Duration::from_nanos(to.saturating_sub(from)).as_secs_f64() * 1000.0
}

/// Times from release to the first zero that a third party gets, in milliseconds, sorted.
async fn releases(rounds: usize) -> Result<Vec<f64>> {
    let mut scene = Scene::ready().await?;
    let wire = Wire::listen(&scene).await?;
    let terminal = scene.console(Kind::Kitty, &[]).await?;
    drive_off(&mut scene, &terminal).await?;
    terminal.release('w')?;
    let mut times = Vec::new();
    for _ in 0..rounds {
        wire.setpoints().clear();
        let pressed = monotonic();
        terminal.press('w')?;
        wire.after(pressed, 2, |setpoint| setpoint.drives).await?;
        // Anywhere between two setpoints.
        tokio::time::sleep(PERIOD.mul_f64(fastrand::f64())).await;
        let released = monotonic();
        terminal.release('w')?;
        let zero = wire.after(released, 1, |setpoint| !setpoint.drives).await?;
        times.push(milliseconds(released, zero));
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// Times from a key press to the first setpoint that a third party gets of what it asks for, in milliseconds, sorted: of a
/// fresh press, and of a second key while the vehicle drives.
async fn presses(rounds: usize) -> Result<[Vec<f64>; 2]> {
    let mut scene = Scene::ready().await?;
    let wire = Wire::listen(&scene).await?;
    let terminal = scene.console(Kind::Kitty, &[]).await?;
    drive_off(&mut scene, &terminal).await?;
    terminal.release('w')?;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        // Zeros of the last release are over: this press has to show neutral anew.
        tokio::time::sleep(RELEASED.saturating_add(PERIOD.mul_f64(fastrand::f64()))).await;
        wire.setpoints().clear();
        let pressed = monotonic();
        terminal.press('w')?;
        let drives = wire.after(pressed, 1, |setpoint| setpoint.drives).await?;
        tokio::time::sleep(RELEASED.saturating_add(PERIOD.mul_f64(fastrand::f64()))).await;
        let turned = monotonic();
        terminal.press('d')?;
        let turns = wire.after(turned, 1, |setpoint| setpoint.turns).await?;
        terminal.release('d')?;
        terminal.release('w')?;
        let [fresh, changed] = &mut times;
        fresh.push(milliseconds(pressed, drives));
        changed.push(milliseconds(turned, turns));
    }
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    Ok(times)
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

/// Share of one processor that a screen takes which shows a vehicle at rest, in percent.
async fn rest() -> Result<f64> {
    let scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[]).await?;
    // The start is over, and nobody counts as present any more.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (before, began) = (Usage::of(terminal.id())?, monotonic());
    tokio::time::sleep(REST).await;
    let spent = Usage::of(terminal.id())?.cpu.saturating_sub(before.cpu);
    let passed = Duration::from_nanos(monotonic().saturating_sub(began));
    Ok(spent.as_secs_f64() / passed.as_secs_f64() * 100.0)
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_release_is_on_the_wire_before_the_next_setpoint_would_have_been() -> Result<()> {
    let times = releases(15).await?;
    let middle = percentile(&times, 50);
    ensure!(middle < 20.0, "{times:?}");
    Ok(())
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_changed_lean_is_on_the_wire_before_the_next_period() -> Result<()> {
    let times = presses(20).await?;
    eprintln!("{times:?}");
    let [fresh, changed] = times.map(|times| percentile(&times, 50));
    ensure!(fresh < 60.0 && changed < 20.0, "{fresh} {changed}");
    Ok(())
}

#[tokio::test]
#[ignore = "tests/screens measure runs it"]
async fn measure() -> Result<()> {
    let (date, machine) = (stopwatch::date()?, machine::machine()?);
    let (times, rest) = (releases(300).await?, rest().await?);
    let [fresh, changed] = presses(200).await?;
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let mut section = format!(
        "## A hand in a terminal\n\n`tests/screens measure`, {date}, {build} build, on {machine}.\n\n\
        The console's screen in a pseudo-terminal that tells of key releases, mosquitto and agent on loopback. A release \
        falls anywhere between two setpoints, and runs from the moment before it is written to the terminal until a third \
        client has the first zero. At rest: one parked vehicle on the screen of {} by {}, all threads, over {} s.\n\n",
        SIZE.0,
        SIZE.1,
        REST.as_secs(),
    );
    writeln!(section, "| what | p50 | p99 | longest | at most |\n|---|--:|--:|--:|--:|")?;
    writeln!(
        section,
        "| key release to zero setpoint, {} times | {:.1} ms | {:.1} ms | {:.1} ms | 20 ms at p99 |",
        times.len(),
        percentile(&times, 50),
        percentile(&times, 99),
        percentile(&times, 100),
    )?;
    for (what, times) in
        [("key press to driving setpoint", fresh), ("second key to turning setpoint", changed)]
    {
        let [half, most, longest] = [50, 99, 100].map(|percent| percentile(&times, percent));
        writeln!(
            section,
            "| {what}, {} times | {half:.1} ms | {most:.1} ms | {longest:.1} ms | |",
            times.len()
        )?;
    }
    writeln!(section, "| screen at rest | {rest:.2} % of a CPU | | | 1 % |")?;
    println!("{section}");
    if std::env::var_os("WRITE").is_some() { results::write("hand", &section) } else { Ok(()) }
}
