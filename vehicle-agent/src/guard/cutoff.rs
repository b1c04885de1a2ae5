//! The guard's hold of the outputs.

use crate::board::BoardError;
use crate::control::Cause;

/// Outputs of the same board as the agent's, by handles of its own.
pub(crate) trait Cutoff {
    /// Brings the enable line to its level, where there is one.
    ///
    /// # Errors
    /// If it can't be switched.
    fn enable(&mut self, on: bool) -> Result<(), BoardError>;

    /// Takes all power from the motors and brakes, whatever the agent does. Once they are safe, it changes nothing.
    ///
    /// # Errors
    /// If an output may not have its level; the others have.
    fn make_safe(&mut self, cause: &Cause, agent: Agent) -> Result<(), BoardError>;
}

/// The agent's state when its outputs are made safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agent {
    /// It is there, and has its lines.
    Silent,
    /// It is not there, or not for long.
    Gone,
}
