//! A Raspberry Pi's header by `rppal`: levels through mapped registers, which take a write and no system call.

use super::BoardError;
use super::gpio_backend::{Consumer, DigitalOutput, GpioBackend};
use super::pin::{Pin, PinLocation};
use rppal::gpio::{Error, Gpio, Level as Voltage, OutputPin};

/// The header of this machine.
#[derive(Debug)]
pub(super) struct RaspberryPi(Gpio);

impl RaspberryPi {
    pub(super) fn open() -> Result<Self, BoardError> {
        Gpio::new().map(Self).map_err(|error| failed("GPIO", &error))
    }
}

impl GpioBackend for RaspberryPi {
    fn is_exclusive(&self) -> bool {
        false
    }

    fn output(
        &self,
        who: Consumer,
        pin: &Pin,
        on: Option<bool>,
    ) -> Result<Box<dyn DigitalOutput>, BoardError> {
        let name = who.names_pin(pin);
        let PinLocation::Gpio(gpio) = pin.location else {
            return Err(BoardError::new(name, "is no GPIO number", "write gpio, or use the board gpiochip"));
        };
        let free = self.0.get(gpio).map_err(|error| failed(&name, &error))?;
        // The level comes before the mode, so that no pin shows the other level for a moment.
        let mut output = match on {
            None => free.into_output(),
            Some(on) if on == pin.active_low => free.into_output_low(),
            Some(_) => free.into_output_high(),
        };
        // Back to an input, a line without a pull of its own would float; it stays at its safe level.
        output.set_reset_on_drop(false);
        Ok(Box::new(RegisterOutput { output, active_low: pin.active_low }))
    }
}

#[derive(Debug)]
struct RegisterOutput {
    output: OutputPin,
    active_low: bool,
}

impl DigitalOutput for RegisterOutput {
    fn set(&mut self, on: bool) -> Result<(), BoardError> {
        self.output.write(Voltage::from(on != self.active_low));
        Ok(())
    }
}

fn failed(name: &str, error: &Error) -> BoardError {
    let next_step = match error {
        Error::UnknownModel => "run on a Raspberry Pi, or choose --board gpiochip or sim",
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
    BoardError::new(name, problem, next_step)
}

#[cfg(test)]
mod tests {
    use super::super::{Line, MotorLine, Side};
    use super::*;

    #[test]
    fn a_machine_that_is_no_raspberry_pi_says_so_and_what_to_do() {
        let error = failed("GPIO", &Error::UnknownModel).to_string();
        let expected = "GPIO: this is no Raspberry Pi that rppal knows; \
                        run on a Raspberry Pi, or choose --board gpiochip or sim";
        assert_eq!(error, expected);
    }

    #[test]
    fn a_line_in_an_error_is_the_key_that_names_its_pin() {
        let who = Consumer::Agent(Line::Motor(Side::Left, MotorLine::Pwm));
        let error = failed(&who.names_pin(&Pin::gpio(12)), &Error::PinUsed(12)).to_string();
        let expected = "wiring.left.pwm (GPIO 12): Pin 12 is already in use; wire and configure another pin";
        assert_eq!(error, expected);
    }
}
