//! The setup of a vehicle: checked numbers, from the configuration.

use crate::control::{Sensors, Trust};
use std::time::Duration;
use vehicle_protocol::{Epoch, VehicleId};

/// The way of steering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kinematics {
    /// Two sides at speeds of their own; turns on the spot.
    SkidSteer {
        /// Distance between the sides in metres.
        track: f64,
    },
    /// One steered axle; turns while rolling.
    SteeringServo {
        /// Distance between the axles in metres.
        wheelbase: f64,
        /// Full lock in degrees.
        full_lock: f64,
    },
}

/// Limits that hold for every input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Highest speed in m/s.
    pub speed: f64,
    /// Speed at full motor power in m/s.
    pub full_speed: f64,
    /// One step of ACCELERATE in m/s.
    pub speed_step: f64,
    /// Acceleration in m/s^2.
    pub acceleration: f64,
    /// Service braking in m/s^2.
    pub deceleration: f64,
    /// Highest turn rate in degrees per second.
    pub turn_rate: f64,
    /// Change of the turn rate in degrees per second^2.
    pub turn_acceleration: f64,
    /// Standstill before the direction changes.
    pub reverse_pause: Duration,
}

/// Ticks, holds and timeouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Period of the control loop while anything moves.
    pub tick: Duration,
    /// From a changed level to its effect.
    pub actuator_delay: Duration,
    /// Longest hold of a setpoint.
    pub max_hold: Duration,
    /// Maneuvers motion goes on for so long without a word from the one who began it.
    pub operator_timeout: Duration,
    /// A wheel with an encoder may stand for so long although it is told to turn.
    pub stall_timeout: Duration,
    /// Wheels with encoders may turn for so long although nothing is asked of the motors.
    pub runaway_timeout: Duration,
    /// The vehicle drives itself only if an operator was heard within this time.
    pub autonomy_window: Duration,
    /// ControlLock lapses so long after its holder was last heard.
    pub control_lapse: Duration,
    /// Status is published at least so often.
    pub status_heartbeat: Duration,
    /// Telemetry is published at most so often.
    pub telemetry_interval: Duration,
}

/// Bounds of autonomous driving.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Autonomy {
    /// Set if it may drive to the safe place at all.
    pub enabled: bool,
    /// The safe place: metres to the right of and ahead of where it stood at boot.
    pub safe_place: Option<(f64, f64)>,
    /// Highest speed in m/s.
    pub speed: f64,
    /// Longest drive in metres.
    pub distance: f64,
    /// Longest drive in time.
    pub duration: Duration,
}

/// Fittings besides the motors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a part of its own")]
pub struct Fittings {
    /// Headlights.
    pub headlights: bool,
    /// Parking lights.
    pub parking_lights: bool,
    /// Hazard lights.
    pub hazard_lights: bool,
    /// A horn.
    pub horn: bool,
    /// Doors with a lock.
    pub doors: bool,
    /// Sensors that measure speed and pose.
    pub odometry: bool,
}

/// Everything that the core knows of its vehicle from the beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// Its name.
    pub vehicle: VehicleId,
    /// This boot.
    pub epoch: Epoch,
    /// The back end's name: `sim`, `rppal` or `gpiochip`.
    pub board: String,
    /// The way of steering.
    pub kinematics: Kinematics,
    /// The limits.
    pub limits: Limits,
    /// Ticks, holds and timeouts.
    pub timing: Timing,
    /// Bounds of autonomous driving.
    pub autonomy: Autonomy,
    /// The fittings.
    pub fittings: Fittings,
    /// Sensors besides motion.
    pub sensors: Sensors,
    /// The enrolled keys and the policy for unsigned senders.
    pub trust: Trust,
    /// Set if the emergency stop was set when the agent was last running.
    pub emergency_stopped: bool,
}
