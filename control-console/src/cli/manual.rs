//! The arguments of what is not about commanding vehicles.

use clap::{Args, ValueEnum};
use std::path::PathBuf;
use vehicle_protocol::VehicleId;

/// What `plot` takes.
#[derive(Clone, Debug, Args)]
pub struct PlotArgs {
    /// What `--json watch VEHICLE` or `--json ping VEHICLE` wrote; - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the picture goes; - for standard output [default: beside FILE, as .svg]
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Which vehicle, if the recording has several
    #[arg(long, value_name = "VEHICLE")]
    pub vehicle: Option<VehicleId>,
}

/// What `doctor` takes.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// The vehicle; without one, all that the broker knows of
    pub vehicle: Option<VehicleId>,
    /// Have the broker forget retained commands, without asking
    #[arg(long)]
    pub clear_retained: bool,
}

/// A shell that can ask what may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU's
    Bash,
    /// elv.sh
    Elvish,
    /// fishshell.com
    Fish,
    /// zsh.org
    Zsh,
}

/// What `completions` takes.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// What `man` takes.
#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// Folder for the pages of all subcommands
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
