//! A thread that says whether the machine was too busy to judge by the clock.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use system_tests::clock::monotonic;

/// How often it looks at the clock.
const LOOKS: Duration = Duration::from_millis(5);
/// Later than this it was held up, and so may an agent have been.
pub(crate) const STALL: Duration = Duration::from_millis(20);

/// The thread.
pub(crate) struct Canary {
    ends: Sender<()>,
    thread: JoinHandle<Duration>,
}

impl Canary {
    /// Begins to look.
    pub(crate) fn start() -> Self {
        let (ends, ended) = channel::<()>();
        let thread = spawn(move || {
            let (mut last, mut longest) = (monotonic(), Duration::ZERO);
            while ended.recv_timeout(LOOKS) == Err(RecvTimeoutError::Timeout) {
                let now = monotonic();
                longest = longest.max(Duration::from_nanos(now - last).saturating_sub(LOOKS));
                last = now;
            }
            longest
        });
        Self { ends, thread }
    }

    /// The longest that it was held up.
    pub(crate) fn longest_stall(self) -> Duration {
        drop(self.ends);
        self.thread.join().unwrap()
    }
}
