//! What the guard acts on.

use super::charge::Charge;
use super::pins::PinCutoff;
use super::sim::SimCutoff;
use crate::board::BoardError;
use crate::clock::Clock;
use crate::control::Cause;

/// Outputs of the same board as the agent's, by handles of its own.
pub(crate) trait Cutoff {
    /// Brings the enable line to its level, where there is one.
    fn enable(&mut self, on: bool);

    /// Takes all power from the motors and brakes, whatever the agent does. Once they are safe, it changes nothing.
    ///
    /// # Errors
    /// When an output may not have its level; the others have.
    fn make_safe(&mut self, cause: &Cause) -> Result<(), BoardError>;
}

impl Charge {
    /// Takes the outputs; power to the motors is off from then on until it is enabled.
    ///
    /// # Errors
    /// When a file can't be opened, or a pin can't be used.
    pub(crate) fn open(&self, clock: Clock) -> Result<Box<dyn Cutoff>, BoardError> {
        Ok(match self {
            Self::Sim { drivetrain, trace, levels } => {
                Box::new(SimCutoff::open(*drivetrain, trace.as_deref(), levels.as_deref(), clock)?)
            }
            Self::Rppal { enable, brake, motors } => Box::new(PinCutoff::open(*enable, *brake, motors)?),
        })
    }
}
