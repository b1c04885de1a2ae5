//! The position of a stick, on a page, a pad or under a key.

use serde::Deserialize;
use vehicle_protocol::{DegreesPerSecond, Mph, Setpoint};

/// Shares of the highest speed and turn rate, -1 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StickPosition {
    /// Ahead; negative backwards.
    pub ahead: f64,
    /// To the right; negative to the left.
    pub right: f64,
}

impl StickPosition {
    /// The setpoint that it asks for where these speeds (in mph) and turn rates (in degrees per second) are the highest;
    /// its hold is left to the stick. A share beyond the range counts as its end, one that is no number as neutral.
    #[must_use]
    pub fn setpoint(self, (max_speed, max_turn_rate): (f64, f64)) -> Setpoint {
        let share = |value: f64| if value.is_finite() { value.clamp(-1.0, 1.0) } else { 0.0 };
        Setpoint {
            speed: Mph::new(share(self.ahead) * max_speed),
            turn_rate: DegreesPerSecond::new(share(self.right) * max_turn_rate),
            ..Setpoint::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_beyond_the_range_counts_as_its_end_and_no_number_as_neutral() {
        let speed = |ahead| StickPosition { ahead, right: 0.0 }.setpoint((4.0, 90.0)).speed;
        assert_eq!([9.0, -9.0, 0.5, f64::NAN].map(speed), [4.0, -4.0, 2.0, 0.0].map(Mph::new));
        let turn_rate = |right| StickPosition { ahead: 0.0, right }.setpoint((4.0, 90.0)).turn_rate;
        assert_eq!([-0.5, f64::INFINITY].map(turn_rate), [-45.0, 0.0].map(DegreesPerSecond::new));
    }
}
