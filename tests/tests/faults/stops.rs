//! The emergency stop: while it drives, over a restart, and killed while it is being stored.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use system_tests::clock::monotonic;
use system_tests::trace::TraceLine;
use vehicle_protocol::{Answer, Reason, State};

use crate::rig::{Pilot, Plan, RECOVERY, Rig};
use crate::row::{Ran, Row, some_time};

/// Time after the stop was published in which the agent is killed, in milliseconds: about as long as storing takes.
const STORING: u64 = 5;

/// The moment of the emergency stop.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// While the speed is still rising.
    Ramping,
    /// Before a boot.
    Boot,
    /// Just before the agent is killed.
    Kill,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emergency_stop_comes_at_the_worst_moment() -> Result<()> {
    let fault =
        "emergency stop at boot, while ramping, killed while it is being stored (latency: of the stop)";
    let row = Row { place: 17, fault, short: 50, long: 1_000 };
    row.run(stopped).await
}

/// Stops the driving vehicle, and shows that it stays stopped until that is cleared.
async fn stopped(seed: u64) -> Result<Ran> {
    let mut rng = Rng::with_seed(seed);
    let moment = *rng.choice(&[Moment::Ramping, Moment::Boot, Moment::Kill]).context("choice")?;
    let mut rig = Rig::start(Plan { seed, persistent: rng.bool(), ..Plan::default() }).await?;
    rig.engine_on().await?;
    let held = Pilot::with_stick(&rig.operator, 5.0, f64::from(rng.i8(-20..=20)));
    rig.until_driving(true, RECOVERY).await?;
    some_time(&mut rng, 300).await;

    let asked = monotonic();
    let stop = rig.operator.command("EMERGENCY_STOP")?;
    let mut latencies = Vec::new();
    if matches!(moment, Moment::Kill) {
        some_time(&mut rng, STORING).await;
    } else {
        let answer = rig.end_of(&stop, RECOVERY).await?;
        ensure!(answer.state == State::Succeeded, "{answer:?}");
        latencies.push(rig.first_of(&stop)?.saturating_sub(asked));
    }
    if !matches!(moment, Moment::Ramping) {
        rig.boot_again().await?;
    }
    // The stick is still held, and it is held again by somebody who knows the clock of this boot.
    rig.operator.learn(RECOVERY).await?;
    some_time(&mut rng, 300).await;
    drop(held);
    let latched = rig.is_stopped().await?;
    ensure!(latched || !rig.has_promised(&stop), "it was answered as stored, and it is gone");
    if latched {
        let again = Pilot::with_stick(&rig.operator, 3.0, 0.0);
        some_time(&mut rng, 300).await;
        drop(again);
        rig.clear().await?;
    }
    let until = rig.trace()?.len();
    rig.stood(&stop, until)?;
    let cleared = monotonic();
    let moved = rig.drives_afresh(until).await?;
    let recovered = Some(Duration::from_nanos(moved.saturating_sub(cleared)));
    Ok(Ran { record: rig.record(false)?, recovered, latencies: Some(latencies) })
}

impl Rig {
    /// Kills the agent and starts it again.
    async fn boot_again(&mut self) -> Result<()> {
        self.note_kill();
        self.agent.kill().await?;
        self.cut();
        self.healed();
        self.restart_agent()
    }

    /// Clears the emergency stop as soon as the vehicle no longer rolls.
    pub(crate) async fn clear(&self) -> Result<()> {
        let deadline = monotonic().saturating_add(RECOVERY.as_nanos().try_into()?);
        loop {
            let clear = self.operator.command("CLEAR_EMERGENCY_STOP")?;
            let answer = self.end_of(&clear, RECOVERY).await?;
            if answer.state == State::Succeeded {
                return Ok(());
            }
            let rolls = answer.reason == Some(Reason::Moving) && monotonic() < deadline;
            ensure!(rolls, "the emergency stop stays: {answer:?}");
        }
    }

    /// Asks whether the vehicle is in emergency stop; if not, its engine is on now.
    async fn is_stopped(&self) -> Result<bool> {
        let id = self.operator.command("TURN_ON_ENGINE")?;
        let answer = self.end_of(&id, RECOVERY).await?;
        let stopped = answer.reason == Some(Reason::EmergencyStopped);
        ensure!(stopped || answer.state == State::Succeeded, "{answer:?}");
        Ok(stopped)
    }

    /// Tells that the command was answered as done.
    fn has_promised(&self, id: &str) -> bool {
        let answers = self.witness().got();
        let mut answers =
            answers.iter().filter_map(|got| serde_json::from_slice::<Answer>(&got.payload).ok());
        answers
            .any(|answer| answer.state == State::Succeeded && answer.id.is_some_and(|own| own.as_str() == id))
    }

    /// Finds the moment at which this stop first set the outputs.
    pub(crate) fn first_of(&self, stop: &str) -> Result<u64> {
        let trace = self.trace()?;
        let line =
            trace.iter().find(|line| line.id.as_deref() == Some(stop)).context("no sign of the stop")?;
        ensure!(!line.moves() && !line.enable, "the stop left power on the motors: {line:?}");
        Ok(line.t)
    }

    /// Nothing moved from the stop, or else from the last boot, to the line with the number.
    fn stood(&self, stop: &str, until: usize) -> Result<()> {
        let trace = self.trace()?;
        // The first line of all is that of the first boot.
        let is_begin = |(place, line): (usize, &TraceLine)| {
            line.id.as_deref() == Some(stop) || place > 0 && line.cause == "BOOT"
        };
        let begin = trace.iter().enumerate().position(is_begin).context("neither stop nor boot")?;
        let moved = trace.iter().take(until).skip(begin).find(|line| line.moves());
        ensure!(moved.is_none(), "it moved by itself: {moved:?}");
        Ok(())
    }

    /// Turns the engine on and drives for a moment; gives when it moved, if that was after the line with the number.
    pub(crate) async fn drives_afresh(&mut self, before: usize) -> Result<u64> {
        self.engine_on().await?;
        let fresh = Pilot::with_stick(&self.operator, 3.0, 0.0);
        self.until_driving(true, RECOVERY).await?;
        let trace = self.trace()?;
        let moved = trace.iter().skip(before).find(|line| line.drives()).context("it never drove")?.t;
        drop(fresh);
        self.until_driving(false, RECOVERY).await?;
        self.until_at_rest().await?;
        Ok(moved)
    }
}
