//! A vehicle that is wired to a board: what the wiring says, given to the outputs in order.

use super::encoder_input::EncoderInput;
use super::gpio_backend::Consumer;
use super::gpio_motors::GpioMotors;
use super::motor_controller::MotorController;
use super::output::OutputLine;
use super::stop_input::StopInput;
use super::wiring::{CUT_ORDER, DRIVE_ORDER, SERVO_PERIOD, change_order};
use super::{
    Board, BoardError, GpioBackend, GpioBackendKind, Line, Motion, SYSFS_PWM, Side, Signal, Wire, Wiring,
};
use crate::control::{Cause, Moment, Outputs, Sensed, Wheel, Wheels};
use std::path::Path;
use std::task::{Context, Poll};
use std::time::Duration;

/// The outputs and inputs of a real vehicle.
#[derive(Debug)]
pub struct GpioBoard {
    wiring: Wiring,
    motion: Motion,
    last: Option<Outputs>,
    motors: Box<dyn MotorController>,
    /// All other outputs.
    lines: Vec<GpioLine>,
    stop: Option<StopInput>,
    encoders: Vec<EncoderInput>,
}

/// The process that switches the enable line of the motor driver on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnableLine {
    /// The board, since there is no guard.
    Own,
    /// The guard: a board that hangs and comes back can't undo what the guard did meanwhile. Where lines can be shared, the
    /// board switches it off besides; where they can't, the guard does so when it is told that the vehicle is disarmed.
    Guarded,
}

/// An output line, and the signal that it gives.
#[derive(Debug)]
pub(super) struct GpioLine {
    line: Line,
    output: OutputLine,
    /// The guard switches it on, not the board.
    by_guard: bool,
    signal: Signal,
}

impl GpioBoard {
    /// Takes all lines, outputs as off but for the brake: a vehicle that was parked must not roll. `started_ns` is
    /// `CLOCK_MONOTONIC` at [`Moment::default`], in nanoseconds. Needs a tokio runtime.
    ///
    /// # Errors
    /// If the machine is another, or a line can't be had.
    pub fn new(
        kind: GpioBackendKind,
        wiring: Wiring,
        enable: EnableLine,
        started_ns: u64,
    ) -> Result<Self, BoardError> {
        // Another controller of motors would be opened and assembled here.
        let mut board = Self::on(kind.open()?.as_ref(), Path::new(SYSFS_PWM), wiring, enable)?;
        board.stop = board.wiring.emergency_stop.as_ref().map(StopInput::open).transpose()?;
        let encoders = board.wiring.encoders.iter();
        let open = |(side, encoder): &(Side, _)| EncoderInput::open(*side, encoder, started_ns);
        board.encoders = encoders.map(open).collect::<Result<_, _>>()?;
        Ok(board)
    }

    /// Takes the outputs, with the motors on pins.
    pub(crate) fn on(
        backend: &dyn GpioBackend,
        pwm: &Path,
        wiring: Wiring,
        enable: EnableLine,
    ) -> Result<Self, BoardError> {
        let (motors, lines) = Self::acquire(backend, pwm, &wiring, enable)?
            .into_iter()
            .partition(|wired| matches!(wired.line, Line::Motor(..)));
        let motors = GpioMotors::new(wiring.drive.clone(), wiring.pwm_period, motors);
        Ok(Self::assemble(wiring, Box::new(motors), lines))
    }

    fn assemble(wiring: Wiring, motors: Box<dyn MotorController>, lines: Vec<GpioLine>) -> Self {
        let (motion, last) = (Motion::default(), None);
        Self { wiring, motion, last, motors, lines, stop: None, encoders: Vec::new() }
    }

    fn acquire(
        backend: &dyn GpioBackend,
        pwm: &Path,
        wiring: &Wiring,
        enable: EnableLine,
    ) -> Result<Vec<GpioLine>, BoardError> {
        let guarded = |line| line == Line::Enable && enable == EnableLine::Guarded;
        let outputs =
            wiring.outputs().into_iter().filter(|(line, _)| !(guarded(*line) && backend.is_exclusive()));
        let acquire = |(line, wire): (Line, Wire)| {
            let signal = if line == Line::Brake { Signal::On } else { Signal::Off };
            let period = if line.is_servo() { SERVO_PERIOD } else { wiring.pwm_period };
            let output = OutputLine::acquire(backend, pwm, Consumer::Agent(line), &wire, signal, period)?;
            Ok(GpioLine { line, output, by_guard: guarded(line), signal })
        };
        outputs.map(acquire).collect()
    }

    /// The wiring of this board.
    #[cfg(test)]
    pub(crate) const fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    fn bring(&mut self, outputs: &Outputs, motion: Motion) -> Result<(), BoardError> {
        let (wiring, period) = (&self.wiring, self.wiring.pwm_period);
        let lines = self.lines.iter_mut().map(|wired| (wiring.signal(wired.line, motion, outputs), wired));
        let lines = lines.filter(|(signal, wired)| wired.signal != *signal);
        let motors_order = if motion.is_off() { CUT_ORDER } else { DRIVE_ORDER };
        let mut changes: Vec<_> = lines
            .map(|(signal, wired)| (change_order(wired.line, signal), Change::Line(wired, signal)))
            .chain([(motors_order, Change::Motors(self.motors.as_mut(), motion))])
            .collect();
        changes.sort_by_key(|(order, _)| *order);
        // One that fails must not keep the others from their levels; the first failure is reported.
        changes.into_iter().map(|(_, change)| change.make(period)).fold(Ok(()), Result::and)
    }
}

/// One change among those of a step.
enum Change<'a> {
    Line(&'a mut GpioLine, Signal),
    Motors(&'a mut dyn MotorController, Motion),
}

impl Change<'_> {
    fn make(self, period: Duration) -> Result<(), BoardError> {
        match self {
            Self::Line(wired, signal) => wired.bring(signal, period),
            Self::Motors(motors, motion) if motion.is_off() => motors.cut(),
            Self::Motors(motors, motion) => motors.drive(motion.duty(Side::Left), motion.duty(Side::Right)),
        }
    }
}

impl GpioLine {
    pub(super) const fn line(&self) -> Line {
        self.line
    }

    pub(super) const fn signal(&self) -> Signal {
        self.signal
    }

    /// Gives `signal` from now on; `period` is that of the motors' PWM.
    pub(super) fn bring(&mut self, signal: Signal, period: Duration) -> Result<(), BoardError> {
        if !(self.by_guard && signal == Signal::On) {
            self.output.bring(signal, period)?;
        }
        self.signal = signal;
        Ok(())
    }
}

impl Board for GpioBoard {
    fn apply(&mut self, _now: Moment, outputs: &Outputs, _cause: &Cause) -> Result<(), BoardError> {
        let motion = self.wiring.next_motion(self.motion, outputs).ok_or_else(|| {
            let next_step = "set drivetrain.kind to what the vehicle has";
            BoardError::new("motors", "the outputs are of another drivetrain", next_step)
        })?;
        self.motion = motion;
        self.last = Some(*outputs);
        for encoder in &mut self.encoders {
            encoder.told(motion.duty(encoder.side()).share());
        }
        self.bring(outputs, motion)
    }

    fn sense(&mut self, now: Moment) -> Sensed {
        let emergency_stop = self.stop.as_mut().is_some_and(StopInput::is_open);
        let wheels: Vec<Wheel> = self.encoders.iter_mut().map(|encoder| encoder.measure(now)).collect();
        let wheels = match wheels.as_slice() {
            [left, right] => Some(Wheels::Sides { left: *left, right: *right }),
            [wheel] => Some(Wheels::Drive(*wheel)),
            _ => None,
        };
        Sensed { wheels, emergency_stop, ..Sensed::default() }
    }

    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Each is asked, so that each wakes the task.
        let stop = self.stop.as_mut().is_some_and(|stop| stop.poll_news(cx).is_ready());
        let news = self.encoders.iter_mut().map(|encoder| encoder.poll_news(cx).is_ready());
        if news.fold(stop, |any, one| any | one) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for GpioBoard {
    fn drop(&mut self) {
        // Levels outlive the process, and nobody is left to hear of a failure.
        if let Some(last) = self.last {
            let _ = self.bring(&last.made_safe(), Motion::default());
        }
    }
}

#[cfg(test)]
mod tests;
