//! How long a release takes to the wire, and how much a screen costs at rest. Judged loosely here, measured with
//! `--ignored --nocapture`.

use super::*;
use rumqttc::{AsyncClient, Event, Packet, QoS};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Takes note of the last setpoint that drives and the last that is zero.
struct Wire {
    driving: Arc<AtomicU64>,
    zero: Arc<AtomicU64>,
}

impl Wire {
    async fn listen(scene: &Scene) -> Result<Self> {
        let options = system_tests::client::options("wire", scene.broker.port());
        let (client, mut events) = AsyncClient::new(options, 16);
        client.subscribe(scene.agent.topic("drive"), QoS::AtMostOnce).await?;
        let wire = Self { driving: Arc::default(), zero: Arc::default() };
        let (driving, zero) = (Arc::clone(&wire.driving), Arc::clone(&wire.zero));
        tokio::spawn(async move {
            while let Ok(event) = events.poll().await {
                if let Event::Incoming(Packet::Publish(publish)) = event {
                    let text = String::from_utf8_lossy(&publish.payload).into_owned();
                    let is_zero = text.contains("\"MPH\":0,") || text.contains("\"MPH\":0.0,");
                    let slot = if is_zero { &zero } else { &driving };
                    slot.store(monotonic(), Ordering::SeqCst);
                }
            }
            // The client has to outlive the loop.
            drop(client);
        });
        Ok(wire)
    }

    async fn after(&self, what: &str, slot: &AtomicU64, since: u64) -> Result<u64> {
        until(what, TRY, || Ok(Some(slot.load(Ordering::SeqCst)).filter(|at| *at > since))).await
    }
}

/// Times from release to the first zero that a third party gets, in milliseconds, sorted.
async fn releases(rounds: usize) -> Result<Vec<f64>> {
    let mut scene = Scene::ready().await?;
    let wire = Wire::listen(&scene).await?;
    let terminal = scene.console(Kind::Kitty, &[])?;
    drive_off(&mut scene, &terminal).await?;
    let mut times = Vec::new();
    while times.len() < rounds {
        terminal.release('w')?;
        terminal.press('w')?;
        let pressed = monotonic();
        let drives = async {
            let driving = wire.after("a setpoint", &wire.driving, pressed).await?;
            wire.after("another setpoint", &wire.driving, driving).await
        };
        if drives.await.is_err() {
            drive_off(&mut scene, &terminal).await?;
            continue;
        }
        let released = monotonic();
        terminal.release('w')?;
        let zero = wire.after("a zero", &wire.zero, released).await?;
        times.push(Duration::from_nanos(zero.saturating_sub(released)).as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(f64::NAN)
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
#[ignore = "a measurement of two minutes, for a machine that is alone"]
async fn measure() -> Result<()> {
    let times = releases(300).await?;
    println!(
        "key release to zero setpoint at a third party, {} times: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms",
        times.len(),
        percentile(&times, 50),
        percentile(&times, 99),
        percentile(&times, 100),
    );
    let scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[])?;
    until("the screen", SOON, || Ok(terminal.shown().contains("DISARMED").then_some(()))).await?;
    let ticks = || -> Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", terminal.id()))?;
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let field = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        Ok(field(11).saturating_add(field(12)))
    };
    // What is measured needs no vehicle that drives.
    let (before, start) = (ticks()?, monotonic());
    let end = start.saturating_add(30_000_000_000);
    until("half a minute", Duration::from_secs(60), || Ok((monotonic() >= end).then_some(()))).await?;
    let spent = ticks()?.saturating_sub(before);
    println!("idle screen of one vehicle: {spent} ticks of 10 ms in 30 s");
    Ok(())
}
