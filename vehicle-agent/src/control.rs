//! The decisions: `handle(now, Input) -> Effects`, pure.
//!
//! Time is an argument, outputs are levels, and motion cannot be written down without its expiry, so that any trace can be
//! replayed as a test and no path can forget to stop.

mod admit;
mod autopilot;
mod control_lock;
mod dedup_cache;
mod in_flight;
mod input;
mod keyring;
mod latch;
mod maneuvers;
mod mode;
mod moment;
mod motion;
mod order;
mod outputs;
mod report;
mod safety_checks;
#[cfg(test)]
pub(crate) mod samples;
mod sensors;
mod sessions;
mod setup;
mod vehicle;
mod wheels;

pub use input::{Effects, Input, Odometry, Received, Report, Sensed};
pub use keyring::{Policy, Trust};
pub use moment::Moment;
pub use outputs::{Cause, Drivetrain, Duty, Outputs};
pub use safety_checks::SafetyChecks;
pub use sensors::{Battery, Sensor, Sensors};
pub use setup::{Autonomy, Fittings, Kinematics, Limits, Setup, Timing};
pub use vehicle::Vehicle;
pub use wheels::{Wheel, Wheels};
