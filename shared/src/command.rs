//! The commands that a vehicle obeys.

pub(crate) mod arguments;
mod parameter;
mod table;

pub use parameter::{Parameter, ParameterKind};
pub use table::{Command, CommandName, Group};

use crate::word::words;
use crate::{DegreesPerSecond, Mph};
use std::time::Duration;
use table::Kind;

impl CommandName {
    /// The name as people type it: lower case with hyphens.
    #[must_use]
    pub fn kebab(self) -> String {
        self.as_str().to_ascii_lowercase().replace('_', "-")
    }

    /// The command that a person named, in kebab case or as on the wire.
    #[must_use]
    pub fn from_human(text: &str) -> Option<Self> {
        Self::from_word(&text.to_ascii_uppercase().replace('-', "_"))
    }

    /// True for the stops, which are decided before everything that could hold a command back.
    #[must_use]
    pub const fn is_stop(self) -> bool {
        matches!(self.kind(), Kind::Stop)
    }

    /// True for a request for motion, which needs the engine, control and a lease.
    #[must_use]
    pub const fn is_motion(self) -> bool {
        matches!(self.kind(), Kind::Motion | Kind::Setpoint)
    }

    /// True for the commands of the drive topic; no other topic may carry them.
    #[must_use]
    pub const fn is_on_drive_topic(self) -> bool {
        matches!(self.kind(), Kind::Setpoint | Kind::Renewal)
    }

    /// The stream that counts it.
    #[must_use]
    pub const fn stream(self) -> Stream {
        if self.is_on_drive_topic() { Stream::Drive } else { Stream::Commands }
    }

    /// The longest time that may lie between now and a timed command's EXP.
    #[must_use]
    pub const fn longest_life(self) -> Duration {
        Duration::from_secs(if self.is_motion() { 2 } else { 10 })
    }
}

words! {
    /// A series of commands with one CTR in each session; the name of a command decides, not its topic.
    Stream {
        /// All but DRIVE and HEARTBEAT.
        Commands = "commands",
        /// DRIVE and HEARTBEAT.
        Drive = "drive",
    }
}

/// Shortest HOLD_MS of a setpoint, in milliseconds.
pub const MIN_HOLD_MS: u64 = 100;
/// Longest DURATION_MS of the horn, in milliseconds.
pub const MAX_HORN_MS: u64 = 5000;
/// DURATION_MS of a horn command without one, in milliseconds.
pub const DEFAULT_HORN_MS: u64 = 500;

/// Duration of a HORN, in milliseconds; 1 to [`MAX_HORN_MS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HornDuration(pub u64);

/// The velocity that a held stick asks for, for as long as it is renewed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setpoint {
    /// Speed, negative backwards.
    pub speed: Mph,
    /// Turn rate, positive to the right.
    pub turn_rate: DegreesPerSecond,
    /// Time until it lapses, in milliseconds.
    pub hold_ms: u64,
}

impl Setpoint {
    /// Tells a released stick: no speed and no turn.
    #[must_use]
    pub const fn is_neutral(self) -> bool {
        self.speed.is_zero() && self.turn_rate.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_may_name_a_command_in_kebab_case_or_as_on_the_wire() {
        for &name in CommandName::ALL {
            assert_eq!(CommandName::from_human(&name.kebab()), Some(name));
            assert_eq!(CommandName::from_human(name.as_str()), Some(name));
        }
        assert_eq!(CommandName::from_human("fly"), None);
    }
}
