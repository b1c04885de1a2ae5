//! Lines of any board by the kernel's GPIO character devices.

mod find;

pub(super) use find::Found;

use super::BoardError;
use super::gpio_backend::{Consumer, DigitalOutput, GpioBackend};
use super::pin::{Bias, Pin, Wire};
use find::{ChipFacts, find};
use gpiocdev::line::{self, EdgeDetection, Value};
use gpiocdev::request::Builder;
use gpiocdev::{Chip, Error, Request, chip};
use std::path::Path;

/// The chips of this machine, with the names of their lines.
#[derive(Debug)]
pub(super) struct Chips(Vec<ChipFacts>);

impl Chips {
    pub(super) fn open() -> Result<Self, BoardError> {
        let paths = chip::chips().map_err(|error| failed("GPIO", None, &error))?;
        // Of several chips some may be for others only; what matters is whether the lines that are wired are found.
        let (known, refused): (Vec<_>, Vec<_>) =
            paths.iter().map(|path| facts(path)).partition(Result::is_ok);
        let known: Vec<ChipFacts> = known.into_iter().filter_map(Result::ok).collect();
        if !known.is_empty() {
            return Ok(Self(known));
        }
        let next_step = "load the driver of its GPIO controller, or choose --board sim";
        let none = || BoardError::new("GPIO", "this machine has no /dev/gpiochip*", next_step);
        Err(refused.into_iter().find_map(Result::err).unwrap_or_else(none))
    }

    /// Finds the line, and begins to ask for it.
    fn ask(&self, who: Consumer, pin: &Pin) -> Result<(Found, Builder), BoardError> {
        let found = find(&self.0, &pin.location)
            .map_err(|missing| BoardError::new(who.names_pin(pin), missing.what, missing.next_step))?;
        let mut builder = Request::builder();
        builder.on_chip(&found.path).with_line(found.offset).with_consumer(who.consumer());
        if pin.active_low {
            builder.as_active_low();
        }
        Ok((found, builder))
    }

    /// Takes the line of the emergency stop as an input that tells its edges.
    pub(super) fn stop_input(&self, who: Consumer, pin: &Pin) -> Result<Request, BoardError> {
        let (found, mut builder) = self.ask(who, pin)?;
        builder.as_input().with_edge_detection(EdgeDetection::BothEdges).with_bias(bias(pin));
        builder.request().map_err(|error| failed(&who.names_pin(pin), Some(&found), &error))
    }

    /// Takes the lines of an encoder together, so that their edges come in their order; gives the number of each line on its
    /// chip. The kernel keeps up to `buffer` edges until they are read.
    pub(super) fn encoder(
        &self,
        lines: &[(Consumer, &Pin)],
        edges: EdgeDetection,
        buffer: u32,
    ) -> Result<(Request, Vec<u32>), BoardError> {
        let mut builder = Request::builder();
        let mut offsets = Vec::new();
        let mut first: Option<(String, Found)> = None;
        for (who, pin) in lines {
            let (found, _) = self.ask(*who, pin)?;
            let name = who.names_pin(pin);
            if let Some((first, other)) = first.as_ref().filter(|(_, other)| other.path != found.path) {
                let problem = format!("is on {}, yet {first} on {}", found.chip, other.chip);
                return Err(BoardError::new(name, problem, "wire both lines of an encoder to one chip"));
            }
            builder.on_chip(&found.path).with_consumer(who.consumer()).with_line(found.offset).as_input();
            builder.with_edge_detection(edges).with_bias(bias(pin));
            if pin.active_low {
                builder.as_active_low();
            }
            offsets.push(found.offset);
            first.get_or_insert((name, found));
        }
        let request = builder.with_kernel_event_buffer_size(buffer).request().map_err(|error| {
            let (name, found) = first.map_or_else(Default::default, |(name, found)| (name, Some(found)));
            failed(&name, found.as_ref(), &error)
        })?;
        Ok((request, offsets))
    }
}

fn bias(pin: &Pin) -> Option<line::Bias> {
    pin.bias.map(|bias| match bias {
        Bias::PullUp => line::Bias::PullUp,
        Bias::PullDown => line::Bias::PullDown,
        Bias::None => line::Bias::Disabled,
    })
}

impl GpioBackend for Chips {
    fn is_exclusive(&self) -> bool {
        true
    }

    fn output(
        &self,
        who: Consumer,
        pin: &Pin,
        on: Option<bool>,
    ) -> Result<Box<dyn DigitalOutput>, BoardError> {
        let name = who.names(&Wire::Pin(pin.clone()));
        let (found, mut builder) = self.ask(who, pin)?;
        match on {
            Some(on) => builder.as_output(Value::from(on)),
            None => builder.as_is(),
        };
        let request = builder.request().map_err(|error| failed(&name, Some(&found), &error))?;
        Ok(Box::new(ChipOutput { name, request }))
    }
}

#[derive(Debug)]
struct ChipOutput {
    name: String,
    request: Request,
}

impl DigitalOutput for ChipOutput {
    fn set(&mut self, on: bool) -> Result<(), BoardError> {
        let set = self.request.set_lone_value(Value::from(on));
        set.map_err(|error| failed(&self.name, None, &error))
    }
}

fn facts(path: &Path) -> Result<ChipFacts, BoardError> {
    let name = path.display().to_string();
    let read = || {
        let chip = Chip::from_path(path)?;
        let info = chip.info()?;
        let lines =
            chip.line_info_iter()?.map(|line| line.map(|line| line.name)).collect::<Result<_, _>>()?;
        Ok(ChipFacts { path: path.to_owned(), name: info.name, label: info.label, lines })
    };
    read().map_err(|error: Error| failed(&name, None, &error))
}

/// The number of the system's error, where there is one.
fn number(error: &Error) -> Option<i32> {
    match error {
        Error::Os(number) | Error::Uapi(_, gpiocdev_uapi::Error::Os(number)) => Some(number.0),
        Error::AbiLimitation(..)
        | Error::GpioChip(..)
        | Error::InvalidArgument(_)
        | Error::NoGpioChips()
        | Error::NonuniqueLineName(_)
        | Error::Uapi(..)
        | Error::UnexpectedResponse(..)
        | Error::UnsupportedAbi(..)
        | Error::NoAbiSupport() => None,
    }
}

/// The consumer that holds the line now.
fn holder(found: &Found) -> Option<String> {
    let line = Chip::from_path(&found.path).ok()?.line_info(found.offset).ok()?;
    line.used.then_some(line.consumer).filter(|consumer| !consumer.is_empty())
}

fn failed(name: &str, found: Option<&Found>, error: &Error) -> BoardError {
    use rustix::io::Errno;
    let at = found.map_or_else(String::new, |found| format!(" (offset {} of {})", found.offset, found.chip));
    let number = number(error).map(Errno::from_raw_os_error);
    let (problem, next_step) = match number {
        Some(Errno::BUSY) => {
            let holder = found.and_then(holder).unwrap_or_else(|| "the kernel".to_owned());
            let next_step = if holder.starts_with("vehicle-") {
                "stop the agent that is running, or wire another line"
            } else {
                "free it (an overlay or a driver of the device tree may have it), or wire another line"
            };
            (format!("{holder:?} has it"), next_step)
        }
        Some(Errno::ACCESS | Errno::PERM) => {
            (error.to_string(), "add the user to the group gpio (the udev rule gives it /dev/gpiochip*)")
        }
        Some(Errno::NOTSUP | Errno::INVAL) => {
            (error.to_string(), "leave out bias or active_low, which this chip may not have")
        }
        Some(Errno::NXIO) => (error.to_string(), "wire a line of a chip that has interrupts"),
        _ => (error.to_string(), "check the wiring table against gpioinfo"),
    };
    BoardError::new(format!("{name}{at}"), problem, next_step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpiocdev_uapi::Errno;

    #[test]
    fn an_error_says_who_or_what_is_needed() {
        let said = |number| failed("wiring.horn (GPIO 5)", None, &Error::Os(Errno(number))).to_string();
        assert!(said(16).contains("\"the kernel\" has it; free it"), "{}", said(16));
        assert!(said(13).contains("Permission denied") && said(13).contains("group gpio"), "{}", said(13));
        assert!(said(22).contains("leave out bias"), "{}", said(22));
    }
}
