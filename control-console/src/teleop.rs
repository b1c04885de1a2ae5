//! Driving by setpoints: the stick, the timing of setpoints, one session with a vehicle, and drives by script. Pure; time is
//! an argument.

pub mod command_ids;
mod report;
pub mod scripted;
pub mod session;
pub mod stick;
mod stick_position;
pub mod timing;

pub use report::{Outcome, Report};
pub use stick_position::StickPosition;
