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
/// How long a screen at rest is watched.
const REST: Duration = Duration::from_secs(30);

/// When each setpoint came to a third party, and whether it drives.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<(u64, bool)>>>);

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
                    let speed = setpoint.get("MPH").and_then(serde_json::Value::as_f64);
                    heard.setpoints().push((at, speed != Some(0.0)));
                }
            }
            // The client has to outlive the loop.
            drop(client);
        });
        Ok(wire)
    }

    fn setpoints(&self) -> MutexGuard<'_, Vec<(u64, bool)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for so many setpoints of a kind after a moment, and tells when the last of them came.
    async fn after(&self, moment: u64, drives: bool, count: usize) -> Result<u64> {
        let what = format!("{count} setpoints that drive: {drives}");
        let is_one = |setpoint: &&(u64, bool)| setpoint.0 > moment && setpoint.1 == drives;
        let look =
            || Ok(self.setpoints().iter().filter(is_one).nth(count.saturating_sub(1)).map(|(at, _)| *at));
        until(&what, SOON, look).await
    }
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
        wire.after(pressed, true, 2).await?;
        // Anywhere between two setpoints.
        tokio::time::sleep(PERIOD.mul_f64(fastrand::f64())).await;
        let released = monotonic();
        terminal.release('w')?;
        let zero = wire.after(released, false, 1).await?;
        times.push(Duration::from_nanos(zero.saturating_sub(released)).as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
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
#[ignore = "tests/screens measure runs it"]
async fn measure() -> Result<()> {
    let (date, machine) = (stopwatch::date()?, machine::machine()?);
    let (times, rest) = (releases(300).await?, rest().await?);
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
    writeln!(section, "| screen at rest | {rest:.2} % of a CPU | | | 1 % |")?;
    println!("{section}");
    if std::env::var_os("WRITE").is_some() { results::write("hand", &section) } else { Ok(()) }
}
