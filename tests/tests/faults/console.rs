//! The console dies or freezes while it drives: the program that people use, and not the rig's own operator.

use std::time::Duration;

use anyhow::{Result, ensure};
use fastrand::Rng;
use system_tests::clock::monotonic;
use system_tests::process::{Program, Signal};
use system_tests::trace::TraceLine;

use crate::rig::{Plan, RECOVERY, Rig, VEHICLE};
use crate::row::{Ran, Row, some_time};

/// A signalled console brakes, waits for the answer and ends within this time.
const ENDS: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_is_killed_or_frozen() -> Result<()> {
    let fault = "SIGKILL or SIGSTOP control-console drive while driving";
    let row = Row { place: 3, fault, short: 10, long: 500 };
    row.run(killed_or_frozen).await
}

/// Drives by the console until that falls silent, wakes it if it only slept, and drives by another one.
async fn killed_or_frozen(seed: u64) -> Result<Ran> {
    let mut rng = Rng::with_seed(seed);
    let mut rig = Rig::start(Plan { seed, ..Plan::default() }).await?;
    rig.overhear().await?;
    rig.engine_on().await?;
    let mut console = rig.console(&mut rng)?;
    rig.until_driving(true, RECOVERY).await?;
    some_time(&mut rng, 400).await;
    // One seed freezes it and the next one kills it.
    let freezes = seed.is_multiple_of(2);
    if freezes {
        console.signal(Signal::STOP)?;
    } else {
        console.kill().await?;
    }
    rig.until_driving(false, RECOVERY).await?;
    rig.until_at_rest().await?;
    let stood = rig.trace()?.len();
    some_time(&mut rng, 1_000).await;
    if freezes {
        console.signal(Signal::CONT)?;
        let code = console.exit(ENDS).await?.code();
        ensure!(code == Some(6), "it ended with {code:?} instead of as refused");
    }
    let moved = rig.trace()?.into_iter().skip(stood).find(TraceLine::moves);
    ensure!(moved.is_none(), "it moved by itself: {moved:?}");

    let begun = monotonic();
    let mut fresh = rig.console(&mut rng)?;
    rig.until_driving(true, RECOVERY).await?;
    let recovered = Duration::from_nanos(monotonic().saturating_sub(begun));
    fresh.signal(Signal::INT)?;
    fresh.exit(ENDS).await?;
    rig.until_at_rest().await?;
    // When the console sent what it sent is not known to the millisecond.
    Ok(Ran { record: rig.record(false)?, recovered: Some(recovered), latencies: Some(Vec::new()) })
}

impl Rig {
    /// A console that drives for long.
    fn console(&self, rng: &mut Rng) -> Result<Program> {
        let (url, turn) = (self.operator_side.url(), rng.i8(-20..=20).to_string());
        let drive = ["drive", VEHICLE, "--mph", "3", "--for", "60s", "--hold-ms", "150", "--period", "35ms"];
        let options = ["--json", "-v", "--broker", &url, "--timeout", "2s"];
        let turning = format!("--degrees-per-s={turn}");
        Program::start("control-console", &[&options[..], &drive[..], &[&turning]].concat())
    }
}
