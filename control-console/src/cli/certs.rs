//! The arguments of `certs`.

use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use vehicle_protocol::VehicleId;

/// A hundred years, in days.
const LONGEST: i64 = 36_500;

/// What `certs` takes.
#[derive(Clone, Debug, Args)]
pub struct CertsArgs {
    /// What to do.
    #[command(subcommand)]
    pub task: CertsTask,
    /// Folder of the authority [default: ~/.config/control-console/certs]
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// What the authority does.
#[derive(Clone, Debug, Subcommand)]
pub enum CertsTask {
    /// Make the authority, once
    Init {
        /// How long it lasts
        #[arg(long, value_name = "N", default_value_t = 3_650, value_parser = clap::value_parser!(u32).range(1..=LONGEST))]
        days: u32,
    },
    /// Make a certificate and its key; prints the settings that use them
    Issue(IssueArgs),
    /// Show every certificate and when it ends
    List,
    /// Take back all certificates of one name
    Revoke {
        /// What it is
        kind: Kind,
        /// Its name
        name: String,
    },
    /// Write the configuration of a mosquitto that lets in who has a certificate, each to their own topics
    BrokerConfig(BrokerConfigArgs),
}

/// What `certs issue` takes.
#[derive(Clone, Debug, Args)]
pub struct IssueArgs {
    /// What it is for
    pub kind: Kind,
    /// Its name; of a broker, the host name or address under which it is reached
    pub name: String,
    /// Further host name or address of a broker; may be repeated
    #[arg(long, value_name = "HOST")]
    pub san: Vec<String>,
    /// The vehicles that an operator may command, with commas between them [default: all]
    #[arg(long, value_name = "VEHICLE", value_delimiter = ',')]
    pub vehicles: Vec<VehicleId>,
    /// How long it lasts
    #[arg(long, value_name = "N", default_value_t = 730, value_parser = clap::value_parser!(u32).range(1..=LONGEST))]
    pub days: u32,
    /// In the place of the one that is there, which stays good until it ends
    #[arg(long)]
    pub renew: bool,
}

/// What `certs broker-config` takes.
#[derive(Clone, Debug, Args)]
pub struct BrokerConfigArgs {
    /// The broker, if certificates of several were issued
    pub name: Option<String>,
    /// Folder to write to [default: mosquitto, in the folder of the authority]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where that folder will lie on the broker's machine [default: where it is written]
    #[arg(long, value_name = "DIR")]
    pub at: Option<PathBuf>,
    /// Port for vehicles
    #[arg(long, value_name = "PORT", default_value_t = 8883)]
    pub vehicles_port: u16,
    /// Port for operators
    #[arg(long, value_name = "PORT", default_value_t = 8884)]
    pub operators_port: u16,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A broker
    Broker,
    /// A vehicle
    Vehicle,
    /// A person or program that drives
    Operator,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Broker => "broker",
            Self::Vehicle => "vehicle",
            Self::Operator => "operator",
        })
    }
}
