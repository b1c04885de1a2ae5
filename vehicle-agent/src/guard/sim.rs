//! The guard's own hold of a simulated board's files.

use super::cutoff::{Agent, Cutoff};
use super::guarded_outputs::SimFiles;
use crate::board::BoardError;
use crate::board::sim::{Levels, Trace};
use crate::clock::Clock;
use crate::control::{Cause, Drivetrain, Outputs};

/// Levels and trace of the same board as the agent's.
#[derive(Debug)]
pub(super) struct SimCutoff {
    drivetrain: Drivetrain,
    levels: Option<Levels>,
    trace: Option<Trace>,
    clock: Clock,
}

impl SimCutoff {
    pub(super) fn open(files: &SimFiles, clock: Clock) -> Result<Self, BoardError> {
        let append = |file| Trace::append(file, clock.monotonic_ns_at_start());
        let trace = files.trace.as_deref().map(append).transpose()?;
        let levels = files.levels.as_deref().map(Levels::open).transpose()?;
        Ok(Self { drivetrain: files.drivetrain, levels, trace, clock })
    }

    /// The outputs as they are, as far as they were ever written; a file that is damaged counts as not written.
    fn known(&self) -> Option<Outputs> {
        let levels = self.levels.as_ref().and_then(|levels| levels.read().ok().flatten());
        levels.or_else(|| self.trace.as_ref().and_then(Trace::last))
    }
}

impl Cutoff for SimCutoff {
    fn enable(&mut self, _: bool) -> Result<(), BoardError> {
        // The simulated board has no driver that obeys a line of its own.
        Ok(())
    }

    fn make_safe(&mut self, cause: &Cause, _: Agent) -> Result<(), BoardError> {
        let known = self.known();
        let safe = known.unwrap_or(Outputs::off(self.drivetrain)).made_safe();
        if known == Some(safe) && *cause == Cause::Guard {
            return Ok(());
        }
        // Pins first: what the record says has then happened. A failure of one file must not keep the other from its line.
        let levels = self.levels.as_ref().map_or(Ok(()), |levels| levels.write(&safe));
        let trace = self.trace.as_mut().map_or(Ok(()), |trace| trace.line(self.clock.now(), &safe, cause));
        levels.and(trace)
    }
}

#[cfg(test)]
mod tests;
