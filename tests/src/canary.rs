//! A thread that says whether the machine was too busy to judge by the clock.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use anyhow::Result;

use crate::clock::monotonic;

/// Interval between two looks at the clock.
const LOOKS: Duration = Duration::from_millis(5);
/// Later than this it was held up, and so may every other program have been.
pub const STALL: Duration = Duration::from_millis(20);
/// Repetitions of a run that was held up; the last one counts as it is.
pub const REPETITIONS: usize = 4;

/// The thread.
#[derive(Debug)]
pub struct Canary {
    ends: Sender<()>,
    thread: JoinHandle<Duration>,
}

impl Canary {
    /// Begins to look.
    #[must_use]
    pub fn start() -> Self {
        let (ends, ended) = channel::<()>();
        let thread = spawn(move || {
            let (mut last, mut longest) = (monotonic(), Duration::ZERO);
            while ended.recv_timeout(LOOKS) == Err(RecvTimeoutError::Timeout) {
                let now = monotonic();
                let passed = Duration::from_nanos(now.saturating_sub(last));
                longest = longest.max(passed.saturating_sub(LOOKS));
                last = now;
            }
            longest
        });
        Self { ends, thread }
    }

    /// The longest that it was held up.
    #[must_use]
    pub fn longest_stall(self) -> Duration {
        drop(self.ends);
        self.thread.join().unwrap_or(Duration::MAX)
    }
}

/// Runs a test in which programs have to keep time, and runs it again if it failed while the machine was held up.
///
/// # Errors
///
/// If it fails on a machine that was not held up, or each time.
pub async fn undisturbed(test: impl AsyncFn() -> Result<()>) -> Result<()> {
    for _ in 0..REPETITIONS {
        let canary = Canary::start();
        let Err(error) = test().await else { return Ok(()) };
        let stall = canary.longest_stall();
        if stall <= STALL {
            return Err(error);
        }
        eprintln!("run again, since the machine was held up for {stall:?}: {error:#}");
    }
    test().await
}
