//! The only file that reads a clock.

use crate::control::Moment;
use rustix::io::Errno;
use rustix::thread::clock_nanosleep_absolute;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::time::Duration;
use tokio::time::Instant;

/// Further ahead than any agent lives, for moments that no clock can show.
const NEVER: Duration = Duration::from_secs(30 * 365 * 86_400);

/// The time since the agent started; under tokio's paused time it stands still as that does.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    monotonic_at_start: Duration,
    suspended_at_start: Duration,
}

impl Clock {
    /// Starts at [`Moment::default`].
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "here time becomes an argument")]
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
            monotonic_at_start: read(ClockId::Monotonic),
            suspended_at_start: suspended(),
        }
    }

    /// The present moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "here time becomes an argument")]
    pub fn now(&self) -> Moment {
        Moment::new(Instant::now().saturating_duration_since(self.start))
    }

    /// `CLOCK_MONOTONIC` at the start, in nanoseconds, to compare traces of several processes.
    #[must_use]
    pub fn monotonic_ns_at_start(&self) -> u64 {
        u64::try_from(self.monotonic_at_start.as_nanos()).unwrap_or(u64::MAX)
    }

    /// The instant of a moment, to sleep until.
    #[must_use]
    pub fn until(&self, moment: Moment) -> Instant {
        let later = |duration| self.start.checked_add(duration);
        later(moment.since_start()).or_else(|| later(NEVER)).unwrap_or(self.start)
    }

    /// Returns how long the machine has been suspended since the start, exact to a few microseconds.
    #[must_use]
    pub fn suspend_gap(&self) -> Duration {
        suspended().saturating_sub(self.suspended_at_start)
    }
}

/// `CLOCK_MONOTONIC`, for threads that time pulses.
pub(crate) fn monotonic() -> Duration {
    read(ClockId::Monotonic)
}

/// Blocks this thread until `CLOCK_MONOTONIC` shows `moment`.
pub(crate) fn sleep_until(moment: Duration) {
    let seconds = moment.as_secs().try_into().unwrap_or(i64::MAX);
    let moment = Timespec { tv_sec: seconds, tv_nsec: moment.subsec_nanos().into() };
    while clock_nanosleep_absolute(ClockId::Monotonic, &moment) == Err(Errno::INTR) {}
}

/// What the system takes for the time of day, since 1970. It jumps, and on a board without a clock of its own begins in 1970:
/// for the dates of certificates only.
#[must_use]
pub fn time_of_day() -> Duration {
    read(ClockId::Realtime)
}

/// The time that `CLOCK_BOOTTIME` counts and `CLOCK_MONOTONIC` does not.
fn suspended() -> Duration {
    // Whatever comes between the two readings makes the difference larger, so the smallest of some is the best.
    let difference = || {
        let monotonic = read(ClockId::Monotonic);
        read(ClockId::Boottime).saturating_sub(monotonic)
    };
    let suspended = difference().min(difference()).min(difference());
    #[cfg(test)]
    let suspended = suspended.saturating_add(PRETENDED_SUSPEND.get());
    suspended
}

#[cfg(test)]
thread_local! {
    /// A suspend that a test pretends.
    pub(crate) static PRETENDED_SUSPEND: std::cell::Cell<Duration> = const { std::cell::Cell::new(Duration::ZERO) };
}

fn read(clock: ClockId) -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(clock);
    Duration::new(u64::try_from(tv_sec).unwrap_or(0), u32::try_from(tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn paused_time_passes_only_when_it_is_slept_through() {
        let clock = Clock::start();
        assert_eq!(clock.now(), Moment::default());
        let later = Moment::from_millis(1_500);
        tokio::time::sleep_until(clock.until(later)).await;
        assert_eq!(clock.now(), later);
    }

    #[test]
    fn a_moment_that_no_clock_can_show_lies_far_ahead() {
        let clock = Clock::start();
        let never = clock.until(Moment::new(Duration::MAX));
        assert!(never > clock.until(Moment::new(Duration::from_secs(86_400))));
    }

    #[test]
    fn the_start_lies_on_the_clock_that_other_processes_read() {
        let before = read(ClockId::Monotonic).as_nanos();
        let clock = Clock::start();
        let after = read(ClockId::Monotonic).as_nanos();
        assert!((before..=after).contains(&clock.monotonic_ns_at_start().into()));
    }

    #[test]
    fn a_machine_that_was_not_suspended_has_no_gap() {
        let clock = Clock { suspended_at_start: suspended(), ..Clock::start() };
        assert!(clock.suspend_gap() < Duration::from_millis(5), "{:?}", clock.suspend_gap());
    }
}
