//! The time between setpoints, and the time that each of them holds, within the vehicle's limits.

use std::time::Duration;
use vehicle_protocol::{CommandName, LimitsDescription, MIN_HOLD_MS};

/// The shortest hold of the contract, which every vehicle accepts.
const SHORTEST_HOLD: Duration = Duration::from_millis(MIN_HOLD_MS);
/// The contract's advice for the hold, and for the period.
const USUAL_HOLD: Duration = Duration::from_millis(300);
const USUAL_PERIOD: Duration = Duration::from_millis(50);
/// Setpoints that may be lost in a row before the vehicle stops; fewer would make every hiccup a stop.
const SETPOINTS_IN_A_HOLD: u32 = 4;
/// The shortest period: faster than this nobody steers, and a vehicle takes it for a flood.
const SHORTEST_PERIOD: Duration = Duration::from_millis(10);
/// The shortest gap before a setpoint that says something new; as short as a control loop's tick.
const SHORTEST_GAP: Duration = Duration::from_millis(20);
/// Zeros follow a release for this long, so that one that is lost does not count.
const RELEASE: Duration = Duration::from_millis(300);
/// A vehicle may be silent for this long under a pressed stick.
const SILENCE: Duration = Duration::from_secs(1);

/// Beyond this round trip a person sees the effect so late that half the speed is enough.
const SLOW_WAY: Duration = Duration::from_millis(150);
/// And beyond this one a quarter.
const SLOWER_WAY: Duration = Duration::from_millis(300);

/// The timing that a person asked for; what is left out is derived from the vehicle's limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestedTiming {
    /// The time from one setpoint to the next.
    pub period: Option<Duration>,
    /// The time that a setpoint holds.
    pub hold: Option<Duration>,
}

impl RequestedTiming {
    /// Checks what is wrong for every vehicle.
    ///
    /// # Errors
    /// If a time is too short, or too few setpoints fit into a hold; a sentence without full stop.
    pub fn check(self) -> Result<(), String> {
        let Self { period, hold } = self;
        if hold.is_some_and(|hold| hold < SHORTEST_HOLD) {
            return Err(format!("a hold lasts at least {MIN_HOLD_MS} ms"));
        }
        if period.is_some_and(|period| period < SHORTEST_PERIOD) {
            return Err(format!("a period lasts at least {} ms", SHORTEST_PERIOD.as_millis()));
        }
        period.zip(hold).map_or(Ok(()), |(period, hold)| fits(period, hold))
    }

    /// The timing for a vehicle with these limits. Until they are known, the shortest hold, which every vehicle accepts,
    /// unless another was asked for.
    ///
    /// # Errors
    /// If the vehicle does not allow what was asked for; a sentence without full stop.
    pub fn within(self, limits: Option<LimitsDescription>) -> Result<SetpointTiming, String> {
        self.check()?;
        // A setpoint dies with its hold, and no command may live longer than this, whatever the vehicle allows.
        let longest_life = CommandName::Drive.longest_life();
        let published = limits.map(|limits| Duration::from_millis(limits.max_hold_ms));
        // A vehicle that publishes no limit, or none that can be met, still accepts the shortest hold.
        let longest = published.map(|longest| longest.clamp(SHORTEST_HOLD, longest_life));
        // As long as nobody knows better, a period that was asked for is given the hold that it needs.
        let needed = self.period.map(|period| period.saturating_mul(SETPOINTS_IN_A_HOLD));
        let cautious = SHORTEST_HOLD.max(needed.unwrap_or_default());
        let hold = self.hold.unwrap_or_else(|| USUAL_HOLD.min(longest.unwrap_or(cautious)));
        let longest = longest.unwrap_or(longest_life);
        if hold > longest {
            let (most, asked) = (longest.as_millis(), hold.as_millis());
            return Err(format!("the vehicle allows a hold of {MIN_HOLD_MS} to {most} ms, not {asked} ms"));
        }
        let shortened = hold.checked_div(SETPOINTS_IN_A_HOLD).unwrap_or_default();
        let period = self.period.unwrap_or_else(|| USUAL_PERIOD.min(shortened));
        fits(period, hold)?;
        Ok(SetpointTiming { period, hold })
    }
}

fn fits(period: Duration, hold: Duration) -> Result<(), String> {
    if period.saturating_mul(SETPOINTS_IN_A_HOLD) <= hold {
        return Ok(());
    }
    Err(format!(
        "{SETPOINTS_IN_A_HOLD} periods of {} ms are longer than a hold of {} ms, so that one late setpoint would stop the vehicle",
        period.as_millis(),
        hold.as_millis()
    ))
}

/// The times of a stick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetpointTiming {
    period: Duration,
    hold: Duration,
}

impl Default for SetpointTiming {
    /// A timing that every vehicle accepts.
    fn default() -> Self {
        Self {
            period: SHORTEST_HOLD.checked_div(SETPOINTS_IN_A_HOLD).unwrap_or_default(),
            hold: SHORTEST_HOLD,
        }
    }
}

impl SetpointTiming {
    /// The time from one setpoint to the next.
    #[must_use]
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// The shortest time before a setpoint that says something new.
    #[must_use]
    pub fn shortest_gap(&self) -> Duration {
        SHORTEST_GAP.min(self.period)
    }

    /// The time that a setpoint holds.
    #[must_use]
    pub const fn hold(&self) -> Duration {
        self.hold
    }

    /// HOLD_MS.
    #[must_use]
    pub fn hold_ms(&self) -> u64 {
        u64::try_from(self.hold.as_millis()).unwrap_or(u64::MAX)
    }

    /// The time for which zeros are sent after a release.
    #[must_use]
    pub const fn release(&self) -> Duration {
        RELEASE
    }

    /// The time for which a vehicle may be silent under a pressed stick.
    #[must_use]
    pub const fn silence(&self) -> Duration {
        SILENCE
    }

    /// The number that speeds are divided by when the way there and back takes `round_trip`.
    #[must_use]
    pub fn divisor(round_trip: Duration) -> i64 {
        match round_trip {
            _ if round_trip > SLOWER_WAY => 4,
            _ if round_trip > SLOW_WAY => 2,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "as the session holds them")]
    const fn limits(max_hold_ms: u64) -> Option<LimitsDescription> {
        let none = LimitsDescription {
            max_speed_mph: 0.0,
            speed_step_mph: 0.0,
            max_turn_rate_degrees_per_s: 0.0,
            acceleration_m_per_s2: 0.0,
            deceleration_m_per_s2: 0.0,
            max_hold_ms: 0,
            operator_timeout_ms: 0,
        };
        Some(LimitsDescription { max_hold_ms, ..none })
    }

    fn timing(period: u64, hold: u64) -> SetpointTiming {
        SetpointTiming { period: Duration::from_millis(period), hold: Duration::from_millis(hold) }
    }

    fn requested(period: Option<u64>, hold: Option<u64>) -> RequestedTiming {
        RequestedTiming { period: period.map(Duration::from_millis), hold: hold.map(Duration::from_millis) }
    }

    #[test]
    fn what_nobody_asked_for_comes_from_the_limits_of_the_vehicle() {
        for (limits, expected) in [
            (None, timing(25, 100)),
            (limits(0), timing(25, 100)),
            (limits(100), timing(25, 100)),
            (limits(160), timing(40, 160)),
            (limits(200), timing(50, 200)),
            (limits(300), timing(50, 300)),
            (limits(500), timing(50, 300)),
            (limits(5_000), timing(50, 300)),
            (limits(u64::MAX), timing(50, 300)),
        ] {
            assert_eq!(RequestedTiming::default().within(limits), Ok(expected), "{limits:?}");
        }
    }

    #[test]
    fn what_the_vehicle_does_not_allow_is_refused_with_its_own_limit() {
        for (limits, hold, expected) in [
            (None, 2_000, None),
            (None, 5_000, Some("100 to 2000 ms, not 5000 ms")),
            (limits(500), 500, None),
            (limits(500), 5_000, Some("100 to 500 ms, not 5000 ms")),
            (limits(100), 101, Some("100 to 100 ms, not 101 ms")),
            (limits(5_000), 2_001, Some("100 to 2000 ms, not 2001 ms")),
        ] {
            let refusal = requested(None, Some(hold)).within(limits).err();
            let fits = match (&refusal, expected) {
                (None, None) => true,
                (Some(why), Some(end)) => why.ends_with(end),
                (None, Some(_)) | (Some(_), None) => false,
            };
            assert!(fits, "{limits:?} {hold}: {refusal:?}");
        }
        assert!(requested(Some(50), None).within(limits(100)).is_err(), "the period does not fit");
        for limits in [limits(500), None] {
            assert!(requested(Some(50), None).within(limits).is_ok(), "{limits:?}");
        }
    }

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
            (501, 2000, false),
        ] {
            let timing = requested(Some(period), Some(hold));
            assert_eq!(timing.check().is_ok(), fine, "{period} {hold}");
        }
    }
}
