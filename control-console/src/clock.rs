//! The only file that reads a clock.

use std::time::{Duration, SystemTime};

/// A moment of this process: the time since its clock was started.
pub type Moment = Duration;

/// The time of day as this machine has it, for certificates only.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads a clock")]
pub fn wall() -> SystemTime {
    SystemTime::now()
}

/// A monotonic clock; wall clocks jump.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: tokio::time::Instant,
}

impl Clock {
    /// Starts at zero.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads a clock")]
    pub fn start() -> Self {
        Self { start: tokio::time::Instant::now() }
    }

    /// The time since the start.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.start.elapsed()
    }

    /// Waits for `moment`; without one, for ever.
    pub async fn reach(&self, moment: Option<Moment>) {
        match moment.and_then(|moment| self.start.checked_add(moment)) {
            Some(instant) => tokio::time::sleep_until(instant).await,
            None => std::future::pending().await,
        }
    }
}
