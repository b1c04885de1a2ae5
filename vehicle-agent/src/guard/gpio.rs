//! The guard's own hold of a real board's lines.

use super::cutoff::{Agent, Cutoff};
use super::guarded_outputs::GpioLines;
use crate::board::{BoardError, Channel, Consumer, DigitalOutput, GpioBackend, Pin, SYSFS_PWM, SysfsPwm};
use crate::clock::{monotonic, sleep_until};
use crate::control::Cause;
use std::path::PathBuf;
use std::time::Duration;

/// Time in which the kernel takes the lines from an agent that is gone: it closes its files one by one.
const RELEASE: Duration = Duration::from_millis(300);
/// From try to try meanwhile.
const TRY: Duration = Duration::from_millis(2);

/// GpioLines that the agent has too where lines can be shared, as by a Raspberry Pi's registers. Where they can't, the guard has
/// only the enable line, and takes the others once the agent is gone; PWM hardware obeys anybody at any time.
#[derive(Debug)]
pub(super) struct GpioCutoff {
    backend: Box<dyn GpioBackend>,
    /// The folder of PWM chips.
    pwm: PathBuf,
    enable: Option<HeldLine>,
    enabled: bool,
    brake: Option<HeldLine>,
    motors: Vec<HeldLine>,
    channels: Vec<Channel>,
}

#[derive(Debug)]
struct HeldLine {
    what: &'static str,
    pin: Pin,
    level: Option<Box<dyn DigitalOutput>>,
}

impl GpioCutoff {
    /// Opens the way to the lines, and takes none yet.
    pub(super) fn new(lines: &GpioLines) -> Result<Self, BoardError> {
        Ok(Self::on(lines.backend.open()?, SYSFS_PWM.into(), lines))
    }

    fn on(backend: Box<dyn GpioBackend>, pwm: PathBuf, lines: &GpioLines) -> Self {
        let held = |what| move |pin: &Pin| HeldLine { what, pin: pin.clone(), level: None };
        Self {
            backend,
            pwm,
            enable: lines.enable.as_ref().map(held("enable")),
            enabled: false,
            brake: lines.brake.as_ref().map(held("brake")),
            motors: lines.motors.iter().map(held("motor")).collect(),
            channels: lines.channels.clone(),
        }
    }

    /// Takes the lines that a guard has from the start: power to the motors off, the brake as it is.
    pub(super) fn acquire(&mut self) -> Result<(), BoardError> {
        let shared = !self.backend.is_exclusive();
        for line in self.enable.iter_mut().chain(self.motors.iter_mut().filter(|_| shared)) {
            line.bring(self.backend.as_ref(), false)?;
        }
        // A guard that is started again must not let go of a parking brake.
        for line in self.brake.iter_mut().filter(|_| shared) {
            line.level = Some(self.backend.output(Consumer::Guard(line.what), &line.pin, None)?);
        }
        self.silence()
    }

    fn silence(&self) -> Result<(), BoardError> {
        let silenced = self.channels.iter().map(|channel| {
            let name = format!("guard, motor ({channel})");
            SysfsPwm::silence(&self.pwm, channel, &name)
        });
        silenced.fold(Ok(()), Result::and)
    }
}

impl HeldLine {
    /// Switches the line, which is taken first where it is not yet.
    fn bring(&mut self, backend: &dyn GpioBackend, on: bool) -> Result<(), BoardError> {
        if let Some(level) = &mut self.level {
            return level.set(on);
        }
        self.level = Some(backend.output(Consumer::Guard(self.what), &self.pin, Some(on))?);
        Ok(())
    }

    /// The same, tried again up to the moment `end`.
    fn bring_until(&mut self, end: Duration, backend: &dyn GpioBackend, on: bool) -> Result<(), BoardError> {
        loop {
            let brought = self.bring(backend, on);
            if brought.is_ok() || monotonic() >= end {
                return brought;
            }
            sleep_until(monotonic().saturating_add(TRY));
        }
    }
}

impl Cutoff for GpioCutoff {
    fn enable(&mut self, on: bool) -> Result<(), BoardError> {
        // Only when it changes: meanwhile the agent may have switched it off, with the word for it on its way.
        if self.enabled == on {
            return Ok(());
        }
        self.enabled = on;
        self.enable.as_mut().map_or(Ok(()), |line| line.bring(self.backend.as_ref(), on))
    }

    fn make_safe(&mut self, _: &Cause, agent: Agent) -> Result<(), BoardError> {
        self.enabled = false;
        let now = monotonic();
        let end = if agent == Agent::Gone { now.saturating_add(RELEASE) } else { now };
        let backend = self.backend.as_ref();
        let enable = self.enable.as_mut().map(|line| line.bring_until(end, backend, false));
        let disabled = matches!(enable, Some(Ok(())));
        let mut made_safe = enable.unwrap_or(Ok(())).and(self.silence());
        let others = self.brake.iter_mut().map(|line| (line, true));
        for (line, on) in others.chain(self.motors.iter_mut().map(|line| (line, false))) {
            // An agent that is there keeps the lines that it has; without power from the driver they move nothing.
            let keeps = agent == Agent::Silent && line.level.is_none() && disabled;
            let brought = if keeps { Ok(()) } else { line.bring_until(end, self.backend.as_ref(), on) };
            made_safe = made_safe.and(brought);
        }
        made_safe
    }
}

#[cfg(test)]
mod tests;
