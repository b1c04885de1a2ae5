//! PWM hardware below /sys/class/pwm.

mod plan;

use super::BoardError;
use super::pin::Channel;
use crate::clock::{monotonic, sleep_until};
use plan::{ChannelState, Pulses};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The kernel's folder of PWM chips.
pub(crate) const SYSFS_PWM: &str = "/sys/class/pwm";

/// Time for udev to hand over the files of a new channel.
const HANDOVER: Duration = Duration::from_secs(1);
/// From look to look at them.
const LOOK: Duration = Duration::from_millis(10);

/// One channel of PWM hardware. It goes on after the process, so whoever has it must end its pulses.
#[derive(Debug)]
pub(crate) struct SysfsPwm {
    name: String,
    folder: PathBuf,
    state: ChannelState,
}

impl SysfsPwm {
    /// Takes a channel, without pulses; `base` is the folder of the chips. Its period is set at once, for channels of one
    /// chip may have to share theirs from the first moment.
    ///
    /// # Errors
    /// If there is no such channel, or it can't be had.
    pub(crate) fn open(
        base: &Path,
        channel: &Channel,
        name: &str,
        period: Duration,
    ) -> Result<Self, BoardError> {
        let failed = |problem: String, next_step: &str| BoardError::new(name, problem, next_step);
        let chip = find_chip(base, &channel.chip).map_err(|problem| failed(problem, NO_CHIP))?;
        let folder = chip.join(format!("pwm{}", channel.channel));
        if !folder.exists() {
            export(&chip, channel.channel).map_err(|(problem, next_step)| failed(problem, next_step))?;
        }
        wait_for_files(&folder).map_err(|error| failed(error.to_string(), NO_RIGHT))?;
        let state = read_state(&folder).map_err(|error| failed(error.to_string(), NO_RIGHT))?;
        let mut pwm = Self { name: name.to_owned(), folder, state };
        pwm.bring(Pulses { period, width: Duration::ZERO, inverted: channel.inverted })?;
        Ok(pwm)
    }

    /// Takes the pulses from a channel, if anybody has ever asked for some; whoever has it may go on using it.
    ///
    /// # Errors
    /// If the channel is there and can't be written.
    pub(crate) fn silence(base: &Path, channel: &Channel, name: &str) -> Result<(), BoardError> {
        let Ok(chip) = find_chip(base, &channel.chip) else { return Ok(()) };
        let folder = chip.join(format!("pwm{}", channel.channel));
        if !folder.exists() {
            return Ok(());
        }
        let silenced = read_state(&folder).and_then(|state| match state.period_ns {
            // Without a period there are no pulses, and the kernel takes no width.
            0 => Ok(()),
            _ => write(&folder, "duty_cycle", "0"),
        });
        silenced.map_err(|error| BoardError::new(name, error.to_string(), NO_RIGHT))
    }

    /// Gives pulses of `width` each `period`, or none for a width of zero.
    ///
    /// # Errors
    /// If the hardware can't do it.
    pub(crate) fn pulse(&mut self, period: Duration, width: Duration) -> Result<(), BoardError> {
        self.bring(Pulses { period, width, inverted: self.state.inverted })
    }

    /// Takes the pulses away.
    ///
    /// # Errors
    /// If the hardware can't do it.
    pub(crate) fn off(&mut self) -> Result<(), BoardError> {
        self.pulse(Duration::from_nanos(self.state.period_ns), Duration::ZERO)
    }

    fn bring(&mut self, pulses: Pulses) -> Result<(), BoardError> {
        for step in self.state.steps(pulses) {
            write(&self.folder, step.file(), &step.text())
                .map_err(|error| self.refused(step.file(), &error))?;
            self.state = self.state.after(step);
        }
        Ok(())
    }

    fn refused(&self, file: &str, error: &io::Error) -> BoardError {
        let next_step = match file {
            _ if error.kind() == ErrorKind::PermissionDenied => NO_RIGHT,
            "period" => {
                "change wiring.pwm_hz: channels of one chip may have to share their period; then restart the board"
            }
            "polarity" => "leave out active_low: this chip can't invert",
            _ => "check that no other program uses this channel",
        };
        BoardError::new(&self.name, format!("{}: {error}", self.folder.join(file).display()), next_step)
    }
}

const NO_CHIP: &str = "enable it in the device tree (on a Raspberry Pi: dtoverlay=pwm-2chan,pin=12,func=4,pin2=13,\
                       func2=4 in config.txt), or leave out hardware";
const NO_RIGHT: &str =
    "add the user to the group gpio, and install the udev rule that gives it /sys/class/pwm";

fn find_chip(base: &Path, name: &str) -> Result<PathBuf, String> {
    let entries = fs::read_dir(base).map_err(|error| format!("{}: {error}", base.display()))?;
    let mut known = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let chip = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let device = fs::read_link(path.join("device")).unwrap_or_default();
        let device = device.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if chip == name || device.ends_with(name) {
            return Ok(path);
        }
        known.push(format!("{chip} [{device}]"));
    }
    known.sort();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(format!("there is no PWM chip {name} (there is {known})"))
}

fn export(chip: &Path, channel: u32) -> Result<(), (String, &'static str)> {
    let count = fs::read_to_string(chip.join("npwm")).ok().and_then(|text| text.trim().parse::<u32>().ok());
    if let Some(count) = count.filter(|count| channel >= *count) {
        return Err((format!("{} has {count} channels, from 0", chip.display()), "choose another channel"));
    }
    write(chip, "export", &channel.to_string()).map_err(|error| {
        let busy = error.kind() == ErrorKind::ResourceBusy;
        let next_step = if busy { "free it: a driver of the device tree has this channel" } else { NO_RIGHT };
        (format!("{}: {error}", chip.join("export").display()), next_step)
    })
}

/// The files of a new channel belong to root until udev has seen them.
fn wait_for_files(folder: &Path) -> io::Result<()> {
    let end = monotonic().saturating_add(HANDOVER);
    loop {
        let open = |file: &&str| OpenOptions::new().write(true).open(folder.join(file)).err();
        let Some(error) = plan::FILES.iter().find_map(open) else { return Ok(()) };
        let may_pass = matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound);
        if !may_pass || monotonic() >= end {
            return Err(error);
        }
        sleep_until(monotonic().saturating_add(LOOK));
    }
}

fn read_state(folder: &Path) -> io::Result<ChannelState> {
    let read = |file: &str| fs::read_to_string(folder.join(file)).map(|text| text.trim().to_owned());
    let number = |file: &str| read(file).map(|text| text.parse::<u64>().unwrap_or(0));
    Ok(ChannelState {
        period_ns: number("period")?,
        width_ns: number("duty_cycle")?,
        // A chip that can't invert has no such file.
        inverted: read("polarity").is_ok_and(|polarity| polarity == "inversed"),
        enabled: number("enable")? == 1,
    })
}

fn write(folder: &Path, file: &str, text: &str) -> io::Result<()> {
    // Whatever is not there is not created: below /sys that would say the wrong thing.
    let mut file = OpenOptions::new().write(true).truncate(true).open(folder.join(file))?;
    io::Write::write_all(&mut file, text.as_bytes())
}

#[cfg(test)]
mod tests;
