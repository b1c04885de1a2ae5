//! The arguments of each subcommand.

use super::duration;
use clap::Args;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use vehicle_protocol::{CommandId, CommandName, KeyName, VehicleId};

/// What `send` takes.
#[derive(Clone, Debug, Args)]
pub struct SendArgs {
    /// The vehicle
    pub vehicle: VehicleId,
    /// The command, as lock-doors or LOCK_DOORS
    #[arg(value_name = "COMMAND", value_parser = command)]
    pub command: CommandName,
    /// Speed of SET_MAX_SPEED, SET_MIN_SPEED and DRIVE
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub mph: Option<f64>,
    /// Angle of ROTATE_RIGHT and ROTATE_LEFT
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub degrees: Option<f64>,
    /// Turn rate of DRIVE, positive to the right
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub degrees_per_s: Option<f64>,
    /// How long a DRIVE holds
    #[arg(long, value_name = "N")]
    pub hold_ms: Option<u64>,
    /// How long the HORN sounds
    #[arg(long, value_name = "N")]
    pub duration_ms: Option<u64>,
    /// Key that REVOKE_KEY withdraws
    #[arg(long, value_name = "NAME")]
    pub target_key: Option<KeyName>,
    /// ID of the command instead of a random one; for CANCEL, of the command to end
    #[arg(long, value_name = "ID")]
    pub id: Option<CommandId>,
    /// The oldest form, for vehicles that know no other: no ID, no expiry, answered by name
    #[arg(long)]
    pub plain: bool,
}

/// What `drive` takes.
#[derive(Clone, Debug, Args)]
pub struct DriveArgs {
    /// The vehicle
    pub vehicle: VehicleId,
    /// Speed, negative backwards
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 0.0, requires = "length")]
    pub mph: f64,
    /// Turn rate, positive to the right
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 0.0, requires = "length")]
    pub degrees_per_s: f64,
    /// How long; then the stick is released. Without it keys and mouse drive, in a terminal
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub length: Option<Duration>,
    /// Time until the vehicle stops by itself when no other setpoint follows. 300 without it, or less where the vehicle
    /// allows no more
    #[arg(long, value_name = "N", requires = "length")]
    pub hold_ms: Option<u64>,
    /// Time from one setpoint to the next; four must fit into a hold. 50ms without it, or less in a short hold
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "length")]
    pub period: Option<Duration>,
    /// How it is shown
    #[command(flatten)]
    pub face: FaceArgs,
}

/// How a screen in a terminal looks, and which keys it takes.
#[derive(Clone, Debug, Default, Args)]
pub struct FaceArgs {
    /// Lines instead of a screen, to be read aloud
    #[arg(long)]
    pub plain: bool,
    /// Letters, digits and signs of ASCII only
    #[arg(long)]
    pub ascii: bool,
    /// Which keys drive: default, ros, or a file with a keymap [default: default]
    #[arg(long, value_name = "NAME|FILE")]
    pub keymap: Option<String>,
}

/// What `tui` takes.
#[derive(Clone, Debug, Args)]
pub struct TuiArgs {
    /// The vehicles; without any, all that the broker knows of
    #[arg(value_name = "VEHICLE")]
    pub vehicles: Vec<VehicleId>,
    /// How it is shown
    #[command(flatten)]
    pub face: FaceArgs,
}

/// What `watch` takes.
#[derive(Clone, Debug, Args)]
pub struct WatchArgs {
    /// The vehicles
    #[arg(required = true, value_name = "VEHICLE")]
    pub vehicles: Vec<VehicleId>,
    /// Print only the value of this field, such as speed_mph, mode or presence
    #[arg(long, value_name = "FIELD")]
    pub field: Option<String>,
    /// End when this holds for every vehicle, such as 'speed_mph > 2' or 'mode == standing'
    #[arg(long, value_name = "CONDITION")]
    pub until: Option<crate::commands::watch::Condition>,
    /// End after so many lines
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
}

/// What `audit` takes.
#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// The vehicles
    #[arg(required = true, value_name = "VEHICLE")]
    pub vehicles: Vec<VehicleId>,
    /// End after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
}

/// What `estop` takes.
#[derive(Clone, Debug, Args)]
pub struct EstopArgs {
    /// The vehicles
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "VEHICLE")]
    pub vehicles: Vec<VehicleId>,
    /// Every vehicle that the broker knows of
    #[arg(long)]
    pub all: bool,
}

/// What `clear` takes.
#[derive(Clone, Debug, Args)]
pub struct ClearArgs {
    /// The vehicle
    pub vehicle: VehicleId,
}

/// What `ping` takes.
#[derive(Clone, Debug, Args)]
pub struct PingArgs {
    /// The vehicle
    pub vehicle: VehicleId,
    /// How many round trips
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: u32,
    /// Longest median round trip that is good enough, such as 150ms
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub max: Option<Duration>,
}

/// What `web` takes.
#[derive(Clone, Debug, Args)]
pub struct WebArgs {
    /// The vehicles; without any, all that the broker knows of
    #[arg(value_name = "VEHICLE")]
    pub vehicles: Vec<VehicleId>,
    /// Where to listen; beyond this machine only with TLS, port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8420")]
    pub listen: SocketAddr,
    /// A name under which browsers reach this machine, if it is not by address; may be repeated
    #[arg(long = "name", value_name = "HOST")]
    pub names: Vec<String>,
    /// Certificate for TLS, with the ones that vouch for it
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Key of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl WebArgs {
    /// On this machine alone, at a port that is free.
    #[must_use]
    pub fn on_any_port() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { vehicles: Vec::new(), listen, names: Vec::new(), tls_cert: None, tls_key: None }
    }
}

/// What `demo` takes.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// Drive a scripted tour and end with a summary, without a screen
    #[arg(long)]
    pub headless: bool,
    /// Serve a page to drive from, instead of a scripted tour
    #[arg(long, conflicts_with = "headless")]
    pub web: bool,
    /// How long; a tour that has begun is brought to its end
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub length: Option<Duration>,
    /// Seed of everything random in it
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many vehicles
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub vehicles: u16,
    /// Delay of the console's link, each way
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub latency: Option<Duration>,
    /// Random delay besides, up to this
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub jitter: Option<Duration>,
    /// Percent of the pieces that are lost and sent again, as TCP does, which holds up all behind them by 200 ms
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=90))]
    pub loss: u8,
    /// How it is shown
    #[command(flatten)]
    pub face: FaceArgs,
}

/// Slips of the finger that are still taken for a command's name, in edits.
const FAR: usize = 6;

fn command(text: &str) -> Result<CommandName, String> {
    CommandName::from_human(text).ok_or_else(|| {
        let typed = text.to_ascii_lowercase().replace('_', "-");
        let mut near: Vec<(usize, String)> = CommandName::ALL
            .iter()
            .map(|name| (distance(&typed, &name.kebab()), name.kebab()))
            .filter(|(far, name)| *far <= FAR.min(name.len() / 2))
            .collect();
        near.sort();
        let names: Vec<String> = near.into_iter().take(3).map(|(_, name)| name).collect();
        if names.is_empty() {
            let all: Vec<String> = CommandName::ALL.iter().map(|name| name.kebab()).collect();
            format!("there is no such command; there are: {}", all.join(", "))
        } else {
            format!("there is no such command; did you mean {}?", names.join(", "))
        }
    })
}

/// Edits between the two; a whole word of the name counts as one: "headlights", "rotate".
fn distance(typed: &str, name: &str) -> usize {
    if typed.len() > 3 && name.split('-').any(|word| word == typed) {
        return 1;
    }
    strsim::damerau_levenshtein(typed, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_met_with_the_nearest_names() {
        for (typed, meant) in [
            ("lock-dors", "lock-doors"),
            ("LOCK_DOOR", "lock-doors"),
            ("break", "brake"),
            ("headlights", "turn-on-headlights"),
            ("rotate", "rotate-left"),
            ("emergency-stpo", "emergency-stop"),
        ] {
            let told = command(typed).unwrap_err();
            assert!(told.contains("did you mean") && told.contains(meant), "{typed}: {told}");
        }
        assert!(command("xyzzy").unwrap_err().contains("turn-on-engine"));
    }
}
