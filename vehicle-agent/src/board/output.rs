//! One output, whatever it leads to: it only gives the signal that it is told.

use super::pulse::{Pattern, PulsedLine};
use super::wiring::{SERVO_PERIOD, Signal};
use super::{BoardError, GpioBackend, SysfsPwm, Wire};
use crate::board::gpio_backend::Consumer;
use std::path::Path;
use std::time::Duration;

/// One output.
#[derive(Debug)]
pub(super) enum OutputLine {
    /// A digital line.
    Line(PulsedLine),
    /// A channel of PWM hardware.
    Channel(SysfsPwm),
}

impl OutputLine {
    /// Acquires the wire as an output that is on or off; `period` is that of its pulses.
    pub(super) fn acquire(
        backend: &dyn GpioBackend,
        pwm: &Path,
        who: Consumer,
        wire: &Wire,
        first: Signal,
        period: Duration,
    ) -> Result<Self, BoardError> {
        match wire {
            Wire::Pin(pin) => {
                let level = backend.output(who, pin, Some(first == Signal::On))?;
                Ok(Self::Line(PulsedLine::new(level)))
            }
            Wire::Channel(channel) => {
                SysfsPwm::open(pwm, channel, &who.names(wire), period).map(Self::Channel)
            }
        }
    }

    /// Gives `signal` from now on; `period` is that of the motors' PWM. What is to be off is off when this returns.
    pub(super) fn bring(&mut self, signal: Signal, period: Duration) -> Result<(), BoardError> {
        let train = |signal| match signal {
            Signal::Pulsed(thousandths) => Some((
                period,
                period.saturating_mul(thousandths.into()).checked_div(1000).unwrap_or_default(),
            )),
            Signal::Servo(micros) => Some((SERVO_PERIOD, Duration::from_micros(micros.into()))),
            Signal::Off | Signal::On | Signal::Once(_) => None,
        };
        match (self, signal, train(signal)) {
            (Self::Line(line), _, Some((period, width))) => line.set(Pattern::Train { period, width }),
            (Self::Line(line), Signal::Once(duration), None) => line.set(Pattern::Once(duration)),
            (Self::Line(line), _, None) => line.set(Pattern::Steady(signal == Signal::On)),
            (Self::Channel(pwm), _, Some((period, width))) => pwm.pulse(period, width),
            (Self::Channel(pwm), Signal::On, None) => pwm.pulse(period, period),
            // Relays are never wired to PWM hardware, which could not end a pulse by itself.
            (Self::Channel(pwm), _, None) => pwm.off(),
        }
    }
}

impl Drop for OutputLine {
    fn drop(&mut self) {
        if let Self::Channel(pwm) = self {
            // The hardware would go on; nobody is left to hear of a failure.
            let _ = pwm.off();
        }
    }
}
