//! The mode of the vehicle, and the outputs that follow from it.

use crate::control::autopilot::Autopilot;
use crate::control::maneuvers::Maneuvers;
use crate::control::motion::{Motion, Target};
use crate::control::order::Party;
use crate::control::{Drivetrain, Moment};
use vehicle_protocol::{self as protocol, Reason};

/// The one thing that the vehicle is doing.
#[derive(Clone, Debug)]
pub(super) enum Mode {
    /// Motor driver disabled.
    Off,
    /// Motor driver enabled, nothing asked for.
    Standing,
    /// Moving for as long as the lease is renewed.
    Driving(Driving),
    /// Slowing to a stop because somebody said so; then the motor driver stays enabled or not.
    Braking { engine_off: bool },
    /// Stopped by itself; ends with the next fresh motion command once it stands.
    Failsafe(Reason),
    /// Stopped by itself without trusting its own parts; ends only when cleared on purpose.
    Fault(Reason),
    /// Stopped on purpose; ends only when cleared on purpose.
    EmergencyStop,
}

/// Motion, which cannot be written down without its expiry.
#[derive(Clone, Debug)]
pub(super) struct Driving {
    pub(super) lease: Lease,
    pub(super) way: DriveSource,
}

/// Until when motion may go on, and who may renew it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) until: Moment,
    pub(super) party: Party,
}

/// The source of motion.
#[derive(Clone, Debug)]
pub(super) enum DriveSource {
    /// A held stick.
    Setpoint(Target),
    /// Single commands: a speed asked for, and turns.
    Maneuvers(Maneuvers),
    /// The way to the safe place.
    SafePlace(Autopilot),
}

/// The part of the outputs that moves or holds the vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Power {
    pub(super) drivetrain: Drivetrain,
    pub(super) enable: bool,
    pub(super) brake: bool,
}

impl Mode {
    /// Tells whether the motor driver is enabled.
    pub(super) const fn engine(&self) -> bool {
        match self {
            Self::Standing | Self::Driving(_) | Self::Braking { .. } | Self::Failsafe(_) => true,
            Self::Off | Self::Fault(_) | Self::EmergencyStop => false,
        }
    }

    /// Tells whether the brake is on until somebody clears.
    pub(super) const fn holds_brake(&self) -> bool {
        match self {
            Self::Fault(_) | Self::EmergencyStop => true,
            Self::Off | Self::Standing | Self::Driving(_) | Self::Braking { .. } | Self::Failsafe(_) => false,
        }
    }

    /// The lease in force.
    pub(super) const fn lease(&self) -> Option<&Lease> {
        match self {
            Self::Driving(driving) => Some(&driving.lease),
            Self::Off
            | Self::Standing
            | Self::Braking { .. }
            | Self::Failsafe(_)
            | Self::Fault(_)
            | Self::EmergencyStop => None,
        }
    }

    /// Motors, enable line and brake: the one place where they are decided.
    pub(super) fn power(&self, motion: &Motion, parking_brake: bool) -> Power {
        let moving = motion.drivetrain();
        let off = moving.unpowered();
        let (drivetrain, enable, brake) = match self {
            Self::Off => (off, false, parking_brake),
            Self::Standing => (off, true, parking_brake),
            Self::Driving(_) => (moving, true, false),
            Self::Braking { .. } | Self::Failsafe(_) => (moving, true, true),
            Self::Fault(_) | Self::EmergencyStop => (off, false, true),
        };
        Power { drivetrain, enable, brake }
    }

    /// The target of the motors, before the limits.
    pub(super) fn target(&self, motion: &Motion, max_speed: f64) -> Target {
        let Self::Driving(Driving { way, .. }) = self else { return Target::REST };
        let target = match way {
            DriveSource::Setpoint(target) => *target,
            DriveSource::Maneuvers(discrete) => discrete.target(motion),
            DriveSource::SafePlace(autopilot) => autopilot.target(motion),
        };
        Target { speed: target.speed.clamp(-max_speed, max_speed), ..target }
    }

    /// The mode that follows once the vehicle stands, if nothing more is asked of it.
    pub(super) fn at_rest(&self) -> Option<Self> {
        match self {
            Self::Driving(Driving { way: DriveSource::Setpoint(target), .. }) => {
                (*target == Target::REST).then_some(Self::Standing)
            }
            Self::Driving(Driving { way: DriveSource::Maneuvers(discrete), .. }) => {
                discrete.rests().then_some(Self::Standing)
            }
            Self::Braking { engine_off } => Some(if *engine_off { Self::Off } else { Self::Standing }),
            Self::Driving(Driving { way: DriveSource::SafePlace(_), .. })
            | Self::Off
            | Self::Standing
            | Self::Failsafe(_)
            | Self::Fault(_)
            | Self::EmergencyStop => None,
        }
    }

    /// The word for status.
    pub(super) const fn word(&self) -> protocol::Mode {
        match self {
            Self::Off => protocol::Mode::Off,
            Self::Standing => protocol::Mode::Standing,
            Self::Driving(Driving { way: DriveSource::SafePlace(_), .. }) => protocol::Mode::Autonomous,
            Self::Driving(_) => protocol::Mode::Driving,
            Self::Braking { .. } => protocol::Mode::Braking,
            Self::Failsafe(_) | Self::Fault(_) => protocol::Mode::Failsafe,
            Self::EmergencyStop => protocol::Mode::EmergencyStop,
        }
    }

    /// The cause of its failsafe.
    pub(super) const fn cause(&self) -> Option<Reason> {
        match self {
            Self::Failsafe(reason) | Self::Fault(reason) => Some(*reason),
            Self::Off | Self::Standing | Self::Driving(_) | Self::Braking { .. } | Self::EmergencyStop => {
                None
            }
        }
    }
}
