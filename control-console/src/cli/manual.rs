//! The arguments of what is not about commanding vehicles.

use crate::completions::{Shell, vehicles};
use clap::Args;
use clap_complete::ArgValueCandidates;
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
    #[arg(long, value_name = "VEHICLE", add = ArgValueCandidates::new(vehicles))]
    pub vehicle: Option<VehicleId>,
}

/// What `doctor` takes.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// The vehicle; without one, all that the broker knows of
    #[arg(add = ArgValueCandidates::new(vehicles))]
    pub vehicle: Option<VehicleId>,
    /// Have the broker forget retained commands, without asking
    #[arg(long)]
    pub clear_retained: bool,
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
