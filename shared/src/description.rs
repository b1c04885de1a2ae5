//! The description of a vehicle: commands, limits and sensors.

use crate::CommandName;
use crate::word::known;
use serde::{Deserialize, Deserializer, Serialize};

/// One argument of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArgumentDescription {
    /// Its key in the command.
    pub key: String,
    /// Its unit.
    pub unit: String,
    /// Lowest value.
    pub min: f64,
    /// Highest value.
    pub max: f64,
    /// True if it may be left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// One command that this vehicle obeys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandDescription {
    /// Its name.
    pub name: CommandName,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<ArgumentDescription>,
}

/// Limits that no command lifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitsDescription {
    /// Highest speed in mph.
    pub max_speed_mph: f64,
    /// One step of ACCELERATE in mph.
    pub speed_step_mph: f64,
    /// Highest turn rate in degrees per second.
    pub max_turn_rate_degrees_per_s: f64,
    /// Acceleration in m/s^2.
    pub acceleration_m_per_s2: f64,
    /// Service braking in m/s^2.
    pub deceleration_m_per_s2: f64,
    /// Longest HOLD_MS of a setpoint.
    pub max_hold_ms: u64,
    /// Longest silence of its operator during discrete motion, in milliseconds.
    pub operator_timeout_ms: u64,
}

/// The description of a vehicle; retained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Version of the contract.
    pub protocol: String,
    /// The vehicle.
    pub vehicle: String,
    /// Version of its agent.
    pub agent_version: String,
    /// The back end that drives the outputs.
    pub board: String,
    /// Its kinematics: `skid_steer` or `steering_servo`.
    pub kinematics: String,
    /// The commands that it obeys; those that only a newer vehicle has are skipped.
    #[serde(deserialize_with = "known_commands")]
    pub commands: Vec<CommandDescription>,
    /// Limits that no command exceeds.
    #[serde(default)]
    pub limits: LimitsDescription,
    /// Names of its sensors.
    #[serde(default)]
    pub sensors: Vec<String>,
}

/// A command that may not be known here.
#[derive(Deserialize)]
struct ListedCommand {
    #[serde(deserialize_with = "known")]
    name: Option<CommandName>,
    #[serde(default)]
    arguments: Vec<ArgumentDescription>,
}

fn known_commands<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CommandDescription>, D::Error> {
    let received = Vec::<ListedCommand>::deserialize(deserializer)?;
    let known = |ListedCommand { name, arguments }| Some(CommandDescription { name: name?, arguments });
    Ok(received.into_iter().filter_map(known).collect())
}
