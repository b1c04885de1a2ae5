//! The bench test of a vehicle's outputs: a person says go, one function acts for a moment, and the person says whether it did.
//!
//! While a question waits, everything is off. Whatever ends a function early, the outputs are off before it is told, and a
//! motor has power only while the guard hears beats, as it does when the vehicle drives.

mod plan;
mod talk;

pub(crate) use plan::Parts;
pub(crate) use talk::Talk;

use crate::board::{Board, BoardError};
use crate::clock::Clock;
use crate::control::{Cause, Outputs};
use crate::supervise::Watchdogs;
use plan::Step;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::time::Duration;

/// Period of the loop while a function acts, and of looks at the emergency-stop input while a question waits.
const TICK: Duration = Duration::from_millis(20);
const LOOK: Duration = Duration::from_millis(100);

/// The reason for which the test ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Aborted {
    /// A signal came; which.
    #[error("ended by {0}")]
    Signal(&'static str),
    #[error("the terminal is closed")]
    TerminalGone,
    #[error("ended on request")]
    Quit,
    #[error("that is not this vehicle's name; nothing was switched")]
    OtherVehicle,
    #[error("the emergency-stop input opened; close it when it is safe, and begin again")]
    EmergencyStop,
    #[error("the guard has taken the power from the motors; the lines above may say why")]
    GuardLost,
    #[error(transparent)]
    Board(#[from] BoardError),
}

/// A person's verdict on a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    Wrong,
    Skipped,
}

/// A vehicle on its stand, and the person beside it.
pub(crate) struct BenchTest<'a, E> {
    pub(crate) board: &'a mut dyn Board,
    pub(crate) watchdogs: &'a mut Watchdogs,
    pub(crate) clock: Clock,
    pub(crate) talk: &'a mut Talk,
    /// Completes with the name of a signal.
    pub(crate) end: Pin<&'a mut E>,
    pub(crate) rest: Outputs,
    /// An emergency-stop input is wired; the last reading of it.
    pub(crate) stop_is_wired: bool,
    pub(crate) open: bool,
}

impl<E: Future<Output = &'static str>> BenchTest<'_, E> {
    /// Tries everything; the outputs are off when it returns.
    pub(crate) async fn run(
        &mut self,
        vehicle: &str,
        steps: &[Step],
    ) -> Result<Vec<(&'static str, Verdict)>, Aborted> {
        let tried = self.try_all(vehicle, steps).await;
        // A board that fails here says so by the first error.
        let rested = self.switch_off();
        let tried = tried?;
        rested?;
        Ok(tried)
    }

    async fn try_all(
        &mut self,
        vehicle: &str,
        steps: &[Step],
    ) -> Result<Vec<(&'static str, Verdict)>, Aborted> {
        self.switch_off()?;
        self.talk.say(format!(
            "This switches everything that is wired to {vehicle}, one after the other, and TURNS ITS WHEELS.\n\
             Put it on a stand, with all wheels off the ground and fingers away from them. Ctrl-C ends it at any time.\n"
        ));
        if self.ask(&format!("Type the vehicle's name ({vehicle}) to go on:")).await? != vehicle {
            return Err(Aborted::OtherVehicle);
        }
        let mut verdicts = Vec::new();
        if self.stop_is_wired {
            verdicts.push(("emergency-stop input", self.try_stop_input().await?));
        }
        for step in steps {
            verdicts.push((step.name, self.try_step(step).await?));
        }
        Ok(verdicts)
    }

    /// First of all what must stop the rest.
    async fn try_stop_input(&mut self) -> Result<Verdict, Aborted> {
        let (mut opened, mut question) =
            (false, "Open the emergency-stop switch now [s = skip, q = quit]:".to_owned());
        loop {
            match self.answer_or_change(&question).await? {
                Some(answer) if answer == "s" => return Ok(Verdict::Skipped),
                Some(answer) if answer == "q" => return Err(Aborted::Quit),
                None if self.open => {
                    opened = true;
                    "Close it again [s = skip, q = quit]:".clone_into(&mut question);
                }
                None if opened => return Ok(Verdict::Right),
                Some(_) | None => {}
            }
        }
    }

    async fn try_step(&mut self, step: &Step) -> Result<Verdict, Aborted> {
        loop {
            let question = format!("{}: {}. Go? [y, s = skip, q = quit]", step.name, step.expected);
            match self.ask(&question).await?.as_str() {
                "y" if self.open && step.moves() => {
                    self.talk.say("  The emergency-stop input is open, so no motor runs. Close it first.\n");
                    continue;
                }
                "y" => {}
                "s" => return Ok(Verdict::Skipped),
                "q" => return Err(Aborted::Quit),
                _ => continue,
            }
            let played = self.play(step).await;
            self.switch_off()?;
            played?;
            loop {
                match self.ask("  Was that right? [y, n, r = again, q = quit]").await?.as_str() {
                    "y" => return Ok(Verdict::Right),
                    "n" => return Ok(Verdict::Wrong),
                    "q" => return Err(Aborted::Quit),
                    "r" => break,
                    _ => {}
                }
            }
        }
    }

    /// Lets a function act. Says nothing meanwhile.
    async fn play(&mut self, step: &Step) -> Result<(), Aborted> {
        for phase in &step.phases {
            let until = self.clock.now().after(phase.time);
            while self.clock.now() < until {
                if self.look() && step.moves() {
                    return Err(Aborted::EmergencyStop);
                }
                self.switch(&phase.outputs)?;
                let next = self.clock.until(self.clock.now().after(TICK).min(until));
                let (board, watchdogs) = (&mut *self.board, &mut *self.watchdogs);
                tokio::select! {
                    biased;
                    signal = &mut self.end => return Err(Aborted::Signal(signal)),
                    () = watchdogs.guard_readable() => {}
                    () = poll_fn(|cx| board.poll_wake(cx)) => {}
                    () = tokio::time::sleep_until(next) => {}
                }
            }
        }
        Ok(())
    }

    /// One step, as the control loop makes it.
    fn switch(&mut self, outputs: &Outputs) -> Result<(), Aborted> {
        let now = self.clock.now();
        if self.watchdogs.check_guard(now) || (outputs.enable && !self.watchdogs.may_arm()) {
            return Err(Aborted::GuardLost);
        }
        self.board.apply(now, outputs, &Cause::BenchTest)?;
        self.watchdogs.report_step(now, true, outputs.enable);
        Ok(())
    }

    fn switch_off(&mut self) -> Result<(), BoardError> {
        let now = self.clock.now();
        // What it says of itself no longer matters: the outputs are off either way.
        let _ = self.watchdogs.check_guard(now);
        let off = self.board.apply(now, &self.rest, &Cause::BenchTest);
        self.watchdogs.report_step(now, off.is_ok(), false);
        off
    }

    /// Reads the emergency-stop input.
    fn look(&mut self) -> bool {
        self.open = self.board.sense(self.clock.now()).emergency_stop;
        self.open
    }

    /// Asks until there is an answer, and shows the emergency-stop input meanwhile.
    async fn ask(&mut self, question: &str) -> Result<String, Aborted> {
        loop {
            if let Some(answer) = self.answer_or_change(question).await? {
                return Ok(answer);
            }
        }
    }

    /// Waits for an answer to `question`, or for the emergency-stop input to change, which is shown.
    async fn answer_or_change(&mut self, question: &str) -> Result<Option<String>, Aborted> {
        self.talk.forget();
        self.talk.say(format!("{question} "));
        loop {
            let was_open = self.open;
            if self.look() != was_open {
                let now = if self.open { "OPEN" } else { "closed" };
                self.talk.say(format!("\n  The emergency-stop input is {now}.\n"));
                return Ok(None);
            }
            let (board, watchdogs, talk) = (&mut *self.board, &mut *self.watchdogs, &mut *self.talk);
            tokio::select! {
                biased;
                signal = &mut self.end => return Err(Aborted::Signal(signal)),
                () = watchdogs.guard_readable() => {}
                line = talk.line() => {
                    let line = line.ok_or(Aborted::TerminalGone)?;
                    return Ok(Some(line.trim().to_ascii_lowercase()));
                }
                () = poll_fn(|cx| board.poll_wake(cx)) => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            // A guard that is gone is started again, once the one before has ended.
            let now = self.clock.now();
            let _ = self.watchdogs.check_guard(now);
            self.watchdogs.report_step(now, true, false);
        }
    }
}

#[cfg(test)]
mod tests;
