//! The deeds: bring outputs to their levels, measure.

mod board_lock;
mod encoder_input;
mod gpio_backend;
mod gpio_backend_kind;
mod gpio_board;
mod gpio_motors;
mod gpiochip;
mod motor_controller;
mod odometer;
mod output;
mod pin;
mod pulse;
mod rppal;
pub mod sim;
mod stop_input;
mod sysfs_pwm;
mod wiring;

pub use board_lock::BoardLock;
#[cfg(test)]
pub(crate) use gpio_backend::FakeGpioBackend;
pub(crate) use gpio_backend::{Consumer, DigitalOutput, GpioBackend};
pub use gpio_backend_kind::GpioBackendKind;
pub use gpio_board::{EnableLine, GpioBoard};
pub use pin::{Bias, Channel, Pin, PinLocation, Wire};
pub(crate) use sysfs_pwm::{SYSFS_PWM, SysfsPwm};
pub use wiring::{
    DoorLine, DoorLock, Drive, Encoder, Line, Motion, Motor, MotorLine, Servo, Side, Signal, Turning, Wiring,
};

use crate::control::{Cause, Moment, Outputs, Sensed};
use std::fmt::Display;
use std::task::{Context, Poll};
use vehicle_protocol::Advice;

/// A board that could not bring an output to its level: which output or line, why, and what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct BoardError(Advice);

impl BoardError {
    pub(crate) fn new(
        output: impl Display,
        problem: impl Into<String>,
        next_step: impl Into<String>,
    ) -> Self {
        Self(Advice::new(problem, next_step).at(output))
    }
}

/// Outputs and inputs of a vehicle, whatever drives them: motors, lights and locks; encoders, odometry and the emergency-stop
/// input. A controller of motors on a bus is no board of its own, see `motor_controller`.
pub trait Board {
    /// Brings every output to its level; called with the same levels again it changes nothing.
    ///
    /// # Errors
    /// If an output can't be brought to its level; others may have been.
    fn apply(&mut self, now: Moment, outputs: &Outputs, cause: &Cause) -> Result<(), BoardError>;

    /// Measures what the board can measure, and reads the emergency-stop input.
    fn sense(&mut self, now: Moment) -> Sensed;

    /// Ready when something is to be sensed at once, as an emergency-stop input that has opened; the task is woken then.
    fn poll_wake(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
