//! Locations of lines on a board.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The location of one digital line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinLocation {
    /// A GPIO of a Raspberry Pi's header, by its BCM number.
    Gpio(u8),
    /// A line by the name that the device tree gives it.
    Named {
        /// Its name.
        line: String,
        /// The chip that has it, where several have a line of this name.
        chip: Option<String>,
    },
    /// A line by its number on a chip.
    Offset {
        /// Name or label of the chip.
        chip: String,
        /// Number of the line there, from 0.
        offset: u32,
    },
}

impl fmt::Display for PinLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gpio(number) => write!(f, "GPIO {number}"),
            Self::Named { line, chip: None } => write!(f, "line {line:?}"),
            Self::Named { line, chip: Some(chip) } => write!(f, "line {line:?} of {chip}"),
            Self::Offset { chip, offset } => write!(f, "line {offset} of {chip}"),
        }
    }
}

/// One digital line, and how its levels are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Its location.
    pub location: PinLocation,
    /// It is on while the voltage is low.
    pub active_low: bool,
    /// The resistor inside the chip, for inputs; none leaves it as it is.
    pub bias: Option<Bias>,
}

impl Pin {
    /// An output or an input that is on when the voltage is high.
    #[must_use]
    pub const fn new(location: PinLocation) -> Self {
        Self { location, active_low: false, bias: None }
    }

    /// A GPIO of a Raspberry Pi's header that is on when the voltage is high.
    #[must_use]
    pub const fn gpio(number: u8) -> Self {
        Self::new(PinLocation::Gpio(number))
    }
}

/// The resistor inside the chip that holds an open input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bias {
    /// To the supply.
    PullUp,
    /// To ground.
    PullDown,
    /// None: there is one outside.
    None,
}

/// One channel of a PWM chip.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Channel {
    /// Name of the chip below /sys/class/pwm, or how the name of its device ends.
    pub chip: String,
    /// Number of the channel, from 0.
    pub channel: u32,
    /// The pulse is low.
    pub inverted: bool,
    /// The GPIO of a Raspberry Pi's header at which it comes out; none on other boards.
    pub gpio: Option<u8>,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(gpio) = self.gpio {
            write!(f, "GPIO {gpio} by ")?;
        }
        write!(f, "channel {} of PWM {}", self.channel, self.chip)
    }
}

/// The other end of a wire: a line, which gives pulses by software, or a channel of PWM hardware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    /// A digital line.
    Pin(Pin),
    /// PWM hardware.
    Channel(Channel),
}

impl Wire {
    /// Tells that pulses come from hardware.
    #[must_use]
    pub const fn is_hardware(&self) -> bool {
        matches!(self, Self::Channel(_))
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pin(pin) => pin.location.fmt(f),
            Self::Channel(channel) => channel.fmt(f),
        }
    }
}
