//! What the guard acts on.

use super::charge::Charge;
use super::sim::SimCutoff;
use super::wired::WiredCutoff;
use crate::board::BoardError;
use crate::clock::Clock;
use crate::control::Cause;

/// Outputs of the same board as the agent's, by handles of its own.
pub(crate) trait Cutoff {
    /// Brings the enable line to its level, where there is one.
    ///
    /// # Errors
    /// When it can't be switched.
    fn enable(&mut self, on: bool) -> Result<(), BoardError>;

    /// Takes all power from the motors and brakes, whatever the agent does. Once they are safe, it changes nothing.
    ///
    /// # Errors
    /// When an output may not have its level; the others have.
    fn make_safe(&mut self, cause: &Cause, agent: Agent) -> Result<(), BoardError>;
}

/// What has become of the agent when its outputs are made safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agent {
    /// It is there, and has its lines.
    Silent,
    /// It is not there, or not for long.
    Gone,
}

impl Charge {
    /// Takes the outputs; power to the motors is off from then on until it is enabled.
    ///
    /// # Errors
    /// When a file can't be opened, or a line can't be had.
    pub(crate) fn open(&self, clock: Clock) -> Result<Box<dyn Cutoff>, BoardError> {
        Ok(match self {
            Self::Sim(files) => Box::new(SimCutoff::open(files, clock)?),
            Self::Wired(lines) => {
                let mut cutoff = WiredCutoff::new(lines)?;
                cutoff.take()?;
                Box::new(cutoff)
            }
        })
    }

    /// Makes the outputs safe without a guard, as before a start; a line that can't be had keeps no other from it.
    ///
    /// # Errors
    /// When an output may not have its level; the others have.
    pub(crate) fn make_safe(&self, clock: Clock) -> Result<(), BoardError> {
        match self {
            Self::Sim(files) => SimCutoff::open(files, clock)?.make_safe(&Cause::MakeSafe, Agent::Gone),
            Self::Wired(lines) => WiredCutoff::new(lines)?.make_safe(&Cause::MakeSafe, Agent::Gone),
        }
    }
}
