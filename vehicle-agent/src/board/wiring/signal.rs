//! The signal of a line.

use std::time::Duration;

/// From pulse to pulse of a servo; what servos and speed controllers are made for.
pub(crate) const SERVO_PERIOD: Duration = Duration::from_millis(20);

/// The signal of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Off all the time.
    Off,
    /// On all the time.
    On,
    /// On for so many thousandths of each period of the motors' PWM: 1 to 999.
    Pulsed(u16),
    /// On for so many microseconds, 50 times a second.
    Servo(u16),
    /// On for this time, then off.
    Once(Duration),
}

impl Signal {
    pub(super) const fn of(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }

    pub(super) const fn pulsed(thousandths: u16) -> Self {
        match thousandths {
            0 => Self::Off,
            1000.. => Self::On,
            _ => Self::Pulsed(thousandths),
        }
    }
}
