//! The simulated board: motion that obeys its outputs, and files that show them.

mod encoders;
mod levels;
mod model;
mod record;
mod trace;

pub use encoders::SimEncoders;
pub use levels::Levels;
pub use trace::Trace;

use crate::board::{Board, BoardError};
use crate::control::{Cause, Drivetrain, Kinematics, Limits, Moment, Outputs, Sensed};
use encoders::Counters;
use model::Model;
use std::path::PathBuf;

/// The files of a simulated board, and its encoders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SimOptions {
    /// `CLOCK_MONOTONIC` at the start of the agent, in nanoseconds.
    pub started_ns: u64,
    /// The trace to append to.
    pub trace: Option<PathBuf>,
    /// The file that holds the levels of the pins.
    pub levels: Option<PathBuf>,
    /// The encoders of its wheels; none measures speed and pose themselves, and perfectly.
    pub encoders: Option<SimEncoders>,
}

/// A vehicle that is not there.
#[derive(Debug)]
pub struct SimBoard {
    model: Model,
    counters: Option<Counters>,
    trace: Option<Trace>,
    levels: Option<Levels>,
    shown: Option<Outputs>,
}

impl SimBoard {
    /// A vehicle that stands where heading, x and y are zero, with brakes off and nothing powered.
    ///
    /// # Errors
    /// If a file can't be opened.
    pub fn new(kinematics: Kinematics, limits: &Limits, options: &SimOptions) -> Result<Self, BoardError> {
        let trace =
            options.trace.as_deref().map(|file| Trace::append(file, options.started_ns)).transpose()?;
        let levels = options.levels.as_deref().map(Levels::open).transpose()?;
        let counters = options.encoders.map(Counters::new);
        Ok(Self { model: Model::new(kinematics, limits), counters, trace, levels, shown: None })
    }
}

impl Board for SimBoard {
    fn apply(&mut self, now: Moment, outputs: &Outputs, cause: &Cause) -> Result<(), BoardError> {
        let fits = matches!(
            (self.model.kinematics(), outputs.drivetrain),
            (Kinematics::SkidSteer { .. }, Drivetrain::SkidSteer { .. })
                | (Kinematics::SteeringServo { .. }, Drivetrain::SteeringServo { .. })
        );
        if !fits {
            return Err(BoardError::new(
                "motors",
                "the outputs are of another drivetrain".to_owned(),
                "set drivetrain.kind to what the vehicle has",
            ));
        }
        self.model.obey(now, outputs);
        if self.shown.as_ref() == Some(outputs) {
            return Ok(());
        }
        // Pins first: what the record says has then happened. A failure of one file must not keep the other from its line.
        let levels = self.levels.as_mut().map_or(Ok(()), |levels| levels.write(outputs));
        let trace = self.trace.as_mut().map_or(Ok(()), |trace| trace.line(now, outputs, cause));
        levels.and(trace)?;
        self.shown = Some(*outputs);
        Ok(())
    }

    fn sense(&mut self, now: Moment) -> Sensed {
        match &mut self.counters {
            Some(counters) => {
                let wheels = counters.measure(now, self.model.travel(now), self.model.kinematics());
                Sensed { wheels: Some(wheels), ..Sensed::default() }
            }
            None => Sensed { odometry: Some(self.model.odometry(now)), ..Sensed::default() },
        }
    }
}

#[cfg(test)]
mod tests;
