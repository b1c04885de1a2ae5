//! The complete desired outputs: level, not edge.

use super::Kinematics;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vehicle_protocol::{CommandId, CommandName, Doors, Reason};

/// A signed share of full scale, in thousandths: -1000 to 1000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Duty(i16);

impl Duty {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The nearest duty to `share`, from -1 to 1; more is cut off, and NaN is zero.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "clamped to what fits")]
    pub fn new(share: f64) -> Self {
        Self((share.clamp(-1.0, 1.0) * 1000.0).round() as i16)
    }

    /// The share, from -1 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.0) / 1000.0
    }

    /// Tells whether it is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Serialize for Duty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.share())
    }
}

impl<'de> Deserialize<'de> for Duty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self::new)
    }
}

/// The outputs that move the vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Drivetrain {
    /// Two sides at speeds of their own.
    SkidSteer {
        /// Left side, positive forwards.
        left: Duty,
        /// Right side, positive forwards.
        right: Duty,
    },
    /// One drive and a steered axle.
    SteeringServo {
        /// Drive, positive forwards.
        drive: Duty,
        /// Share of full lock, positive to the right.
        steer: Duty,
    },
}

impl Drivetrain {
    /// The drivetrain of a vehicle that stands, with its wheels straight.
    #[must_use]
    pub const fn at_rest(kinematics: Kinematics) -> Self {
        match kinematics {
            Kinematics::SkidSteer { .. } => Self::SkidSteer { left: Duty::ZERO, right: Duty::ZERO },
            Kinematics::SteeringServo { .. } => Self::SteeringServo { drive: Duty::ZERO, steer: Duty::ZERO },
        }
    }

    /// The same drivetrain without motor power; a steering servo keeps its angle.
    #[must_use]
    pub const fn unpowered(self) -> Self {
        match self {
            Self::SkidSteer { .. } => Self::SkidSteer { left: Duty::ZERO, right: Duty::ZERO },
            Self::SteeringServo { steer, .. } => Self::SteeringServo { drive: Duty::ZERO, steer },
        }
    }

    /// Tells whether a motor has power.
    #[must_use]
    pub const fn is_powered(self) -> bool {
        match self {
            Self::SkidSteer { left, right } => !left.is_zero() || !right.is_zero(),
            Self::SteeringServo { drive, .. } => !drive.is_zero(),
        }
    }
}

/// Every output of the board at its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an output of its own")]
pub struct Outputs {
    /// The motors.
    #[serde(flatten)]
    pub drivetrain: Drivetrain,
    /// The motor driver's enable line.
    pub enable: bool,
    /// The brake: on while braking hard, while parked and in emergency stop.
    pub brake: bool,
    /// Headlights.
    pub headlights: bool,
    /// Parking lights.
    pub parking_lights: bool,
    /// Hazard lights.
    pub hazard_lights: bool,
    /// The horn.
    pub horn: bool,
    /// The doors.
    pub doors: Doors,
}

impl Outputs {
    /// Everything off and locked, with `drivetrain` as it is.
    #[must_use]
    pub const fn off(drivetrain: Drivetrain) -> Self {
        Self {
            drivetrain,
            enable: false,
            brake: false,
            headlights: false,
            parking_lights: false,
            hazard_lights: false,
            horn: false,
            doors: Doors::Locked,
        }
    }

    /// The same outputs with nothing left that could move the vehicle.
    #[must_use]
    pub const fn made_safe(self) -> Self {
        Self { drivetrain: self.drivetrain.unpowered(), enable: false, brake: true, horn: false, ..self }
    }
}

/// The cause of the outputs, for the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The agent started.
    Boot,
    /// A command, under its ID if it has one.
    Command(CommandName, Option<CommandId>),
    /// The vehicle stopped by itself.
    Failsafe(Reason),
    /// The guard found the agent silent.
    Guard,
    /// A person tries the outputs at the bench.
    BenchTest,
    /// The outputs were made safe before the start or after the end of the agent.
    MakeSafe,
}

impl Cause {
    /// The word for the trace.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Boot => "BOOT",
            Self::Command(name, _) => name.as_str(),
            Self::Failsafe(reason) => reason.as_str(),
            Self::Guard => "GUARD",
            Self::BenchTest => "TEST_OUTPUTS",
            Self::MakeSafe => "MAKE_SAFE",
        }
    }

    /// The ID of the command, where it has one.
    #[must_use]
    pub const fn id(&self) -> Option<&CommandId> {
        match self {
            Self::Command(_, id) => id.as_ref(),
            Self::Boot | Self::Failsafe(_) | Self::Guard | Self::BenchTest | Self::MakeSafe => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duty_is_cut_to_full_scale_and_nothing_that_is_no_number_powers_a_motor() {
        for (share, duty) in [(2.0, 1.0), (f64::INFINITY, 1.0), (-7.0, -1.0), (f64::NAN, 0.0), (0.000_4, 0.0)]
        {
            assert_eq!(Duty::new(share), Duty::new(duty), "{share}");
        }
        assert!(Duty::new(0.000_4).is_zero() && Duty::new(-1.5).share() >= -1.0);
    }
}
