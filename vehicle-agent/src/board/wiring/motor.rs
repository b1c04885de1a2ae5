//! Motors and servos: how they are wired, and what a share of full power means on their lines.

use super::{Line, MotorLine, Side, Signal};
use crate::board::pin::{Pin, Wire};
use crate::control::Duty;

/// The wiring of one motor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Motor {
    /// Speed on one line; another is on for backwards.
    PwmDirection {
        /// Speed.
        pwm: Wire,
        /// On for backwards.
        direction: Pin,
    },
    /// Speed on one line, and a line for each half of the bridge, as on an L298N or a TB6612.
    PwmHalves {
        /// Speed.
        pwm: Wire,
        /// On for forwards.
        forward: Pin,
        /// On for backwards.
        backward: Pin,
    },
    /// Speed on the line of the half that is on, as on a DRV8833.
    Halves {
        /// Speed forwards.
        forward: Wire,
        /// Speed backwards.
        backward: Wire,
    },
    /// An electronic speed controller: full speed backwards is its least pulse, forwards its most.
    Esc(Servo),
}

impl Motor {
    pub(super) fn lines(&self, side: Side) -> Vec<(Line, Wire)> {
        let line = |part, wire: &Wire| (Line::Motor(side, part), wire.clone());
        let pin = |part, pin: &Pin| (Line::Motor(side, part), Wire::Pin(pin.clone()));
        match self {
            Self::PwmDirection { pwm, direction } => {
                vec![line(MotorLine::Pwm, pwm), pin(MotorLine::Direction, direction)]
            }
            Self::PwmHalves { pwm, forward, backward } => vec![
                line(MotorLine::Pwm, pwm),
                pin(MotorLine::Forward, forward),
                pin(MotorLine::Backward, backward),
            ],
            Self::Halves { forward, backward } => {
                vec![line(MotorLine::Forward, forward), line(MotorLine::Backward, backward)]
            }
            Self::Esc(servo) => vec![line(MotorLine::Esc, &servo.wire)],
        }
    }

    /// The wires that carry PWM.
    #[must_use]
    pub fn pwm_wires(&self) -> Vec<Wire> {
        match self {
            Self::PwmDirection { pwm, .. } | Self::PwmHalves { pwm, .. } => vec![pwm.clone()],
            Self::Halves { forward, backward } => vec![forward.clone(), backward.clone()],
            Self::Esc(_) => Vec::new(),
        }
    }

    pub(super) fn signal(&self, part: MotorLine, turning: Turning) -> Signal {
        let (ahead, back) = match turning {
            Turning::Off => (0, 0),
            Turning::Forwards(power) => (power, 0),
            Turning::Backwards(power) => (0, power),
        };
        match (self, part) {
            (Self::PwmDirection { .. } | Self::PwmHalves { .. }, MotorLine::Pwm) => {
                Signal::pulsed(ahead.max(back))
            }
            (Self::PwmDirection { .. }, MotorLine::Direction)
            | (Self::PwmHalves { .. }, MotorLine::Backward) => Signal::of(back > 0),
            (Self::PwmHalves { .. }, MotorLine::Forward) => Signal::of(ahead > 0),
            (Self::Halves { .. }, MotorLine::Forward) => Signal::pulsed(ahead),
            (Self::Halves { .. }, MotorLine::Backward) => Signal::pulsed(back),
            (Self::Esc(servo), MotorLine::Esc) => servo.at(turning.duty()),
            (Self::PwmDirection { .. } | Self::PwmHalves { .. } | Self::Halves { .. } | Self::Esc(_), _) => {
                Signal::Off
            }
        }
    }
}

/// A servo or speed controller: the width of its pulses, in microseconds, sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servo {
    /// The wire of the pulses.
    pub wire: Wire,
    /// The pulse at -1; may be the longest, where it works the other way round.
    pub least: u16,
    /// The pulse at 0.
    pub centre: u16,
    /// The pulse at +1.
    pub most: u16,
}

impl Servo {
    /// The pulses for a share of full deflection.
    #[must_use]
    pub fn at(&self, share: Duty) -> Signal {
        let end = if share.share() < 0.0 { self.least } else { self.most };
        let (centre, end) = (f64::from(self.centre), f64::from(end));
        // Between two widths that fit.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two of them")]
        let width = ((end - centre).mul_add(share.share().abs(), centre)).round() as u16;
        Signal::Servo(width)
    }
}

/// The direction and power of a motor. Both halves of a bridge at once can't be expressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turning {
    /// No power.
    #[default]
    Off,
    /// Forwards with this many thousandths of full power.
    Forwards(u16),
    /// Backwards with this many thousandths of full power.
    Backwards(u16),
}

impl Turning {
    pub(super) fn new(duty: Duty) -> Self {
        // Cut off to what thousandths are.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 1 is 1000")]
        let thousandths = (duty.share().abs() * 1000.0).round() as u16;
        match duty.share() {
            share if share > 0.0 => Self::Forwards(thousandths),
            share if share < 0.0 => Self::Backwards(thousandths),
            _ => Self::Off,
        }
    }

    /// Follows `self` when `duty` is asked of the motor: without power between the two directions, for one step.
    pub(super) fn then(self, duty: Duty) -> Self {
        let wanted = Self::new(duty);
        match (self, wanted) {
            (Self::Forwards(_), Self::Backwards(_)) | (Self::Backwards(_), Self::Forwards(_)) => Self::Off,
            (Self::Off, _)
            | (_, Self::Off)
            | (Self::Forwards(_), Self::Forwards(_))
            | (Self::Backwards(_), Self::Backwards(_)) => wanted,
        }
    }

    pub(super) fn duty(self) -> Duty {
        match self {
            Self::Off => Duty::ZERO,
            Self::Forwards(power) => Duty::new(f64::from(power) / 1000.0),
            Self::Backwards(power) => Duty::new(f64::from(power) / -1000.0),
        }
    }
}
