//! The command line: what is asked, and the exit code that tells how it went.

mod bench_test;
mod facts;
mod log;
mod pins;
mod safe;
mod start;

use crate::board::BoardError;
use crate::config::{Config, ENVIRONMENT_PREFIX};
use crate::control::SafetyChecks;
use crate::guard::{self, GuardedOutputs};
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vehicle_settings::{Layers, Problems};

/// Runs on the vehicle's board: obeys commands, drives motors and lights, reports.
#[derive(Debug, Parser)]
#[command(name = "vehicle-agent", version, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 1 failure, 2 usage or configuration.\n\
    Try it: vehicle-agent run --vehicle rover-1 --board sim")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Obey commands until SIGINT or SIGTERM, then stop the vehicle and leave.
    Run(Flags),
    /// Say everything that is wrong with a configuration, or what it amounts to.
    CheckConfig {
        /// The TOML file.
        file: PathBuf,
    },
    /// Draw what is wired where.
    Pins {
        /// The TOML file.
        file: PathBuf,
    },
    /// Try one function after the other at the bench, wheels off the ground, each when you say so.
    TestOutputs {
        /// The TOML file.
        file: PathBuf,
    },
    /// Take the power from the motors and brake, as before a start or after an end, and leave; needs no broker.
    MakeSafe(Flags),
    /// Cut the motors' power when the agent falls silent. The agent starts this by itself, with a socket as standard input.
    Guard {
        /// The outputs that it guards, in JSON.
        outputs: GuardedOutputs,
    },
}

/// Settings on the command line; they lie over environment variables such as VEHICLE_AGENT__BROKER__URL, and these
/// over the file.
#[derive(Clone, Debug, Default, Args)]
struct Flags {
    /// TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The vehicle's name.
    #[arg(long, value_name = "ID")]
    vehicle: Option<String>,
    /// The broker.
    #[arg(long, value_name = "mqtt[s]://host:port")]
    broker: Option<String>,
    /// The board that drives the outputs.
    #[arg(long, value_name = "sim|rppal|gpiochip")]
    board: Option<String>,
    /// Append each change of any output of the simulated board to this file.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Folder of what survives a restart.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Certificates of those who may vouch for the broker, in PEM form.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The vehicle's certificate, in PEM form.
    #[arg(long, value_name = "FILE")]
    cert_file: Option<PathBuf>,
    /// The key of that certificate, in PEM form.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl Flags {
    fn layers(&self) -> Layers {
        let text = |text: &Option<String>| text.clone();
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let settings = [
            ("--vehicle", "vehicle", text(&self.vehicle)),
            ("--broker", "broker.url", text(&self.broker)),
            ("--board", "board.kind", text(&self.board)),
            ("--trace", "sim.trace", path(&self.trace)),
            ("--state-dir", "state_dir", path(&self.state_dir)),
            ("--ca-file", "broker.ca_file", path(&self.ca_file)),
            ("--cert-file", "broker.cert_file", path(&self.cert_file)),
            ("--key-file", "broker.key_file", path(&self.key_file)),
        ];
        let file = self.config.iter().fold(Layers::new(), Layers::file);
        let layers = file.environment(ENVIRONMENT_PREFIX);
        settings.into_iter().fold(layers, |layers, (flag, key, value)| layers.flag(flag, key, value))
    }
}

/// The reason for which the agent could not do what was asked.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Exit code 2.
    #[error("{0}")]
    Configuration(#[from] Problems),
    #[error("{0}")]
    Board(#[from] BoardError),
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

/// Does what the command line asks; `checks` are those of the core.
#[must_use]
pub fn main(checks: SafetyChecks) -> ExitCode {
    main_from(std::env::args_os(), checks)
}

/// As [`main`], with a command line that does not come from the system; its first word is the program's name.
#[must_use]
pub fn main_from(arguments: impl IntoIterator<Item = OsString>, checks: SafetyChecks) -> ExitCode {
    let task = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli.task,
        Err(error) => {
            // Nobody is left to hear of a closed pipe.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let done = match task {
        Task::Run(flags) => start::run(&flags.layers(), checks),
        Task::CheckConfig { file } => check(&file),
        Task::Pins { file } => draw(&file),
        Task::TestOutputs { file } => bench_test::test_outputs(layers_of(&file)),
        Task::MakeSafe(flags) => safe::make_safe(flags.layers()),
        Task::Guard { outputs } => guard::run(&outputs).map_err(Failure::from),
    };
    let Err(failure) = done else { return ExitCode::SUCCESS };
    let _ = writeln!(stderr(), "{failure}");
    match failure {
        Failure::Configuration(_) => ExitCode::from(2),
        Failure::Board(_) | Failure::Other(_) => ExitCode::FAILURE,
    }
}

fn check(file: &Path) -> Result<(), Failure> {
    let config = Config::resolve(layers_of(file))?;
    let _ = write!(stdout(), "{}", facts::facts(&config));
    Ok(())
}

fn draw(file: &Path) -> Result<(), Failure> {
    // What is wrong elsewhere keeps nobody from wiring.
    let (board, ..) = Config::resolve_board(layers_of(file))?;
    let _ = write!(stdout(), "{}", pins::drawing(&board));
    Ok(())
}

fn layers_of(file: &Path) -> Layers {
    Flags { config: Some(file.to_owned()), ..Flags::default() }.layers()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_become_settings() {
        let line =
            "vehicle-agent run --vehicle rover-1 --broker mqtt://b:1900 --board sim --trace t --state-dir s";
        let Task::Run(flags) = Cli::try_parse_from(line.split(' ')).unwrap().task else { panic!("no run") };
        let config = Config::resolve(flags.layers()).unwrap();
        assert_eq!(config.vehicle.as_str(), "rover-1");
        assert_eq!(config.endpoint.url.to_string(), "mqtt://b:1900");
        assert_eq!(config.state_dir, PathBuf::from("s"));
        let trace = Some(PathBuf::from("t"));
        assert_eq!(
            config.board,
            crate::config::BoardConfig::Sim { trace, levels: None, metres_per_pulse: None }
        );
    }
}
