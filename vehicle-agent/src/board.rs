//! The deeds: bring outputs to their levels, measure.

pub mod rppal;
pub mod sim;

use crate::control::{Cause, Moment, Outputs, Sensed};

/// A board that could not bring an output to its level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{output}: {problem}; {next_step}")]
pub struct BoardError {
    /// The output or line.
    pub output: String,
    /// What went wrong.
    pub problem: String,
    /// What a person can do about it.
    pub next_step: String,
}

/// Outputs and sensors of a vehicle, whatever drives them.
pub trait Board {
    /// Brings every output to its level; called with the same levels again it changes nothing.
    ///
    /// # Errors
    /// When an output can't be brought to its level; others may have been.
    fn apply(&mut self, now: Moment, outputs: &Outputs, cause: &Cause) -> Result<(), BoardError>;

    /// Measures what the board can measure.
    fn sense(&mut self, now: Moment) -> Sensed;
}
