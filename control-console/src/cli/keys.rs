//! The arguments of `keys`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use vehicle_protocol::auth::Role;
use vehicle_protocol::{KeyName, VehicleId};

/// What `keys` takes.
#[derive(Clone, Debug, Args)]
pub struct KeysArgs {
    /// What to do.
    #[command(subcommand)]
    pub task: KeysTask,
}

/// What is done with keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeysTask {
    /// Make the key by which a vehicle and this console know each other
    New(NewKeyArgs),
    /// Show the keys of this console, without their secrets
    List,
}

/// What `keys new` takes.
#[derive(Clone, Debug, Args)]
pub struct NewKeyArgs {
    /// The vehicle
    pub vehicle: VehicleId,
    /// What it is good for: viewer sees and stops, driver drives, owner also says who may
    #[arg(long, value_name = "viewer|driver|owner", value_parser = roles())]
    pub role: Role,
    /// Name of the key on the vehicle [default: the operator's name, or one that nobody else has]
    #[arg(long, value_name = "NAME")]
    pub name: Option<KeyName>,
    /// Folder for the vehicle's half, which you then copy there [default: for-VEHICLE beside the keys]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Reads a role, and tells the shell which there are.
fn roles() -> impl TypedValueParser<Value = Role> {
    let known = PossibleValuesParser::new(Role::ALL.iter().map(|role| role.as_str()));
    known.try_map(|text| {
        let role = Role::ALL.iter().copied().find(|role| role.as_str() == text);
        role.ok_or("a role is viewer, driver or owner")
    })
}
