//! How often a stick speaks, and for how long its word holds.

use std::time::Duration;
use vehicle_protocol::{CommandName, MIN_HOLD_MS};

/// Setpoints that may be lost in a row before the vehicle stops; fewer would make every hiccup a stop.
const SETPOINTS_IN_A_HOLD: u32 = 4;
/// The shortest period: faster than this nobody steers, and a vehicle takes it for a flood.
const SHORTEST_PERIOD: Duration = Duration::from_millis(10);
/// For how long zeros are sent after a release.
const RELEASE: Duration = Duration::from_millis(300);
/// So long may a vehicle be silent under a pressed stick.
const SILENCE: Duration = Duration::from_secs(1);

/// A person who sees what happens so late steers at half the speed.
const SLOW_WAY: Duration = Duration::from_millis(150);
/// And so late at a quarter.
const SLOWER_WAY: Duration = Duration::from_millis(300);

/// The times of a stick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetpointTiming {
    period: Duration,
    hold: Duration,
}

impl SetpointTiming {
    /// A setpoint each `period` that holds for `hold`.
    ///
    /// # Errors
    /// What is wrong with them, as a sentence without full stop.
    pub fn new(period: Duration, hold: Duration) -> Result<Self, String> {
        let longest = CommandName::Drive.longest_life();
        let (least, most) = (Duration::from_millis(MIN_HOLD_MS), longest.as_millis());
        if hold < least || hold > longest {
            return Err(format!("a hold lasts {MIN_HOLD_MS} to {most} ms"));
        }
        if period < SHORTEST_PERIOD {
            return Err(format!("a period lasts {} ms at least", SHORTEST_PERIOD.as_millis()));
        }
        if period.saturating_mul(SETPOINTS_IN_A_HOLD) > hold {
            return Err(format!(
                "{SETPOINTS_IN_A_HOLD} periods of {} ms are longer than a hold of {} ms, so that one late setpoint would stop the vehicle",
                period.as_millis(),
                hold.as_millis()
            ));
        }
        Ok(Self { period, hold })
    }

    /// The time from one setpoint to the next.
    #[must_use]
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// How long a setpoint holds.
    #[must_use]
    pub const fn hold(&self) -> Duration {
        self.hold
    }

    /// HOLD_MS.
    #[must_use]
    pub fn hold_ms(&self) -> u64 {
        u64::try_from(self.hold.as_millis()).unwrap_or(u64::MAX)
    }

    /// For how long zeros are sent after a release.
    #[must_use]
    pub const fn release(&self) -> Duration {
        RELEASE
    }

    /// By how much what a hand asks for is divided when the way there and back takes `round_trip`.
    #[must_use]
    pub fn divisor(&self, round_trip: Duration) -> i64 {
        match round_trip {
            _ if round_trip > SLOWER_WAY => 4,
            _ if round_trip > SLOW_WAY => 2,
            _ => 1,
        }
    }

    /// So long may a vehicle be silent under a pressed stick.
    #[must_use]
    pub const fn silence(&self) -> Duration {
        SILENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_must_outlast_four_periods() {
        for (period, hold, fine) in [
            (50, 300, true),
            (75, 300, true),
            (76, 300, false),
            (25, 100, true),
            (25, 99, false),
            (9, 300, false),
            (500, 2000, true),
            (500, 2001, false),
        ] {
            let rhythm = SetpointTiming::new(Duration::from_millis(period), Duration::from_millis(hold));
            assert_eq!(rhythm.is_ok(), fine, "{period} {hold} {rhythm:?}");
        }
    }
}
