//! A Raspberry Pi's header by `rppal`: digital outputs, and software PWM for the motors.

mod order;
mod wiring;

pub use wiring::{Line, Motion, MotorLine, MotorPins, Pin, Signal, Turning, Wiring};

use crate::board::{Board, BoardError};
use crate::control::{Cause, Moment, Outputs, Sensed};
use rppal::gpio::{Error, Gpio, Level, OutputPin};
use std::time::Duration;

/// The header of a Raspberry Pi.
#[derive(Debug)]
pub struct RppalBoard {
    wiring: Wiring,
    motion: Motion,
    last: Option<Outputs>,
    lines: Vec<WiredLine>,
}

/// Who switches the motor driver's enable line on; the board switches it off in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnableLine {
    /// The board, since there is no guard.
    Own,
    /// The guard: a board that hangs and comes back can't undo what the guard did meanwhile.
    Guarded,
}

#[derive(Debug)]
struct WiredLine {
    line: Line,
    wired: Pin,
    pin: OutputPin,
    /// Whether it is the guard that switches it on.
    by_guard: bool,
    signal: Signal,
}

impl RppalBoard {
    /// Takes all pins as outputs that are off, but for the brake: a vehicle that was parked must not roll.
    ///
    /// # Errors
    /// When this is no Raspberry Pi, or a pin may not be used.
    pub fn new(wiring: Wiring, enable: EnableLine) -> Result<Self, BoardError> {
        let gpio = header()?;
        let lines = wiring.pins().into_iter().map(|(line, wired)| {
            let on = line == Line::Brake;
            let pin = take(&gpio, wired, on).map_err(|error| failed(&named(line, wired), &error))?;
            let by_guard = line == Line::Enable && enable == EnableLine::Guarded;
            let signal = if on { Signal::On } else { Signal::Off };
            Ok(WiredLine { line, wired, pin, by_guard, signal })
        });
        let lines = lines.collect::<Result<_, _>>()?;
        Ok(Self { wiring, motion: Motion::default(), last: None, lines })
    }

    fn bring(&mut self, outputs: &Outputs, motion: Motion) -> Result<(), BoardError> {
        let wanted = self.wiring.signals(motion, outputs);
        let signal = |line| wanted.iter().find(|(other, _, _)| *other == line).map(|(_, _, signal)| *signal);
        let mut changes: Vec<(&mut WiredLine, Signal)> = self
            .lines
            .iter_mut()
            .filter_map(|wired| signal(wired.line).map(|signal| (wired, signal)))
            .filter(|(wired, signal)| wired.signal != *signal)
            .collect();
        changes.sort_by_key(|(wired, signal)| order::place(wired.line, *signal));
        let period = self.wiring.pwm_period;
        // All pulses end in the same period, so that a stop waits for one period and not for one per motor.
        for (wired, _) in changes.iter_mut().filter(|(_, signal)| *signal == Signal::Off) {
            wired.end_pulses(period);
        }
        // One that fails must not keep the others from their levels; the first failure is reported.
        changes.into_iter().map(|(wired, signal)| wired.bring(signal, period)).fold(Ok(()), Result::and)
    }
}

impl WiredLine {
    fn end_pulses(&mut self, period: Duration) {
        if let Signal::Pulsed(_) = self.signal {
            // Only a warning to its thread; whether the line goes off shows when it is brought there.
            let _ = self.pin.set_pwm(period, Duration::ZERO);
        }
    }

    /// Brings the pin to `signal`; may wait for the end of a running PWM period.
    fn bring(&mut self, signal: Signal, period: Duration) -> Result<(), BoardError> {
        let done = match signal {
            Signal::Pulsed(thousandths) => {
                let pulse = period.saturating_mul(u32::from(thousandths)).checked_div(1000);
                self.pin.set_pwm(period, pulse.unwrap_or_default())
            }
            Signal::On if self.by_guard => Ok(()),
            Signal::Off | Signal::On => self.pin.clear_pwm().map(|()| {
                let high = (signal == Signal::On) != self.wired.active_low;
                self.pin.write(Level::from(high));
            }),
        };
        done.map_err(|error| failed(&named(self.line, self.wired), &error))?;
        self.signal = signal;
        Ok(())
    }
}

impl Board for RppalBoard {
    fn apply(&mut self, _now: Moment, outputs: &Outputs, _cause: &Cause) -> Result<(), BoardError> {
        let motion = self.motion.then(outputs).ok_or_else(|| BoardError {
            output: "motors".to_owned(),
            problem: "a steering servo is not wired".to_owned(),
            next_step: "set drivetrain.kind to skid_steer".to_owned(),
        })?;
        self.motion = motion;
        self.last = Some(*outputs);
        self.bring(outputs, motion)
    }

    fn sense(&mut self, _now: Moment) -> Sensed {
        Sensed::default()
    }
}

impl Drop for RppalBoard {
    fn drop(&mut self) {
        // Levels outlive the process, and nobody is left to hear of a failure.
        if let Some(last) = self.last {
            let _ = self.bring(&last.made_safe(), Motion::default());
        }
    }
}

/// The header of this machine.
pub(crate) fn header() -> Result<Gpio, BoardError> {
    Gpio::new().map_err(|error| failed("GPIO", &error))
}

/// Takes a pin as an output that is on or off.
pub(crate) fn take(gpio: &Gpio, wired: Pin, on: bool) -> Result<OutputPin, Error> {
    let pin = gpio.get(wired.gpio)?;
    // The level comes before the mode, so that no pin shows the other level for a moment.
    let mut pin = if on == wired.active_low { pin.into_output_low() } else { pin.into_output_high() };
    // Back to an input, a line without a pull of its own would float; it stays at its safe level.
    pin.set_reset_on_drop(false);
    Ok(pin)
}

fn named(line: Line, pin: Pin) -> String {
    format!("{} (GPIO {})", line.key(), pin.gpio)
}

pub(crate) fn failed(output: &str, error: &Error) -> BoardError {
    let next_step = match error {
        Error::UnknownModel => "run on a Raspberry Pi, or choose --board sim",
        Error::PermissionDenied(_) => "add the user to the group gpio, then log in again",
        Error::PinUsed(_) => "wire and configure another pin",
        Error::PinNotAvailable(_) => "choose a GPIO from 0 to 27",
        Error::Io(_) => "check that /dev/gpiomem exists and the user is in the group gpio",
        Error::ThreadPanic => "start the agent again",
    };
    let problem = match error {
        Error::UnknownModel => "this is no Raspberry Pi that rppal knows".to_owned(),
        Error::PermissionDenied(_)
        | Error::PinUsed(_)
        | Error::PinNotAvailable(_)
        | Error::Io(_)
        | Error::ThreadPanic => error.to_string(),
    };
    BoardError { output: output.to_owned(), problem, next_step: next_step.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_is_no_raspberry_pi_says_so_and_what_to_do() {
        let error = failed("GPIO", &Error::UnknownModel).to_string();
        assert_eq!(
            error,
            "GPIO: this is no Raspberry Pi that rppal knows; run on a Raspberry Pi, or choose --board sim"
        );
    }

    #[test]
    fn a_line_in_an_error_is_the_key_that_names_its_pin() {
        let pin = Pin { gpio: 12, active_low: false };
        let error = failed(&named(Line::Left(MotorLine::Pwm), pin), &Error::PinUsed(12)).to_string();
        assert_eq!(
            error,
            "rppal.left.pwm (GPIO 12): Pin 12 is already in use; wire and configure another pin"
        );
    }
}
