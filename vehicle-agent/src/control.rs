//! The decisions: `handle(now, Input) -> Effects`, pure.

mod input;
mod moment;
mod outputs;

pub use input::{Effects, Input, Odometry, Received, Report, Sensed};
pub use moment::Moment;
pub use outputs::{Cause, Drivetrain, Duty, Outputs};
