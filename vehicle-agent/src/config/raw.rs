//! The configuration as it is written: names, types and nesting. What a value must be is checked elsewhere.

use crate::board::Bias;
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
    pub(super) trust: RawTrust,
    pub(super) sim: RawSim,
    pub(super) wiring: RawWiring,
    pub(super) sensors: RawSensors,
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
    pub(super) stall_timeout_s: Field<f64>,
    pub(super) runaway_timeout_s: Field<f64>,
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
pub(super) struct RawTrust {
    pub(super) unsigned: Field<RawUnsigned>,
    pub(super) owner_clears: Field<bool>,
    pub(super) keys_dir: Field<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawUnsigned {
    Auto,
    Accept,
    StopOnly,
    Refuse,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawSim {
    pub(super) trace: Field<PathBuf>,
    pub(super) levels: Field<PathBuf>,
    pub(super) metres_per_pulse: Field<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawWiring {
    pub(super) pwm_hz: Field<u32>,
    pub(super) no_enable_line: Field<bool>,
    pub(super) left: RawMotor,
    pub(super) right: RawMotor,
    pub(super) drive: RawMotor,
    pub(super) steering: RawSteering,
    pub(super) enable: Field<RawPin>,
    pub(super) brake: Field<RawPin>,
    pub(super) headlights: Field<RawPin>,
    pub(super) parking_lights: Field<RawPin>,
    pub(super) hazard_lights: Field<RawPin>,
    pub(super) horn: Field<RawPin>,
    pub(super) emergency_stop: Field<RawPin>,
    pub(super) doors: RawDoors,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawMotor {
    pub(super) pwm: Field<RawPin>,
    pub(super) direction: Field<RawPin>,
    pub(super) forward: Field<RawPin>,
    pub(super) backward: Field<RawPin>,
    pub(super) esc: Field<RawPin>,
    pub(super) backward_us: Field<u16>,
    pub(super) neutral_us: Field<u16>,
    pub(super) forward_us: Field<u16>,
    pub(super) encoder_a: Field<RawPin>,
    pub(super) encoder_b: Field<RawPin>,
    pub(super) pulses_per_turn: Field<f64>,
    pub(super) wheel_circumference_m: Field<f64>,
    pub(super) metres_per_pulse: Field<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawSteering {
    pub(super) servo: Field<RawPin>,
    pub(super) left_us: Field<u16>,
    pub(super) centre_us: Field<u16>,
    pub(super) right_us: Field<u16>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawDoors {
    pub(super) unlocked: Field<RawPin>,
    pub(super) lock: Field<RawPin>,
    pub(super) unlock: Field<RawPin>,
    pub(super) pulse_ms: Field<u64>,
    pub(super) servo: Field<RawPin>,
    pub(super) locked_us: Field<u16>,
    pub(super) unlocked_us: Field<u16>,
}

/// A pin is one setting: which keys it needs depends on the others.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct RawPin {
    pub(super) gpio: Option<u8>,
    pub(super) hardware: Option<bool>,
    pub(super) line: Option<String>,
    pub(super) chip: Option<String>,
    pub(super) offset: Option<u32>,
    pub(super) pwmchip: Option<String>,
    pub(super) channel: Option<u32>,
    pub(super) active_low: Option<bool>,
    pub(super) bias: Option<Bias>,
    pub(super) power_on: Option<PowerOn>,
}

/// The power-on pull of a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PowerOn {
    High,
    Low,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawSensors {
    pub(super) sysfs: Field<PathBuf>,
    pub(super) interval_s: Field<f64>,
    pub(super) battery: RawBattery,
    pub(super) others: Field<Vec<RawSensor>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawBattery {
    pub(super) voltage: Field<RawSensor>,
    pub(super) empty_v: Field<f64>,
    pub(super) full_v: Field<f64>,
    pub(super) charge: Field<Vec<(f64, f64)>>,
    pub(super) low_pct: Field<f64>,
}

/// A sensor is one setting: which keys it needs depends on the others.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct RawSensor {
    pub(super) name: Option<String>,
    pub(super) iio: Option<String>,
    pub(super) hwmon: Option<String>,
    pub(super) w1: Option<String>,
    pub(super) on: Option<String>,
    pub(super) input: Option<String>,
    pub(super) ratio: Option<f64>,
}
