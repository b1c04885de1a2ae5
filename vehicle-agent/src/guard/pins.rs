//! The guard's own hold of a Raspberry Pi's pins.

use super::Cutoff;
use crate::board::BoardError;
use crate::board::rppal::{Pin, failed, header, take};
use crate::control::Cause;
use rppal::gpio::{Gpio, Level, OutputPin};

/// Pins that the agent has too: rppal keeps others off only within a process, and a level changes in one write.
#[derive(Debug)]
pub(super) struct PinCutoff {
    enable: Option<Held>,
    enabled: bool,
    brake: Option<Held>,
    motors: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    wired: Pin,
    pin: OutputPin,
}

impl PinCutoff {
    /// Takes the pins: the enable line and the motors as off, the brake as it is.
    pub(super) fn open(enable: Option<Pin>, brake: Option<Pin>, motors: &[Pin]) -> Result<Self, BoardError> {
        let gpio = header()?;
        let taken = |wired: Pin| match take(&gpio, wired, false) {
            Ok(pin) => Ok(Held { wired, pin }),
            Err(error) => Err(failed(&format!("guard, GPIO {}", wired.gpio), &error)),
        };
        Ok(Self {
            enable: enable.map(taken).transpose()?,
            enabled: false,
            brake: brake.map(|brake| as_it_is(&gpio, brake)).transpose()?,
            motors: motors.iter().copied().map(taken).collect::<Result<_, _>>()?,
        })
    }
}

/// A guard that is started again must not let go of a parking brake.
fn as_it_is(gpio: &Gpio, wired: Pin) -> Result<Held, BoardError> {
    let pin = gpio.get(wired.gpio).map_err(|error| failed(&format!("guard, GPIO {}", wired.gpio), &error))?;
    let mut pin = pin.into_output();
    pin.set_reset_on_drop(false);
    Ok(Held { wired, pin })
}

impl Held {
    fn bring(&mut self, on: bool) {
        self.pin.write(Level::from(on != self.wired.active_low));
    }
}

impl Cutoff for PinCutoff {
    fn enable(&mut self, on: bool) {
        // Only when it changes: meanwhile the agent may have switched it off, with the word for it on its way.
        if self.enabled != on {
            self.enabled = on;
            self.enable.iter_mut().for_each(|line| line.bring(on));
        }
    }

    fn make_safe(&mut self, _: &Cause) -> Result<(), BoardError> {
        self.enabled = false;
        self.enable.iter_mut().for_each(|line| line.bring(false));
        self.brake.iter_mut().for_each(|line| line.bring(true));
        self.motors.iter_mut().for_each(|line| line.bring(false));
        Ok(())
    }
}
