//! The interface of back ends: a way to acquire lines.

#[cfg(test)]
mod fake;

#[cfg(test)]
pub(crate) use fake::FakeGpioBackend;

use super::pin::{Pin, Wire};
use super::{BoardError, Line};
use std::fmt;

/// A way to take lines.
pub(crate) trait GpioBackend: fmt::Debug {
    /// Tells that a line that one process has can't be acquired by another.
    fn is_exclusive(&self) -> bool;

    /// Takes a line as an output that is on or off from the first moment; without a level it stays as it is.
    ///
    /// # Errors
    /// If there is no such line, or it can't be had.
    fn output(
        &self,
        who: Consumer,
        pin: &Pin,
        on: Option<bool>,
    ) -> Result<Box<dyn DigitalOutput>, BoardError>;
}

/// One digital output. When it is dropped, it stays as it is as far as that is in the hands of this process.
pub(crate) trait DigitalOutput: Send + fmt::Debug {
    /// Switches it on or off.
    ///
    /// # Errors
    /// If it can't be switched.
    fn set(&mut self, on: bool) -> Result<(), BoardError>;
}

/// The process that requests a line, and its purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consumer {
    /// The agent.
    Agent(Line),
    /// The agent, for an input, by the key that names it.
    AgentInput(&'static str),
    /// The guard.
    Guard(&'static str),
}

impl Consumer {
    /// The text that the kernel shows as the consumer of the line; it cuts after 31 bytes.
    pub(crate) fn consumer(self) -> String {
        match self {
            Self::Agent(line) => format!("vehicle-agent {}", line.name()),
            Self::AgentInput(name) => format!("vehicle-agent {name}"),
            Self::Guard(what) => format!("vehicle-guard {what}"),
        }
    }

    /// The name of the line in errors: the key that names its location.
    pub(crate) fn names(self, wire: &Wire) -> String {
        match self {
            Self::Agent(line) => format!("{line} ({wire})"),
            Self::AgentInput(name) => format!("wiring.{name} ({wire})"),
            Self::Guard(what) => format!("guard, {what} ({wire})"),
        }
    }

    /// The same for a line that is a pin.
    pub(crate) fn names_pin(self, pin: &Pin) -> String {
        self.names(&Wire::Pin(pin.clone()))
    }
}
