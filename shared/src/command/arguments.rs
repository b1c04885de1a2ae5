//! The arguments of commands: read from whatever encoding they came in, written into any.

use super::parameter::Parameter;
use super::{HornDuration, MAX_HORN_MS, MIN_HOLD_MS, Setpoint};
use crate::cbor::Item;
use crate::{Command, CommandId, Degrees, DegreesPerSecond, KeyName, Mph, Reason};

/// A reason and what to tell people.
pub(crate) type ArgumentError = (Reason, String);

/// An encoding to read arguments from, in the order of the contract.
pub(crate) trait ArgumentReader {
    fn speed(&mut self) -> Result<Mph, ArgumentError>;
    fn turn(&mut self) -> Result<Degrees, ArgumentError>;
    fn turn_rate(&mut self) -> Result<DegreesPerSecond, ArgumentError>;
    fn hold_ms(&mut self) -> Result<u64, ArgumentError>;
    fn duration_ms(&mut self) -> Result<u64, ArgumentError>;
    /// The ID of a CANCEL is its argument: it names the command to end, and the answer carries it.
    fn target(&mut self) -> Result<CommandId, ArgumentError>;
    fn target_key(&mut self) -> Result<KeyName, ArgumentError>;
}

/// An encoding to write arguments into, in the order of the contract.
pub(crate) trait ArgumentWriter<'a> {
    fn speed(&mut self, value: Mph);
    fn turn(&mut self, value: Degrees);
    fn turn_rate(&mut self, value: DegreesPerSecond);
    fn hold_ms(&mut self, value: u64);
    fn duration_ms(&mut self, value: u64);
    fn target(&mut self, value: &'a CommandId);
    fn target_key(&mut self, value: &'a KeyName);
}

/// The arguments of one command. Reading and writing stand side by side, so that an encoder can leave none out.
pub(super) trait Arguments: Sized {
    const PARAMETERS: &'static [Parameter];
    fn read(reader: &mut impl ArgumentReader) -> Result<Self, ArgumentError>;
    fn write<'a>(&'a self, writer: &mut impl ArgumentWriter<'a>);
}

impl Arguments for Degrees {
    const PARAMETERS: &'static [Parameter] =
        &[Parameter::number("DEGREES", "degrees", (0.001, 360.0), "above 0 and at most 360")];

    fn read(reader: &mut impl ArgumentReader) -> Result<Self, ArgumentError> {
        reader.turn()
    }

    fn write<'a>(&'a self, writer: &mut impl ArgumentWriter<'a>) {
        writer.turn(*self);
    }
}

impl Arguments for Mph {
    // Below a million JSON has every thousandth exactly; more is taken for a mistake.
    const PARAMETERS: &'static [Parameter] =
        &[Parameter::number("MPH", "mph", (0.0, 1_000_000.0), "0 to 1000000")];

    fn read(reader: &mut impl ArgumentReader) -> Result<Self, ArgumentError> {
        reader.speed()
    }

    fn write<'a>(&'a self, writer: &mut impl ArgumentWriter<'a>) {
        writer.speed(*self);
    }
}

impl Arguments for Setpoint {
    // Beyond these numbers a setpoint is taken for a mistake; below, a vehicle's own limits cut it.
    #[expect(clippy::cast_precision_loss, reason = "100")]
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::number("MPH", "mph", (-1000.0, 1000.0), "-1000 to 1000"),
        Parameter::number("DEGREES_PER_S", "degrees/s", (-3600.0, 3600.0), "-3600 to 3600"),
        Parameter::number("HOLD_MS", "ms", (MIN_HOLD_MS as f64, f64::MAX), "at least 100"),
    ];

    fn read(reader: &mut impl ArgumentReader) -> Result<Self, ArgumentError> {
        Ok(Self { speed: reader.speed()?, turn_rate: reader.turn_rate()?, hold_ms: reader.hold_ms()? })
    }

    fn write<'a>(&'a self, writer: &mut impl ArgumentWriter<'a>) {
        let Self { speed, turn_rate, hold_ms } = *self;
        writer.speed(speed);
        writer.turn_rate(turn_rate);
        writer.hold_ms(hold_ms);
    }
}

impl Arguments for HornDuration {
    #[expect(clippy::cast_precision_loss, reason = "5000")]
    const PARAMETERS: &'static [Parameter] =
        &[Parameter::number("DURATION_MS", "ms", (1.0, MAX_HORN_MS as f64), "1 to 5000").optional()];

    fn read(reader: &mut impl ArgumentReader) -> Result<Self, ArgumentError> {
        reader.duration_ms().map(Self)
    }

    fn write<'a>(&'a self, writer: &mut impl ArgumentWriter<'a>) {
        writer.duration_ms(self.0);
    }
}

impl Arguments for CommandId {
    const PARAMETERS: &'static [Parameter] = &[Parameter::text("ID", "ID")];

    fn read(reader: &mut impl ArgumentReader) -> Result<Self, ArgumentError> {
        reader.target()
    }

    fn write<'a>(&'a self, writer: &mut impl ArgumentWriter<'a>) {
        writer.target(self);
    }
}

impl Arguments for KeyName {
    const PARAMETERS: &'static [Parameter] = &[Parameter::text("TARGET_KEY", "NAME")];

    fn read(reader: &mut impl ArgumentReader) -> Result<Self, ArgumentError> {
        reader.target_key()
    }

    fn write<'a>(&'a self, writer: &mut impl ArgumentWriter<'a>) {
        writer.target_key(self);
    }
}

/// The arguments as integers and names: quantities in thousandths, times in milliseconds. The ID of a CANCEL is not among
/// them, for every list that has arguments has the ID besides.
pub(crate) fn items(command: &Command) -> Vec<Item<'_>> {
    let mut items = Items(Vec::new());
    command.write(&mut items);
    items.0
}

struct Items<'a>(Vec<Item<'a>>);

impl<'a> ArgumentWriter<'a> for Items<'a> {
    fn speed(&mut self, value: Mph) {
        self.0.push(value.thousandths().into());
    }

    fn turn(&mut self, value: Degrees) {
        self.0.push(value.thousandths().into());
    }

    fn turn_rate(&mut self, value: DegreesPerSecond) {
        self.0.push(value.thousandths().into());
    }

    fn hold_ms(&mut self, value: u64) {
        self.0.push(value.into());
    }

    fn duration_ms(&mut self, value: u64) {
        self.0.push(value.into());
    }

    fn target(&mut self, _: &'a CommandId) {}

    fn target_key(&mut self, value: &'a KeyName) {
        self.0.push(value.as_str().into());
    }
}

/// Checks the arguments against the ranges that hold on every vehicle.
///
/// # Errors
/// The first range that is not kept, in words.
pub(crate) fn check(command: &Command) -> Result<(), String> {
    let mut ranges = Ranges { parameters: command.name().parameters().iter(), outcome: Ok(()) };
    command.write(&mut ranges);
    ranges.outcome
}

struct Ranges {
    parameters: std::slice::Iter<'static, Parameter>,
    outcome: Result<(), String>,
}

impl Ranges {
    fn check(&mut self, value: f64) {
        if let (Some(parameter), Ok(())) = (self.parameters.next(), &self.outcome) {
            self.outcome = parameter.check(value);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far beyond every range")]
impl ArgumentWriter<'_> for Ranges {
    fn speed(&mut self, value: Mph) {
        self.check(value.get());
    }

    fn turn(&mut self, value: Degrees) {
        self.check(value.get());
    }

    fn turn_rate(&mut self, value: DegreesPerSecond) {
        self.check(value.get());
    }

    fn hold_ms(&mut self, value: u64) {
        self.check(value as f64);
    }

    fn duration_ms(&mut self, value: u64) {
        self.check(value as f64);
    }

    fn target(&mut self, _: &CommandId) {}

    fn target_key(&mut self, _: &KeyName) {}
}
