//! What is wired to which pin, and what level each pin has for given outputs.

use crate::control::{Drivetrain, Duty, Fittings, Outputs};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use vehicle_protocol::Doors;

/// One pin of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pin {
    /// Its BCM GPIO number.
    pub gpio: u8,
    /// Whether the line is on when the pin is low.
    pub active_low: bool,
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.gpio, if self.active_low { ":low" } else { "" })
    }
}

impl FromStr for Pin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (gpio, active_low) = text.strip_suffix(":low").map_or((text, false), |gpio| (gpio, true));
        let gpio =
            gpio.parse().map_err(|_| format!("{text:?} is neither a GPIO number nor one with :low"))?;
        Ok(Self { gpio, active_low })
    }
}

/// How one side's motor driver is wired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MotorPins {
    /// Speed on one pin; another is on for backwards.
    PwmDirection {
        /// Speed.
        pwm: Pin,
        /// On for backwards.
        direction: Pin,
    },
    /// Speed on one pin, and a pin for each half of the bridge, as on an L298N.
    PwmHalves {
        /// Speed.
        pwm: Pin,
        /// On for forwards.
        forward: Pin,
        /// On for backwards.
        backward: Pin,
    },
    /// Speed on the pin of the half that is on, as on a DRV8833.
    Halves {
        /// Speed forwards.
        forward: Pin,
        /// Speed backwards.
        backward: Pin,
    },
}

/// Everything that is wired to the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// Period of the software PWM.
    pub pwm_period: Duration,
    /// Left side.
    pub left: MotorPins,
    /// Right side.
    pub right: MotorPins,
    /// The motor driver's enable line.
    pub enable: Option<Pin>,
    /// The brake.
    pub brake: Option<Pin>,
    /// Headlights.
    pub headlights: Option<Pin>,
    /// Parking lights.
    pub parking_lights: Option<Pin>,
    /// Hazard lights.
    pub hazard_lights: Option<Pin>,
    /// Horn.
    pub horn: Option<Pin>,
    /// Door lock, on while unlocked.
    pub doors: Option<Pin>,
}

impl Wiring {
    /// What is fitted besides the motors.
    #[must_use]
    pub const fn fittings(&self) -> Fittings {
        Fittings {
            headlights: self.headlights.is_some(),
            parking_lights: self.parking_lights.is_some(),
            hazard_lights: self.hazard_lights.is_some(),
            horn: self.horn.is_some(),
            doors: self.doors.is_some(),
            odometry: false,
        }
    }

    /// Every pin with the line that it is.
    #[must_use]
    pub fn pins(&self) -> Vec<(Line, Pin)> {
        let motors = Drivetrain::SkidSteer { left: Duty::ZERO, right: Duty::ZERO };
        let nothing = Outputs {
            drivetrain: motors,
            enable: false,
            brake: false,
            headlights: false,
            parking_lights: false,
            hazard_lights: false,
            horn: false,
            doors: Doors::Locked,
        };
        let signals = self.signals(Motion::default(), &nothing);
        signals.into_iter().map(|(line, pin, _)| (line, pin)).collect()
    }

    /// Every pin that can give power to a motor, or choose its way.
    #[must_use]
    pub fn motor_pins(&self) -> Vec<Pin> {
        let motor = |line| matches!(line, Line::Left(_) | Line::Right(_));
        self.pins().into_iter().filter(|(line, _)| motor(*line)).map(|(_, pin)| pin).collect()
    }

    /// Every pin with the line that it is, and the signal that `motion` and `outputs` ask of it.
    #[must_use]
    pub fn signals(&self, motion: Motion, outputs: &Outputs) -> Vec<(Line, Pin, Signal)> {
        let mut signals = motor(self.left, Line::Left, motion.left);
        signals.extend(motor(self.right, Line::Right, motion.right));
        let switches = [
            (Line::Enable, self.enable, outputs.enable),
            (Line::Brake, self.brake, outputs.brake),
            (Line::Headlights, self.headlights, outputs.headlights),
            (Line::ParkingLights, self.parking_lights, outputs.parking_lights),
            (Line::HazardLights, self.hazard_lights, outputs.hazard_lights),
            (Line::Horn, self.horn, outputs.horn),
            (Line::Doors, self.doors, outputs.doors == Doors::Unlocked),
        ];
        let fitted = switches.into_iter().filter_map(|(line, pin, on)| Some((line, pin?, Signal::of(on))));
        signals.extend(fitted);
        signals
    }
}

/// What a pin is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named for its line")]
pub enum Line {
    Enable,
    Brake,
    Left(MotorLine),
    Right(MotorLine),
    Headlights,
    ParkingLights,
    HazardLights,
    Horn,
    Doors,
}

/// What a motor's pin is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named for its line")]
pub enum MotorLine {
    Pwm,
    Direction,
    Forward,
    Backward,
}

impl Line {
    /// The key of the configuration that names its pin.
    #[must_use]
    pub fn key(self) -> String {
        let (table, line) = match self {
            Self::Enable => return "rppal.enable".to_owned(),
            Self::Brake => return "rppal.brake".to_owned(),
            Self::Headlights => return "rppal.headlights".to_owned(),
            Self::ParkingLights => return "rppal.parking_lights".to_owned(),
            Self::HazardLights => return "rppal.hazard_lights".to_owned(),
            Self::Horn => return "rppal.horn".to_owned(),
            Self::Doors => return "rppal.doors".to_owned(),
            Self::Left(line) => ("left", line),
            Self::Right(line) => ("right", line),
        };
        let line = match line {
            MotorLine::Pwm => "pwm",
            MotorLine::Direction => "direction",
            MotorLine::Forward => "forward",
            MotorLine::Backward => "backward",
        };
        format!("rppal.{table}.{line}")
    }
}

/// What a pin gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Off all the time.
    Off,
    /// On all the time.
    On,
    /// On for this many thousandths of each period: 1 to 999.
    Pulsed(u16),
}

impl Signal {
    const fn of(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }

    const fn pulsed(thousandths: u16) -> Self {
        match thousandths {
            0 => Self::Off,
            1000.. => Self::On,
            _ => Self::Pulsed(thousandths),
        }
    }
}

/// What a motor does: one way, the other, or nothing. Both halves of a bridge at once can't be said.
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
    /// What the motor does after `self` when `duty` is asked of it: nothing between the two ways, for one step.
    fn then(self, duty: Duty) -> Self {
        // Cut off to what thousandths are.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 1 is 1000")]
        let thousandths = (duty.share().abs() * 1000.0).round() as u16;
        let wanted = match duty.share() {
            share if share > 0.0 => Self::Forwards(thousandths),
            share if share < 0.0 => Self::Backwards(thousandths),
            _ => Self::Off,
        };
        match (self, wanted) {
            (Self::Forwards(_), Self::Backwards(_)) | (Self::Backwards(_), Self::Forwards(_)) => Self::Off,
            _ => wanted,
        }
    }
}

/// What both motors do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Motion {
    left: Turning,
    right: Turning,
}

impl Motion {
    /// What they do after `self` when `outputs` are asked of them; without enable nothing, even where no line says so.
    /// None for a drivetrain that is not wired so.
    #[must_use]
    pub fn then(self, outputs: &Outputs) -> Option<Self> {
        match outputs.drivetrain {
            _ if !outputs.enable => Some(Self::default()),
            Drivetrain::SkidSteer { left, right } => {
                Some(Self { left: self.left.then(left), right: self.right.then(right) })
            }
            Drivetrain::SteeringServo { .. } => None,
        }
    }
}

fn motor(pins: MotorPins, line: fn(MotorLine) -> Line, turning: Turning) -> Vec<(Line, Pin, Signal)> {
    let (ahead, back) = match turning {
        Turning::Off => (0, 0),
        Turning::Forwards(power) => (power, 0),
        Turning::Backwards(power) => (0, power),
    };
    let pwm = |pin| (line(MotorLine::Pwm), pin, Signal::pulsed(ahead.max(back)));
    match pins {
        MotorPins::PwmDirection { pwm: speed, direction } => {
            vec![pwm(speed), (line(MotorLine::Direction), direction, Signal::of(back > 0))]
        }
        MotorPins::PwmHalves { pwm: speed, forward, backward } => vec![
            pwm(speed),
            (line(MotorLine::Forward), forward, Signal::of(ahead > 0)),
            (line(MotorLine::Backward), backward, Signal::of(back > 0)),
        ],
        MotorPins::Halves { forward, backward } => vec![
            (line(MotorLine::Forward), forward, Signal::pulsed(ahead)),
            (line(MotorLine::Backward), backward, Signal::pulsed(back)),
        ],
    }
}

#[cfg(test)]
mod tests;
