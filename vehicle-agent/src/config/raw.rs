//! The configuration as it is written: names, types and nesting. What a value must be is checked elsewhere.

use serde::Deserialize;
use std::path::PathBuf;
use vehicle_settings::Field;

#[derive(Debug, Deserialize)]
pub(super) struct Raw {
    pub(super) vehicle: Field<String>,
    pub(super) root: Field<String>,
    pub(super) log: Field<String>,
    pub(super) state_dir: Field<PathBuf>,
    pub(super) broker: RawBroker,
    pub(super) board: RawBoard,
    pub(super) drivetrain: RawDrivetrain,
    pub(super) limits: RawLimits,
    pub(super) timing: RawTiming,
    pub(super) budget: RawBudget,
    pub(super) autonomy: RawAutonomy,
    pub(super) sim: RawSim,
    pub(super) rppal: RawRppal,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawBroker {
    pub(super) url: Field<String>,
    pub(super) user: Field<String>,
    pub(super) password_file: Field<PathBuf>,
    pub(super) ca_file: Field<PathBuf>,
    pub(super) cert_file: Field<PathBuf>,
    pub(super) key_file: Field<PathBuf>,
    pub(super) keepalive_s: Field<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawBoard {
    pub(super) kind: Field<BoardKind>,
}

/// The back ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoardKind {
    /// Simulated, with motion.
    Sim,
    /// A Raspberry Pi's header.
    Rppal,
    /// Any board with a GPIO character device.
    Gpiochip,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawDrivetrain {
    pub(super) kind: Field<DrivetrainKind>,
    pub(super) track_m: Field<f64>,
    pub(super) wheelbase_m: Field<f64>,
    pub(super) full_lock_degrees: Field<f64>,
    pub(super) full_speed_mph: Field<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DrivetrainKind {
    SkidSteer,
    SteeringServo,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawLimits {
    pub(super) max_speed_mph: Field<f64>,
    pub(super) speed_step_mph: Field<f64>,
    pub(super) acceleration_m_per_s2: Field<f64>,
    pub(super) deceleration_m_per_s2: Field<f64>,
    pub(super) max_turn_rate_degrees_per_s: Field<f64>,
    pub(super) turn_acceleration_degrees_per_s2: Field<f64>,
    pub(super) reverse_pause_s: Field<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawTiming {
    pub(super) tick_ms: Field<u64>,
    pub(super) actuator_delay_ms: Field<u64>,
    pub(super) max_hold_ms: Field<u64>,
    pub(super) operator_timeout_s: Field<f64>,
    pub(super) autonomy_window_s: Field<f64>,
    pub(super) control_lapse_s: Field<f64>,
    pub(super) status_heartbeat_s: Field<f64>,
    pub(super) telemetry_interval_ms: Field<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawBudget {
    pub(super) drive_stopping_distance_m: Field<f64>,
    pub(super) discrete_stopping_distance_m: Field<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawAutonomy {
    pub(super) enabled: Field<bool>,
    pub(super) safe_place_x_m: Field<f64>,
    pub(super) safe_place_y_m: Field<f64>,
    pub(super) max_speed_mph: Field<f64>,
    pub(super) max_distance_m: Field<f64>,
    pub(super) max_duration_s: Field<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawSim {
    pub(super) trace: Field<PathBuf>,
    pub(super) levels: Field<PathBuf>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawRppal {
    pub(super) pwm_hz: Field<u32>,
    pub(super) no_enable_line: Field<bool>,
    pub(super) left: RawMotor,
    pub(super) right: RawMotor,
    pub(super) enable: RawPin,
    pub(super) brake: RawPin,
    pub(super) headlights: RawPin,
    pub(super) parking_lights: RawPin,
    pub(super) hazard_lights: RawPin,
    pub(super) horn: RawPin,
    pub(super) doors: RawPin,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawMotor {
    pub(super) pwm: RawPin,
    pub(super) direction: RawPin,
    pub(super) forward: RawPin,
    pub(super) backward: RawPin,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawPin {
    pub(super) gpio: Field<u8>,
    pub(super) active_low: Field<bool>,
}
