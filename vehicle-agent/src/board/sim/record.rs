//! The outputs as they stand in a file.

use crate::control::{Drivetrain, Duty, Outputs};
use serde::Deserialize;
use vehicle_protocol::Doors;

/// One record as it was written; what stands there besides, such as a cause, is passed over.
#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an output of its own")]
pub(super) struct Record {
    left: Option<f64>,
    right: Option<f64>,
    drive: Option<f64>,
    steer: Option<f64>,
    enable: bool,
    brake: bool,
    headlights: bool,
    parking_lights: bool,
    hazard_lights: bool,
    horn: bool,
    doors: Doors,
}

impl Record {
    /// The outputs, if they are of one drivetrain.
    pub(super) fn outputs(&self) -> Option<Outputs> {
        let drivetrain = match (self.left, self.right, self.drive, self.steer) {
            (Some(left), Some(right), None, None) => {
                Drivetrain::SkidSteer { left: Duty::new(left), right: Duty::new(right) }
            }
            (None, None, Some(drive), Some(steer)) => {
                Drivetrain::SteeringServo { drive: Duty::new(drive), steer: Duty::new(steer) }
            }
            _ => return None,
        };
        Some(Outputs {
            drivetrain,
            enable: self.enable,
            brake: self.brake,
            headlights: self.headlights,
            parking_lights: self.parking_lights,
            hazard_lights: self.hazard_lights,
            horn: self.horn,
            doors: self.doors,
        })
    }
}
