//! Pulses by software: a line, and a thread that switches it from the moment pulses are asked for.

use super::{BoardError, DigitalOutput};
use crate::clock::{monotonic, sleep_until};
use std::num::NonZeroU64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A thread that wakes so late begins no new pulse: the guard takes the agent for dead by then, and may have cleared the line.
const HELD_UP: Duration = Duration::from_millis(120);

/// The pattern that a line follows from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Stay on or off.
    Steady(bool),
    /// Be on for `width` of each `period`.
    Train { period: Duration, width: Duration },
    /// Be on for this time, then off.
    Once(Duration),
}

/// A line that can be pulsed. When it is dropped, a pulse ends, and a steady level stays.
#[derive(Debug)]
pub(super) struct PulsedLine {
    shared: Arc<SharedLine>,
    threaded: bool,
}

#[derive(Debug)]
struct SharedLine {
    state: Mutex<LineState>,
    changed: Condvar,
}

#[derive(Debug)]
struct LineState {
    level: Box<dyn DigitalOutput>,
    work: Work,
    /// A failure of the thread, until the next pattern is set.
    failed: Option<BoardError>,
}

/// The work that is left for the thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    None,
    Train {
        period: Duration,
        width: Duration,
    },
    /// Off at this moment of `CLOCK_MONOTONIC`.
    OffAt(Duration),
    End,
}

impl PulsedLine {
    pub(super) fn new(level: Box<dyn DigitalOutput>) -> Self {
        let state = Mutex::new(LineState { level, work: Work::None, failed: None });
        Self { shared: Arc::new(SharedLine { state, changed: Condvar::new() }), threaded: false }
    }

    /// Gives the line its pattern. A steady level is there when this returns; so is the beginning of a single pulse.
    ///
    /// # Errors
    /// If the line can't be switched, or could not be by the thread.
    pub(super) fn set(&mut self, pattern: Pattern) -> Result<(), BoardError> {
        if !matches!(pattern, Pattern::Steady(_)) {
            self.need_thread()?;
        }
        let mut state = self.shared.lock();
        let failed = state.failed.take().map_or(Ok(()), Err);
        let (work, level) = match pattern {
            Pattern::Steady(on) => (Work::None, Some(on)),
            Pattern::Train { period, width } => (Work::Train { period, width }, None),
            Pattern::Once(duration) => (Work::OffAt(monotonic().saturating_add(duration)), Some(true)),
        };
        let fresh = state.work == Work::None;
        state.work = work;
        let set = level.map_or(Ok(()), |on| state.level.set(on));
        if fresh {
            self.shared.changed.notify_one();
        }
        failed.and(set)
    }

    fn need_thread(&mut self) -> Result<(), BoardError> {
        if self.threaded {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let spawned = thread::Builder::new().name("pulses".to_owned()).spawn(move || shared.pulse());
        let failed =
            |error: std::io::Error| BoardError::new("software PWM", error.to_string(), "free some memory");
        spawned.map_err(failed)?;
        self.threaded = true;
        Ok(())
    }
}

impl Drop for PulsedLine {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if state.work != Work::None {
            // Nobody is left to hear of a failure.
            let _ = state.level.set(false);
        }
        state.work = Work::End;
        self.shared.changed.notify_one();
    }
}

impl SharedLine {
    fn lock(&self) -> MutexGuard<'_, LineState> {
        // A panic elsewhere must not keep a line from being switched off.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Switches the line until the end. The level is only ever changed under the lock, so what was given last holds.
    fn pulse(&self) {
        // The kernel may otherwise wake it 50 us late; without the right to ask for less, it does.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        let mut edge = monotonic();
        let mut state = self.lock();
        loop {
            match state.work {
                Work::End => return,
                Work::None => {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    edge = monotonic();
                }
                Work::OffAt(moment) => {
                    state = self.wait(state, moment);
                    if state.work == Work::OffAt(moment) {
                        state.work = Work::None;
                        state.set(false);
                    }
                }
                Work::Train { period, width } => {
                    let now = monotonic();
                    let late = now.saturating_sub(edge);
                    if late > HELD_UP {
                        state.give_up();
                        continue;
                    }
                    // One that is less late goes on from here, rather than making up for what it missed.
                    if late > period {
                        edge = now;
                    }
                    state.set(true);
                    state = self.wait(state, edge.saturating_add(width));
                    if matches!(state.work, Work::Train { .. }) {
                        state.set(false);
                    }
                    edge = edge.saturating_add(period);
                    state = self.wait(state, edge);
                }
            }
        }
    }

    fn wait<'a>(&'a self, state: MutexGuard<'a, LineState>, moment: Duration) -> MutexGuard<'a, LineState> {
        drop(state);
        sleep_until(moment);
        self.lock()
    }
}

impl LineState {
    fn give_up(&mut self) {
        self.work = Work::None;
        self.set(false);
        let next_step = "take load off this board, or use PWM hardware";
        self.failed.get_or_insert(BoardError::new("software PWM", "its pulses were held up", next_step));
    }

    fn set(&mut self, on: bool) {
        if let Err(error) = self.level.set(on) {
            self.failed = Some(error);
        }
    }
}

#[cfg(test)]
mod tests;
