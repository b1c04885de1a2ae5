//! The back ends to choose from.

use super::BoardError;
use super::gpio_backend::GpioBackend;
use super::gpiochip::Chips;
use super::rppal::RaspberryPi;
use serde::{Deserialize, Serialize};

/// A way to the lines of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GpioBackendKind {
    /// The registers of a Raspberry Pi.
    Rppal,
    /// The kernel's GPIO character devices, on any board.
    Gpiochip,
}

impl GpioBackendKind {
    /// The name of the back end.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rppal => "rppal",
            Self::Gpiochip => "gpiochip",
        }
    }

    /// Opens the way to the lines of this machine.
    ///
    /// # Errors
    /// If this machine has none, or they may not be used.
    pub(crate) fn open(self) -> Result<Box<dyn GpioBackend>, BoardError> {
        Ok(match self {
            Self::Rppal => Box::new(RaspberryPi::open()?),
            Self::Gpiochip => Box::new(Chips::open()?),
        })
    }
}
