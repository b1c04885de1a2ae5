//! The wiring of a board, and the signal of each line for given outputs.

mod encoder;
mod line;
mod motor;
mod order;
mod signal;

pub use encoder::Encoder;
pub use line::{DoorLine, Line, MotorLine, Side};
pub use motor::{Motor, Servo, Turning};
pub(super) use order::{CUT_ORDER, DRIVE_ORDER, change_order};
pub(crate) use signal::SERVO_PERIOD;
pub use signal::Signal;

use crate::board::pin::{Pin, Wire};
use crate::control::{Drivetrain, Duty, Fittings, Outputs};
use std::time::Duration;
use vehicle_protocol::Doors;

/// Everything that is wired to a board.
#[derive(Clone, Debug, PartialEq)]
pub struct Wiring {
    /// Period of the motors' PWM.
    pub pwm_period: Duration,
    /// The motors of the vehicle.
    pub drive: Drive,
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
    /// The lock of the doors.
    pub doors: Option<DoorLock>,
    /// The emergency-stop input, on while the switch is open.
    pub emergency_stop: Option<Pin>,
    /// The encoders of all driven wheels, the left one first, or none.
    pub encoders: Vec<(Side, Encoder)>,
}

/// The motors of the vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drive {
    /// Two sides.
    SkidSteer {
        /// Left side.
        left: Motor,
        /// Right side.
        right: Motor,
    },
    /// One motor and a steered axle.
    SteeringServo {
        /// The motor.
        motor: Motor,
        /// The servo, whose least pulse is full lock to the left.
        steering: Servo,
    },
}

/// The lock of the doors as it is wired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoorLock {
    /// A line that is on while they are unlocked.
    Level(Pin),
    /// Two relays, each on for a moment.
    Relays {
        /// Locks.
        lock: Pin,
        /// Unlocks.
        unlock: Pin,
        /// Time for which a relay is on.
        pulse: Duration,
    },
    /// A servo, whose least pulse locks and whose most unlocks.
    Servo(Servo),
}

/// The power of both sides; of a vehicle with one motor it is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Motion {
    left: Turning,
    right: Turning,
}

impl Motion {
    pub(super) fn new(left: Duty, right: Duty) -> Self {
        Self { left: Turning::new(left), right: Turning::new(right) }
    }

    /// The power of a side as a share of full power, positive forwards.
    #[must_use]
    pub fn duty(self, side: Side) -> Duty {
        self.turning(side).duty()
    }

    pub(super) fn is_off(self) -> bool {
        self == Self::default()
    }

    const fn turning(self, side: Side) -> Turning {
        match side {
            Side::Left | Side::Drive => self.left,
            Side::Right => self.right,
        }
    }
}

impl Drive {
    /// The signal that `motion` asks of a motor's line; off for one that is not wired.
    pub(super) fn signal(&self, side: Side, part: MotorLine, motion: Motion) -> Signal {
        let motor = match (side, self) {
            (Side::Left, Self::SkidSteer { left, .. }) => left,
            (Side::Right, Self::SkidSteer { right, .. }) => right,
            (Side::Drive, Self::SteeringServo { motor, .. }) => motor,
            (Side::Left | Side::Right, Self::SteeringServo { .. })
            | (Side::Drive, Self::SkidSteer { .. }) => {
                return Signal::Off;
            }
        };
        motor.signal(part, motion.turning(side))
    }
}

impl Wiring {
    /// Lists the fittings besides the motors.
    #[must_use]
    pub fn fittings(&self) -> Fittings {
        Fittings {
            headlights: self.headlights.is_some(),
            parking_lights: self.parking_lights.is_some(),
            hazard_lights: self.hazard_lights.is_some(),
            horn: self.horn.is_some(),
            doors: self.doors.is_some(),
            odometry: !self.encoders.is_empty(),
        }
    }

    /// Every output line with the wire that it is on.
    #[must_use]
    pub fn outputs(&self) -> Vec<(Line, Wire)> {
        let mut lines = match &self.drive {
            Drive::SkidSteer { left, right } => [left.lines(Side::Left), right.lines(Side::Right)].concat(),
            Drive::SteeringServo { motor, steering } => {
                [motor.lines(Side::Drive), vec![(Line::Steering, steering.wire.clone())]].concat()
            }
        };
        let switches = [
            (Line::Enable, &self.enable),
            (Line::Brake, &self.brake),
            (Line::Headlights, &self.headlights),
            (Line::ParkingLights, &self.parking_lights),
            (Line::HazardLights, &self.hazard_lights),
            (Line::Horn, &self.horn),
        ];
        let fitted = |(line, pin): (Line, &Option<Pin>)| Some((line, Wire::Pin(pin.clone()?)));
        lines.extend(switches.into_iter().filter_map(fitted));
        lines.extend(self.doors.iter().flat_map(DoorLock::lines));
        lines
    }

    /// Everything that is wired, inputs too, by the key that names it below `wiring`.
    #[must_use]
    pub fn wires(&self) -> Vec<(&'static str, Wire)> {
        let outputs = self.outputs().into_iter().map(|(line, wire)| (line.name(), wire));
        let stop = self.emergency_stop.iter().map(|pin| ("emergency_stop", Wire::Pin(pin.clone())));
        let encoders = self.encoders.iter().flat_map(|(side, encoder)| encoder.wires(*side));
        outputs.chain(stop).chain(encoders).collect()
    }

    /// Every wire that can give power to a motor or choose its way.
    #[must_use]
    pub fn motor_wires(&self) -> Vec<Wire> {
        let motor = |(line, wire)| matches!(line, Line::Motor(..)).then_some(wire);
        self.outputs().into_iter().filter_map(motor).collect()
    }

    /// Follows `motion` when `outputs` are asked of the motors; without enable there is none, even where no line says
    /// so. None if the outputs are those of another drivetrain.
    #[must_use]
    pub fn next_motion(&self, motion: Motion, outputs: &Outputs) -> Option<Motion> {
        let next = match (&self.drive, outputs.drivetrain) {
            (Drive::SkidSteer { .. }, Drivetrain::SkidSteer { left, right }) => {
                Motion { left: motion.left.then(left), right: motion.right.then(right) }
            }
            (Drive::SteeringServo { .. }, Drivetrain::SteeringServo { drive, .. }) => {
                let drive = motion.left.then(drive);
                Motion { left: drive, right: drive }
            }
            (Drive::SkidSteer { .. }, Drivetrain::SteeringServo { .. })
            | (Drive::SteeringServo { .. }, Drivetrain::SkidSteer { .. }) => return None,
        };
        Some(if outputs.enable { next } else { Motion::default() })
    }

    /// The signal that `motion` and `outputs` ask of a line; off for one that is not wired.
    #[must_use]
    pub fn signal(&self, line: Line, motion: Motion, outputs: &Outputs) -> Signal {
        match line {
            Line::Enable => Signal::of(outputs.enable),
            Line::Brake => Signal::of(outputs.brake),
            Line::Headlights => Signal::of(outputs.headlights),
            Line::ParkingLights => Signal::of(outputs.parking_lights),
            Line::HazardLights => Signal::of(outputs.hazard_lights),
            Line::Horn => Signal::of(outputs.horn),
            Line::Motor(side, part) => self.drive.signal(side, part, motion),
            Line::Steering => match (&self.drive, outputs.drivetrain) {
                (Drive::SteeringServo { steering, .. }, Drivetrain::SteeringServo { steer, .. }) => {
                    steering.at(steer)
                }
                _ => Signal::Off,
            },
            Line::Doors(part) => {
                self.doors.as_ref().map_or(Signal::Off, |lock| lock.signal(part, outputs.doors))
            }
        }
    }
}

impl DoorLock {
    fn lines(&self) -> Vec<(Line, Wire)> {
        let line = |part, pin: &Pin| (Line::Doors(part), Wire::Pin(pin.clone()));
        match self {
            Self::Level(pin) => vec![line(DoorLine::Unlocked, pin)],
            Self::Relays { lock, unlock, .. } => {
                vec![line(DoorLine::Lock, lock), line(DoorLine::Unlock, unlock)]
            }
            Self::Servo(servo) => vec![(Line::Doors(DoorLine::Servo), servo.wire.clone())],
        }
    }

    fn signal(&self, part: DoorLine, doors: Doors) -> Signal {
        let unlocked = doors == Doors::Unlocked;
        match (self, part) {
            (Self::Level(_), DoorLine::Unlocked) => Signal::of(unlocked),
            (Self::Relays { pulse, .. }, DoorLine::Lock) if !unlocked => Signal::Once(*pulse),
            (Self::Relays { pulse, .. }, DoorLine::Unlock) if unlocked => Signal::Once(*pulse),
            (Self::Servo(servo), DoorLine::Servo) => {
                Signal::Servo(if unlocked { servo.most } else { servo.least })
            }
            (Self::Level(_) | Self::Relays { .. } | Self::Servo(_), _) => Signal::Off,
        }
    }
}

#[cfg(test)]
mod tests;
