//! A vehicle that is wired to a board: what the wiring says, given to the outputs in order.

use super::encoder_input::EncoderInput;
use super::gpio_backend::Consumer;
use super::output::Output;
use super::stop_input::StopInput;
use super::wiring::{SERVO_PERIOD, place};
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

#[derive(Debug)]
struct GpioLine {
    line: Line,
    output: Output,
    /// Whether it is the guard that switches it on.
    by_guard: bool,
    signal: Signal,
}

impl GpioBoard {
    /// Takes all lines, outputs as off but for the brake: a vehicle that was parked must not roll. `started_ns` is
    /// `CLOCK_MONOTONIC` at [`Moment::default`], in nanoseconds. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the machine is another, or a line can't be had.
    pub fn new(
        kind: GpioBackendKind,
        wiring: Wiring,
        enable: EnableLine,
        started_ns: u64,
    ) -> Result<Self, BoardError> {
        let mut board = Self::on(kind.open()?.as_ref(), Path::new(SYSFS_PWM), wiring, enable)?;
        board.stop = board.wiring.emergency_stop.as_ref().map(StopInput::open).transpose()?;
        let encoders = board.wiring.encoders.iter();
        let open = |(side, encoder): &(Side, _)| EncoderInput::open(*side, encoder, started_ns);
        board.encoders = encoders.map(open).collect::<Result<_, _>>()?;
        Ok(board)
    }

    /// Takes the outputs.
    pub(crate) fn on(
        header: &dyn GpioBackend,
        pwm: &Path,
        wiring: Wiring,
        enable: EnableLine,
    ) -> Result<Self, BoardError> {
        let guarded = |line| line == Line::Enable && enable == EnableLine::Guarded;
        let outputs =
            wiring.outputs().into_iter().filter(|(line, _)| !(guarded(*line) && header.is_exclusive()));
        let take = |(line, wire): (Line, Wire)| {
            let signal = if line == Line::Brake { Signal::On } else { Signal::Off };
            let period = if line.is_servo() { SERVO_PERIOD } else { wiring.pwm_period };
            let output = Output::take(header, pwm, Consumer::Agent(line), &wire, signal, period)?;
            Ok(GpioLine { line, output, by_guard: guarded(line), signal })
        };
        let lines = outputs.map(take).collect::<Result<_, _>>()?;
        Ok(Self { wiring, motion: Motion::default(), last: None, lines, stop: None, encoders: Vec::new() })
    }

    /// What is wired to it.
    #[cfg(test)]
    pub(crate) const fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    fn bring(&mut self, outputs: &Outputs, motion: Motion) -> Result<(), BoardError> {
        let (wiring, period) = (&self.wiring, self.wiring.pwm_period);
        let mut changes: Vec<_> =
            self.lines.iter_mut().map(|wired| (wiring.signal(wired.line, motion, outputs), wired)).collect();
        changes.retain(|(signal, wired)| wired.signal != *signal);
        changes.sort_by_key(|(signal, wired)| place(wired.line, *signal));
        // One that fails must not keep the others from their levels; the first failure is reported.
        changes.into_iter().map(|(signal, wired)| wired.bring(signal, period)).fold(Ok(()), Result::and)
    }
}

impl GpioLine {
    fn bring(&mut self, signal: Signal, period: Duration) -> Result<(), BoardError> {
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
            encoder.told(motion.share(encoder.side()));
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
