//! The decisions: `handle(now, Input) -> Effects`, pure.

mod input;
mod moment;
mod outputs;
mod setup;

pub use input::{Effects, Input, Odometry, Received, Report, Sensed};
pub use moment::Moment;
pub use outputs::{Cause, Drivetrain, Duty, Outputs};
pub use setup::{Autonomy, Fittings, Kinematics, Limits, Setup, Timing};
