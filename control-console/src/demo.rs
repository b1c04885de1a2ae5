//! Broker, simulated vehicles and console in one process, with nothing to install.

pub mod broker;
mod show;
mod summary;
mod tour;
mod vehicles;
mod view;

use crate::cli::{DemoArgs, Global};
use crate::exit::{Exit, Fault};
use crate::options::Options;
use crate::output::Output;
use broker::{Broker, BrokerError};
use show::Show;
use vehicles::Vehicles;

/// Runs the demo to its end.
///
/// # Errors
/// If broker, vehicles or console can't start, or one of them breaks down.
pub(crate) async fn run(arguments: &DemoArgs, output: &Output) -> Result<Exit, Fault> {
    let broker = Broker::start().await.map_err(|error| no_broker(&error))?;
    let folder = tempfile::tempdir().map_err(|error| {
        Fault::new(Exit::Other, format!("no folder for the vehicles' state: {error}"), "make room in $TMPDIR")
    })?;
    let url = broker.url();
    let mut vehicles = Vehicles::start(arguments.vehicles, &url, folder.path())?;
    let options = Options::resolve(&Global { broker: Some(url), ..Global::default() })?;
    let mut show = Show::start(arguments, &options, &vehicles.ids, output)?;
    let exit = tokio::select! {
        exit = show.run() => exit,
        fault = vehicles.broken() => Err(fault),
    };
    show.close().await;
    vehicles.stop().await;
    broker.stop().await.map_err(|error| no_broker(&error))?;
    exit
}

fn no_broker(error: &BrokerError) -> Fault {
    Fault::new(Exit::BrokerNotReached, error.to_string(), "check that 127.0.0.1 can be bound to")
}
