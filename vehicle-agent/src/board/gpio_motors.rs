//! Motors on pins and PWM channels: bridges and speed controllers.

use super::BoardError;
use super::gpio_board::GpioLine;
use super::motor_controller::MotorController;
use super::wiring::{Drive, Line, Motion, change_order};
use crate::control::Duty;
use std::time::Duration;

/// The lines of all motors of a board.
#[derive(Debug)]
pub(super) struct GpioMotors {
    drive: Drive,
    period: Duration,
    lines: Vec<GpioLine>,
}

impl GpioMotors {
    /// Drives motors wired as `drive` by `lines`, which are off; `period` is that of their PWM.
    pub(super) const fn new(drive: Drive, period: Duration, lines: Vec<GpioLine>) -> Self {
        Self { drive, period, lines }
    }

    /// Brings all lines to what `motion` asks: halves that end first, then directions, power last.
    fn bring(&mut self, motion: Motion) -> Result<(), BoardError> {
        let drive = &self.drive;
        let signal = |line| {
            let Line::Motor(side, part) = line else { return None };
            Some(drive.signal(side, part, motion))
        };
        let changes = self.lines.iter_mut().filter_map(|wired| Some((signal(wired.line())?, wired)));
        let mut changes: Vec<_> = changes.filter(|(signal, wired)| wired.signal() != *signal).collect();
        changes.sort_by_key(|(signal, wired)| change_order(wired.line(), *signal));
        // One that fails must not keep the others from their levels; the first failure is reported.
        changes.into_iter().map(|(signal, wired)| wired.bring(signal, self.period)).fold(Ok(()), Result::and)
    }
}

impl MotorController for GpioMotors {
    fn drive(&mut self, left: Duty, right: Duty) -> Result<(), BoardError> {
        self.bring(Motion::new(left, right))
    }

    fn cut(&mut self) -> Result<(), BoardError> {
        self.bring(Motion::default())
    }
}
