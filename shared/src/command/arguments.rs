//! The arguments of commands: read from whatever encoding they came in, written into any.

use super::parameter::Parameter;
use super::{HornDuration, MAX_HORN_MS, MIN_HOLD_MS, Setpoint};
use crate::cbor::Item;
use crate::{Command, CommandId, Degrees, DegreesPerSecond, KeyName, Mph, Reason};

/// A reason and what to tell people.
pub(crate) type Fault = (Reason, String);

/// An encoding to read arguments from, in the order of the contract.
pub(crate) trait Source {
    fn speed(&mut self) -> Result<Mph, Fault>;
    fn turn(&mut self) -> Result<Degrees, Fault>;
    fn turn_rate(&mut self) -> Result<DegreesPerSecond, Fault>;
    fn hold_ms(&mut self) -> Result<u64, Fault>;
    fn duration_ms(&mut self) -> Result<u64, Fault>;
    /// The ID of a CANCEL is its argument: it names the command to end, and the answer carries it.
    fn target(&mut self) -> Result<CommandId, Fault>;
    fn target_key(&mut self) -> Result<KeyName, Fault>;
}

/// An encoding to write arguments into, in the order of the contract.
pub(crate) trait Sink<'a> {
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
    fn read(source: &mut impl Source) -> Result<Self, Fault>;
    fn write<'a>(&'a self, sink: &mut impl Sink<'a>);
}

impl Arguments for Degrees {
    const PARAMETERS: &'static [Parameter] =
        &[Parameter::number("DEGREES", "degrees", (0.001, 360.0), "above 0 and at most 360")];

    fn read(source: &mut impl Source) -> Result<Self, Fault> {
        source.turn()
    }

    fn write<'a>(&'a self, sink: &mut impl Sink<'a>) {
        sink.turn(*self);
    }
}

impl Arguments for Mph {
    // Below a million JSON has every thousandth exactly; more is taken for a mistake.
    const PARAMETERS: &'static [Parameter] =
        &[Parameter::number("MPH", "mph", (0.0, 1_000_000.0), "0 to 1000000")];

    fn read(source: &mut impl Source) -> Result<Self, Fault> {
        source.speed()
    }

    fn write<'a>(&'a self, sink: &mut impl Sink<'a>) {
        sink.speed(*self);
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

    fn read(source: &mut impl Source) -> Result<Self, Fault> {
        Ok(Self { speed: source.speed()?, turn_rate: source.turn_rate()?, hold_ms: source.hold_ms()? })
    }

    fn write<'a>(&'a self, sink: &mut impl Sink<'a>) {
        let Self { speed, turn_rate, hold_ms } = *self;
        sink.speed(speed);
        sink.turn_rate(turn_rate);
        sink.hold_ms(hold_ms);
    }
}

impl Arguments for HornDuration {
    #[expect(clippy::cast_precision_loss, reason = "5000")]
    const PARAMETERS: &'static [Parameter] =
        &[Parameter::number("DURATION_MS", "ms", (1.0, MAX_HORN_MS as f64), "1 to 5000").optional()];

    fn read(source: &mut impl Source) -> Result<Self, Fault> {
        source.duration_ms().map(Self)
    }

    fn write<'a>(&'a self, sink: &mut impl Sink<'a>) {
        sink.duration_ms(self.0);
    }
}

impl Arguments for CommandId {
    const PARAMETERS: &'static [Parameter] = &[Parameter::text("ID", "ID")];

    fn read(source: &mut impl Source) -> Result<Self, Fault> {
        source.target()
    }

    fn write<'a>(&'a self, sink: &mut impl Sink<'a>) {
        sink.target(self);
    }
}

impl Arguments for KeyName {
    const PARAMETERS: &'static [Parameter] = &[Parameter::text("TARGET_KEY", "NAME")];

    fn read(source: &mut impl Source) -> Result<Self, Fault> {
        source.target_key()
    }

    fn write<'a>(&'a self, sink: &mut impl Sink<'a>) {
        sink.target_key(self);
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

impl<'a> Sink<'a> for Items<'a> {
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
impl Sink<'_> for Ranges {
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
