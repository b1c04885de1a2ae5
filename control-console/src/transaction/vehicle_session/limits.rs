//! The vehicle's own limits, and the heartbeats that keep within them.

use super::{Form, Sealed, VehicleSession};
use crate::clock::Moment;
use std::time::Duration;
use vehicle_protocol::{Command, LimitsDescription};

/// The contract's advice, for vehicles with a long timeout.
const LONGEST_INTERVAL: Duration = Duration::from_secs(1);
/// A description that asks for more than 50 heartbeats a second would make a flood of them.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(20);
/// The shortest timeout that an agent can be configured with: right for every vehicle, if not cheap.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(100);
/// Two heartbeats in a row may be lost before the vehicle stops.
const HEARTBEATS_IN_A_TIMEOUT: u32 = 3;
/// A heartbeat that was held back on its way must not stretch the timeout by more than this, or by half of it.
const LONGEST_LIFE: Duration = Duration::from_secs(2);

impl VehicleSession {
    /// Applies the limits of the vehicle's description; they hold from the next message on.
    pub const fn describe(&mut self, limits: LimitsDescription) {
        self.limits = Some(limits);
    }

    /// The vehicle's limits, once its description has been received.
    #[must_use]
    pub const fn limits(&self) -> Option<LimitsDescription> {
        self.limits
    }

    /// The longest pause between two heartbeats that keeps motion by single commands going.
    #[must_use]
    pub fn heartbeat_interval(&self) -> Duration {
        let interval = self.operator_timeout().checked_div(HEARTBEATS_IN_A_TIMEOUT).unwrap_or_default();
        interval.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL)
    }

    /// A HEARTBEAT; nothing if it has to be signed and there is no session.
    pub fn heartbeat(&mut self, now: Moment, form: Form) -> Option<Sealed> {
        let life = LONGEST_LIFE.min(self.operator_timeout().checked_div(2).unwrap_or_default());
        self.seal(now, Command::Heartbeat, form, None, life)
    }

    fn operator_timeout(&self) -> Duration {
        // An older agent does not publish its timeout, which then reads as 0.
        let published = self.limits.map(|limits| Duration::from_millis(limits.operator_timeout_ms));
        published.filter(|timeout| !timeout.is_zero()).unwrap_or(SHORTEST_TIMEOUT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vehicle_protocol::{Encoding, Nonce};

    #[test]
    fn three_heartbeats_fit_into_the_timeout_that_the_vehicle_publishes() {
        let milliseconds = Duration::from_millis;
        for (timeout_ms, interval) in [
            (None, milliseconds(100) / 3),
            (Some(0), milliseconds(100) / 3),
            (Some(1), milliseconds(20)),
            (Some(100), milliseconds(100) / 3),
            (Some(300), milliseconds(100)),
            (Some(5_000), milliseconds(1_000)),
            (Some(u64::MAX), milliseconds(1_000)),
        ] {
            let vehicle = "rover-1".parse().unwrap();
            let mut session = VehicleSession::new(vehicle, None, Encoding::Json, Nonce([1; 16]));
            if let Some(operator_timeout_ms) = timeout_ms {
                session.describe(LimitsDescription { operator_timeout_ms, ..LimitsDescription::default() });
            }
            assert_eq!(session.heartbeat_interval(), interval, "{timeout_ms:?}");
        }
    }
}
