//! From the list of guarded outputs to a hold of them.

use super::cutoff::{Agent, Cutoff};
use super::gpio::GpioCutoff;
use super::guarded_outputs::GuardedOutputs;
use super::sim::SimCutoff;
use crate::board::BoardError;
use crate::clock::Clock;
use crate::control::Cause;

impl GuardedOutputs {
    /// Takes the outputs; power to the motors is off from then on until it is enabled.
    ///
    /// # Errors
    /// If a file can't be opened, or a line can't be had.
    pub(crate) fn open(&self, clock: Clock) -> Result<Box<dyn Cutoff>, BoardError> {
        Ok(match self {
            Self::Sim(files) => Box::new(SimCutoff::open(files, clock)?),
            Self::Wired(lines) => {
                let mut cutoff = GpioCutoff::new(lines)?;
                cutoff.acquire()?;
                Box::new(cutoff)
            }
        })
    }

    /// Makes the outputs safe without a guard, as before a start; a line that can't be had keeps no other from it.
    ///
    /// # Errors
    /// If an output may not have its level; the others have.
    pub(crate) fn make_safe(&self, clock: Clock) -> Result<(), BoardError> {
        match self {
            Self::Sim(files) => SimCutoff::open(files, clock)?.make_safe(&Cause::MakeSafe, Agent::Gone),
            Self::Wired(lines) => GpioCutoff::new(lines)?.make_safe(&Cause::MakeSafe, Agent::Gone),
        }
    }
}
