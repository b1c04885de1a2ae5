//! Telemetry: the numbers that have changed since the last one.

use crate::Pose;
use serde::{Deserialize, Serialize};

/// Changed values only; a key that is absent has not changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Telemetry {
    /// The vehicle's CLOCK in milliseconds.
    pub time: u64,
    /// Speed, negative backwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_mph: Option<f64>,
    /// Speed asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_speed_mph: Option<f64>,
    /// Heading, 0 to 360, clockwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading_degrees: Option<f64>,
    /// Metres to the right of where it stood at boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_m: Option<f64>,
    /// Metres ahead of where it stood at boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y_m: Option<f64>,
    /// The source of heading, x and y.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pose: Option<Pose>,
    /// Charge of the battery in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery_pct: Option<f64>,
    /// CTR of the last setpoint applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctr: Option<u64>,
}
