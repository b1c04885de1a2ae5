//! The seam for what drives the wheels.
//!
//! Motors on pins are [`GpioMotors`](super::gpio_motors::GpioMotors). A controller that takes numbers on a serial line or a CAN
//! bus is one more file with a type that implements [`MotorController`], and one line in `GpioBoard::new` that opens it where
//! the wiring names it. What holds for each:
//!
//! - The guard knows lines, not buses. Wire the controller's enable input to the guarded enable line; without that, motors keep
//!   the last setpoint of an agent that was killed until the controller's own timeout.
//! - A call must not block: the control loop makes it, and the guard cuts the power after 150 ms without a beat. Write to a
//!   bus without waiting, or from a thread with a queue of one.
//! - A call comes when the outputs change or have failed, not with each step.
//!
//! Ramps, limits, the pause before reversing and the step without power between two directions are decided before.

use super::BoardError;
use crate::control::Duty;
use std::fmt;

/// The motors of a board, whatever drives them.
pub(crate) trait MotorController: fmt::Debug {
    /// Gives each side its share of full power, positive forwards, at once; a vehicle with one motor has the same on both.
    ///
    /// # Errors
    /// If a side may not have its share; the board then cuts.
    fn drive(&mut self, left: Duty, right: Duty) -> Result<(), BoardError>;

    /// Takes the power from all motors, at once; they have none when this returns without an error.
    ///
    /// # Errors
    /// If a motor may still have power; it is called again until it succeeds.
    fn cut(&mut self) -> Result<(), BoardError>;
}
