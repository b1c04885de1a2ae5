//! One pin after the other, with a memory of who has which.

use crate::board::{Channel, GpioBackendKind, Pin, PinLocation, Wire};
use crate::config::raw::{PowerOn, RawPin};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use vehicle_settings::{Field, Problems, Spot};

/// The last GPIO of a Raspberry Pi's backend, and the last whose pull at power-on is high; the others are pulled low.
pub(super) const LAST_GPIO: u8 = 27;
const LAST_PULLED_HIGH: u8 = 8;
/// The device of a Raspberry Pi's PWM hardware up to the Pi 4, behind the number that its address begins with.
const RASPBERRY_PI_PWM: &str = "20c000.pwm";

/// Checks of a line: its level before the agent runs, and the signal that it carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Moves nothing by itself.
    Switch,
    /// Lets a motor run, perhaps by PWM.
    Power,
    /// Opens the doors.
    Unlocks,
    /// Carries pulses of a servo, beside which a steady level means nothing.
    Pulses,
    /// Is an input.
    Input,
}

/// Looks at each pin, and remembers who has which.
pub(super) struct Pins<'a> {
    backend: GpioBackendKind,
    lines: BTreeMap<PinLocation, String>,
    channels: BTreeMap<(String, u32), String>,
    problems: &'a mut Problems,
}

impl<'a> Pins<'a> {
    pub(super) const fn new(backend: GpioBackendKind, problems: &'a mut Problems) -> Self {
        Self { backend, lines: BTreeMap::new(), channels: BTreeMap::new(), problems }
    }

    pub(super) fn refuse(&mut self, spot: &Spot, what: impl Into<String>, next_step: impl Into<String>) {
        self.problems.refuse(spot, what, next_step);
    }

    pub(super) fn within<T: PartialOrd + Display>(
        &mut self,
        field: Field<T>,
        range: RangeInclusive<T>,
        unit: &str,
    ) -> Field<T> {
        field.within(range, unit, self.problems)
    }

    /// A digital line; none if it is not given or not right.
    pub(super) fn pin(&mut self, field: Field<RawPin>, purpose: Use) -> Option<Pin> {
        let spot = field.spot();
        match self.wire(field, purpose)? {
            Wire::Pin(pin) => Some(pin),
            Wire::Channel(_) => {
                let next_step = "give gpio, or line, or chip and offset";
                self.refuse(&spot, "needs a digital line, not PWM hardware", next_step);
                None
            }
        }
    }

    /// A line or a channel of PWM hardware; none if it is not given or not right.
    pub(super) fn wire(&mut self, field: Field<RawPin>, purpose: Use) -> Option<Wire> {
        let spot = field.spot();
        let raw = field.optional()?;
        let wire = match &raw {
            RawPin {
                gpio: Some(gpio),
                line: None,
                chip: None,
                offset: None,
                pwmchip: None,
                channel: None,
                ..
            } => self.gpio(*gpio, &raw, &spot, purpose)?,
            RawPin { gpio: None, hardware: None, line, chip, offset, pwmchip, channel, .. } => {
                let location = match (line, chip, offset, pwmchip, channel) {
                    (Some(line), chip, None, None, None) => {
                        PinLocation::Named { line: line.clone(), chip: chip.clone() }
                    }
                    (None, Some(chip), Some(offset), None, None) => {
                        PinLocation::Offset { chip: chip.clone(), offset: *offset }
                    }
                    (None, None, None, Some(chip), Some(channel)) => {
                        let inverted = raw.active_low.unwrap_or(false);
                        if raw.bias.is_some() || raw.power_on.is_some() {
                            let what = "bias and power_on are for digital lines";
                            self.refuse(&spot, what, "leave them out");
                        }
                        let channel = Channel { chip: chip.clone(), channel: *channel, inverted, gpio: None };
                        return Some(self.channel(channel, &spot));
                    }
                    _ => return self.unclear(&spot),
                };
                self.foreign(location, &raw, &spot, purpose)?
            }
            RawPin { .. } => return self.unclear(&spot),
        };
        Some(wire)
    }

    fn unclear(&mut self, spot: &Spot) -> Option<Wire> {
        let what = "does not say which pin";
        let next_step = "give gpio, or line, or chip and offset, or pwmchip and channel";
        self.refuse(spot, what, next_step);
        None
    }

    /// A GPIO of a Raspberry Pi.
    fn gpio(&mut self, gpio: u8, raw: &RawPin, spot: &Spot, purpose: Use) -> Option<Wire> {
        if gpio > LAST_GPIO {
            let what = format!("must be GPIO 0 to {LAST_GPIO}, is {gpio}");
            self.refuse(spot, what, "choose one of the header");
            return None;
        }
        if raw.power_on.is_some() {
            self.refuse(spot, "power_on is known for a GPIO of a Raspberry Pi", "leave it out");
        }
        let pull = if gpio <= LAST_PULLED_HIGH { PowerOn::High } else { PowerOn::Low };
        let hint = if pull == PowerOn::High { "use a GPIO from 9 to 27" } else { "use a GPIO from 0 to 8" };
        let location = PinLocation::Gpio(gpio);
        let pin = self.digital(location.clone(), raw, spot, purpose, Some((pull, hint)));
        if raw.hardware != Some(true) {
            return Some(Wire::Pin(pin));
        }
        let number = match gpio {
            12 | 18 => 0,
            13 | 19 => 1,
            _ => {
                let what = format!("GPIO {gpio} has no PWM hardware");
                self.refuse(spot, what, "use GPIO 12, 13, 18 or 19, or leave out hardware");
                return None;
            }
        };
        let channel = Channel {
            chip: RASPBERRY_PI_PWM.to_owned(),
            channel: number,
            inverted: pin.active_low,
            gpio: Some(gpio),
        };
        Some(self.channel(channel, spot))
    }

    /// A line of any board.
    fn foreign(&mut self, location: PinLocation, raw: &RawPin, spot: &Spot, purpose: Use) -> Option<Wire> {
        if self.backend == GpioBackendKind::Rppal {
            let next_step = "give gpio, or set board.kind to gpiochip";
            self.refuse(spot, "rppal knows lines by their GPIO number alone", next_step);
            return None;
        }
        let pull = raw.power_on.map(|pull| (pull, "use a line that is pulled the other way"));
        Some(Wire::Pin(self.digital(location, raw, spot, purpose, pull)))
    }

    fn digital(
        &mut self,
        location: PinLocation,
        raw: &RawPin,
        spot: &Spot,
        purpose: Use,
        pull: Option<(PowerOn, &str)>,
    ) -> Pin {
        let active_low = raw.active_low.unwrap_or(false);
        if let Some(other) = self.lines.insert(location.clone(), spot.key.clone()) {
            let what = format!("{location} is wired to {other} already");
            self.refuse(spot, what, "wire each line to a pin of its own");
        }
        if raw.bias.is_some() && purpose != Use::Input {
            self.refuse(spot, "bias is for inputs", "leave it out");
        }
        if let (Some((pull, hint)), Use::Power | Use::Unlocks) = (pull, purpose) {
            if (pull == PowerOn::High) != active_low {
                let pulled = if pull == PowerOn::High { "high" } else { "low" };
                let what =
                    format!("{location} is pulled {pulled} at power-on, which would switch this line on");
                self.refuse(spot, what, hint);
            }
        }
        Pin { location, active_low, bias: raw.bias }
    }

    fn channel(&mut self, channel: Channel, spot: &Spot) -> Wire {
        let taken = (channel.chip.clone(), channel.channel);
        if let Some(other) = self.channels.insert(taken, spot.key.clone()) {
            let what = format!("{channel} is wired to {other} already");
            self.refuse(spot, what, "use a channel for each, or leave out hardware for one of them");
        }
        Wire::Channel(channel)
    }
}
