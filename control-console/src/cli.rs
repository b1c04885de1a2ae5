//! The command line as it is typed.

mod arguments;
mod certs;
mod keys;
mod manual;

pub use arguments::{
    AuditArgs, ClearArgs, DemoArgs, DriveArgs, EstopArgs, FaceArgs, PingArgs, SendArgs, TuiArgs, WatchArgs,
    WebArgs,
};
pub use certs::{BrokerConfigArgs, CertsArgs, CertsTask, IssueArgs, Kind};
pub use keys::{KeysArgs, KeysTask, NewKeyArgs};
pub use manual::{CompletionsArgs, DoctorArgs, ManArgs, PlotArgs, Shell};

use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;
use vehicle_protocol::{CommandName, Parameter, ParameterKind};

const LEAD: &str = "Try it now, with nothing else installed:\n  control-console demo";

/// Commands vehicles over MQTT, waits for their answers, watches them.
#[derive(Clone, Debug, Parser)]
#[command(name = "control-console", version, before_help = LEAD, after_help = exit_codes())]
#[command(disable_help_subcommand = true, subcommand_value_name = "COMMAND")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub action: Option<Action>,
    /// What holds for every subcommand.
    #[command(flatten)]
    pub global: Global,
}

/// The flags that may stand before or after the subcommand.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// The broker [default: mqtt://127.0.0.1:1883]
    #[arg(long, global = true, value_name = "mqtt[s]://HOST:PORT")]
    pub broker: Option<String>,
    /// Name to log in with
    #[arg(long, global = true, value_name = "NAME")]
    pub user: Option<String>,
    /// File with the password to log in with; a trailing newline does not count
    #[arg(long, global = true, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Certificates of the authorities that may vouch for the broker
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Own certificate, for a broker that asks for one
    #[arg(long, global = true, value_name = "FILE")]
    pub cert_file: Option<PathBuf>,
    /// Key of the own certificate
    #[arg(long, global = true, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// What stands before the vehicle in every topic [default: vehicles]
    #[arg(long, global = true, value_name = "TOPIC")]
    pub root: Option<String>,
    /// Longest silence, such as 5s or 500ms; a sign of progress restarts it [default: 5s]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Folder of the keys that sign commands [default: ~/.config/control-console/keys]
    #[arg(long, global = true, value_name = "DIR")]
    pub keys_dir: Option<PathBuf>,
    /// Sign nothing, even where there is a key for the vehicle
    #[arg(long, global = true)]
    pub unsigned: bool,
    /// Write commands in the compact form, for metered links
    #[arg(long, global = true)]
    pub compact: bool,
    /// Settings file [default: ~/.config/control-console/config.toml if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One JSON object per line on standard output, even on failure
    #[arg(long, global = true)]
    pub json: bool,
    /// More on standard error; twice for still more
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// The subcommands.
#[derive(Clone, Debug, Subcommand)]
pub enum Action {
    /// Broker, simulated vehicle and console in one process, to try everything
    Demo(DemoArgs),
    /// Send a command and wait for its answer
    #[command(after_help = commands())]
    Send(SendArgs),
    /// Drive with keys or mouse; or for a while with setpoints, as a held stick does, without a screen
    Drive(DriveArgs),
    /// The screen: fleet, vehicle, drive pad, track and log
    Tui(TuiArgs),
    /// Serve a page that shows and drives vehicles, for a browser on this machine or on a phone
    Web(WebArgs),
    /// Show what vehicles report, as it comes
    #[command(after_help = MARKS)]
    Watch(WatchArgs),
    /// Show who asks vehicles for what, and what comes of it, as it happens
    Audit(AuditArgs),
    /// Show every vehicle that the broker knows of
    Fleet,
    /// Stop vehicles now, and keep trying until each has answered
    Estop(EstopArgs),
    /// End an emergency stop
    Clear(ClearArgs),
    /// Measure the round trip to a vehicle
    Ping(PingArgs),
    /// Be the authority that says who broker, vehicles and operators are
    Certs(CertsArgs),
    /// Make and show the keys by which vehicles know who commands them
    Keys(KeysArgs),
    /// Draw speed, heading, round trip and track of a recording
    #[command(after_help = DRAWN)]
    Plot(PlotArgs),
    /// Look for what keeps vehicles from being commanded, and say what to do about it
    #[command(after_help = EXAMINED)]
    Doctor(DoctorArgs),
    /// Show the settings in force and where each comes from
    Config,
    /// Print what has a shell complete commands, vehicles and flags
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all subcommands
    Man(ManArgs),
}

/// What the signs before values mean.
const MARKS: &str = "Marks:\n  R  the broker had kept it: the last that the vehicle said, perhaps long ago\n  ~  old: the vehicle is not there, or has not said so for a minute, or the link was lost since";

/// Where the curves come from.
const DRAWN: &str = "Round trips come from ping: watch asks for nothing, so what it writes has none. To have all in one picture:
  control-console --json ping VEHICLE --count 100 >> drive.ndjson";

/// What a doctor does, and does not do.
const EXAMINED: &str = "Looks at settings, terminal, files, broker, login, clock, vehicles, and at commands that somebody has left at the
broker. Each vehicle that is there is asked for its status a few times, and without a key for it told to cancel a
command that does not exist: that shows whether it wants a key. Nothing that is sent moves anything.
It ends with 0 if nothing has failed (a warning is no failure), else with the highest code of what has.";

/// Writes how a command is typed, with its parameters.
pub(crate) fn usage(name: CommandName) -> String {
    let typed = |parameter: &Parameter| {
        let example = match parameter.kind {
            ParameterKind::Number { .. } => "N",
            ParameterKind::Text(example) => example,
        };
        let flag = format!("--{} {example}", parameter.key.to_ascii_lowercase().replace('_', "-"));
        if parameter.is_optional { format!(" [{flag}]") } else { format!(" {flag}") }
    };
    name.parameters().iter().map(typed).fold(name.kebab(), |line, flag| line + &flag)
}

fn commands() -> String {
    let lines = CommandName::ALL.iter().map(|name| format!("  {}", usage(*name)));
    format!("Commands:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration.is_zero() => Err("it must be longer than nothing".to_owned()),
        Ok(duration) if duration > Duration::from_secs(86_400) => Err("it must be a day at most".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; write it as 5s or 150ms")),
    }
}

fn exit_codes() -> String {
    let lines = crate::exit::Exit::ALL.iter().map(|exit| format!("  {:>3}  {}", exit.code(), exit.meaning()));
    format!("Exit codes (of several vehicles the worst):\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// The whole definition, from which help, completions and manual pages are made.
#[must_use]
pub fn definition() -> clap::Command {
    Cli::command()
}

/// The help, as a person asks for it.
#[must_use]
pub fn help() -> String {
    Cli::command().render_help().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_leads_with_the_demo_and_ends_with_the_exit_codes() {
        let help = help();
        assert!(help.starts_with(LEAD), "{help}");
        assert!(help.trim_end().ends_with("143  SIGTERM"), "{help}");
    }

    #[test]
    fn a_global_flag_stands_before_or_after_the_subcommand() {
        for line in [
            ["control-console", "--broker", "mqtt://b", "fleet"],
            ["control-console", "fleet", "--broker", "mqtt://b"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.global.broker.as_deref(), Some("mqtt://b"));
        }
    }

    #[test]
    fn a_time_needs_its_unit_and_a_reasonable_length() {
        assert_eq!(duration("150ms"), Ok(Duration::from_millis(150)));
        for bad in ["", "5", "0s", "-1s", "2days", "1e9s", "five"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
