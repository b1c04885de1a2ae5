//! The names of what can be wired.

use std::fmt;

/// The purpose of an output line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is named for its line")]
pub enum Line {
    Motor(Side, MotorLine),
    Steering,
    Enable,
    Brake,
    Headlights,
    ParkingLights,
    HazardLights,
    Horn,
    Doors(DoorLine),
}

/// A motor of the vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is named for its place")]
pub enum Side {
    Left,
    Right,
    /// The only one, beside a steering servo.
    Drive,
}

/// The purpose of a motor's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is named for its line")]
pub enum MotorLine {
    Pwm,
    Direction,
    Forward,
    Backward,
    /// The pulses of an electronic speed controller.
    Esc,
}

/// The purpose of a line of the doors' lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is named for its line")]
pub enum DoorLine {
    Unlocked,
    Lock,
    Unlock,
    Servo,
}

impl Side {
    /// The keys of the configuration that name the two lines of its encoder, without the table above all.
    #[must_use]
    pub const fn encoder(self) -> [&'static str; 2] {
        match self {
            Self::Left => ["left.encoder_a", "left.encoder_b"],
            Self::Right => ["right.encoder_a", "right.encoder_b"],
            Self::Drive => ["drive.encoder_a", "drive.encoder_b"],
        }
    }
}

impl Line {
    /// Tells that its pulses are those of a servo.
    #[must_use]
    pub const fn is_servo(self) -> bool {
        matches!(self, Self::Steering | Self::Motor(_, MotorLine::Esc) | Self::Doors(DoorLine::Servo))
    }

    /// The key of the configuration that names its pin, without the table above all.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enable => "enable",
            Self::Brake => "brake",
            Self::Headlights => "headlights",
            Self::ParkingLights => "parking_lights",
            Self::HazardLights => "hazard_lights",
            Self::Horn => "horn",
            Self::Steering => "steering.servo",
            Self::Motor(Side::Left, MotorLine::Pwm) => "left.pwm",
            Self::Motor(Side::Left, MotorLine::Direction) => "left.direction",
            Self::Motor(Side::Left, MotorLine::Forward) => "left.forward",
            Self::Motor(Side::Left, MotorLine::Backward) => "left.backward",
            Self::Motor(Side::Left, MotorLine::Esc) => "left.esc",
            Self::Motor(Side::Right, MotorLine::Pwm) => "right.pwm",
            Self::Motor(Side::Right, MotorLine::Direction) => "right.direction",
            Self::Motor(Side::Right, MotorLine::Forward) => "right.forward",
            Self::Motor(Side::Right, MotorLine::Backward) => "right.backward",
            Self::Motor(Side::Right, MotorLine::Esc) => "right.esc",
            Self::Motor(Side::Drive, MotorLine::Pwm) => "drive.pwm",
            Self::Motor(Side::Drive, MotorLine::Direction) => "drive.direction",
            Self::Motor(Side::Drive, MotorLine::Forward) => "drive.forward",
            Self::Motor(Side::Drive, MotorLine::Backward) => "drive.backward",
            Self::Motor(Side::Drive, MotorLine::Esc) => "drive.esc",
            Self::Doors(DoorLine::Unlocked) => "doors.unlocked",
            Self::Doors(DoorLine::Lock) => "doors.lock",
            Self::Doors(DoorLine::Unlock) => "doors.unlock",
            Self::Doors(DoorLine::Servo) => "doors.servo",
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wiring.{}", self.name())
    }
}
