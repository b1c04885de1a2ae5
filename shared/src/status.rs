//! The whole state of a vehicle.

use crate::word::{known, words};
use crate::{Epoch, Reason};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words! {
    /// The mode of a vehicle.
    Mode {
        /// Engine off.
        Off = "off",
        /// Engine on, standing.
        Standing = "standing",
        /// Moving on somebody's command.
        Driving = "driving",
        /// Braking on somebody's command.
        Braking = "braking",
        /// Driving itself to the safe place.
        Autonomous = "autonomous",
        /// Stopped, or stopping, by itself for `cause`.
        Failsafe = "failsafe",
        /// Emergency stop, latched.
        EmergencyStop = "emergency_stop",
    }
}

words! {
    /// The source of the position.
    Pose {
        /// From sensors.
        Measured = "measured",
        /// Reckoned from what the motors were told.
        Modelled = "modelled",
        /// From nowhere.
        Unknown = "unknown",
    }
}

words! {
    /// The doors.
    Doors {
        /// Closed and locked.
        Locked = "locked",
        /// Unlocked and open.
        Unlocked = "unlocked",
    }
}

/// Counters of the link since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkCounters {
    /// Connections.
    pub connections: u32,
    /// Messages received.
    pub received: u64,
    /// Answers and events dropped because they could not be sent for too long.
    pub dropped: u64,
}

/// The whole state; retained. Missing keys read as their defaults, so that a console outlives its vehicles' updates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an output of its own")]
pub struct Status {
    /// The vehicle's CLOCK in milliseconds.
    pub time: u64,
    /// The boot.
    pub epoch: Epoch,
    /// Its mode.
    pub mode: Mode,
    /// Why it stopped, in failsafe.
    #[serde(deserialize_with = "known")]
    pub cause: Option<Reason>,
    /// Motor driver enabled.
    pub engine: bool,
    /// Speed, negative backwards.
    pub speed_mph: f64,
    /// Speed asked for.
    pub target_speed_mph: f64,
    /// Highest speed, the lower of the one set and the board's.
    pub max_speed_mph: f64,
    /// Lowest speed that ACCELERATE asks for.
    pub min_speed_mph: f64,
    /// Heading, 0 to 360, clockwise; 0 is where it faced at boot.
    pub heading_degrees: f64,
    /// Metres to the right of where it stood at boot.
    pub x_m: f64,
    /// Metres ahead of where it stood at boot.
    pub y_m: f64,
    /// The source of heading, x and y.
    pub pose: Pose,
    /// The safe place, in metres to the right of where it stood at boot; absent where none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safe_place_x_m: Option<f64>,
    /// The safe place, in metres ahead of where it stood at boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safe_place_y_m: Option<f64>,
    /// Charge of the battery in percent; absent where it is not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery_pct: Option<f64>,
    /// Voltage of the battery in V; absent where it is not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery_v: Option<f64>,
    /// Other measurements, each under a name with its unit at the end; absent where there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sensors: BTreeMap<String, f64>,
    /// Parking brake on.
    pub parking_brake: bool,
    /// The doors.
    pub doors: Doors,
    /// Headlights on.
    pub headlights: bool,
    /// Parking lights on.
    pub parking_lights: bool,
    /// Hazard lights on.
    pub hazard_lights: bool,
    /// The holder of control.
    pub driver: Option<String>,
    /// The party that gets control when the notice to its holder is over; left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_driver: Option<String>,
    /// Counters of the link.
    pub link: LinkCounters,
    /// Commands executed since boot.
    pub executed: u64,
    /// Commands refused since boot.
    pub refused: u64,
    /// Time since the agent started, in seconds.
    pub uptime_s: u64,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            time: 0,
            epoch: Epoch::default(),
            mode: Mode::Off,
            cause: None,
            engine: false,
            speed_mph: 0.0,
            target_speed_mph: 0.0,
            max_speed_mph: 0.0,
            min_speed_mph: 0.0,
            heading_degrees: 0.0,
            x_m: 0.0,
            y_m: 0.0,
            pose: Pose::Unknown,
            safe_place_x_m: None,
            safe_place_y_m: None,
            battery_pct: None,
            battery_v: None,
            sensors: BTreeMap::new(),
            parking_brake: false,
            doors: Doors::Locked,
            headlights: false,
            parking_lights: false,
            hazard_lights: false,
            driver: None,
            next_driver: None,
            link: LinkCounters::default(),
            executed: 0,
            refused: 0,
            uptime_s: 0,
        }
    }
}
