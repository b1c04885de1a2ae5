//! Broker, simulated vehicles and console in one process, with nothing to install.

pub mod broker;
mod odometer;
mod show;
mod summary;
mod tour;
mod vehicles;
mod view;
mod way;

use crate::cli::{DemoArgs, Global, WebArgs};
use crate::clock::Clock;
use crate::exit::{Exit, Fault};
use crate::options::Options;
use crate::output::Output;
use crate::tui::{self, LinkSwitch, TuiConfig};
use crate::web::Page;
use broker::{Broker, BrokerError};
use show::Show;
use std::io::IsTerminal as _;
use std::time::Duration;
use tokio::sync::watch;
use vehicles::Vehicles;
use way::{Shape, Way};

/// Runs the demo to its end.
///
/// # Errors
/// If broker, vehicles or console can't start, or one of them breaks down.
pub(crate) async fn run(arguments: &DemoArgs, output: &Output) -> Result<Exit, Fault> {
    let broker = Broker::start().await.map_err(|error| no_broker(&error))?;
    let folder = tempfile::tempdir().map_err(|error| {
        Fault::new(Exit::Other, format!("no folder for the vehicles' state: {error}"), "make room in $TMPDIR")
    })?;
    let mut vehicles = Vehicles::start(arguments.vehicles, &broker.url(), folder.path())?;
    let (switch, cut) = watch::channel(false);
    let shape = Shape {
        latency: arguments.latency.unwrap_or_default(),
        jitter: arguments.jitter.unwrap_or_default(),
        loss: arguments.loss,
        seed: arguments.seed,
    };
    let way = Way::open(broker.address(), shape, cut.clone()).await.map_err(|error| no_way(&error))?;
    let options = |address| {
        Options::resolve(&Global {
            broker: Some(format!("mqtt://{address}")),
            unsigned: true,
            ..Global::default()
        })
    };
    let (near, far) = (options(broker.address())?, options(way.address)?);
    let on_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let exit = if arguments.web {
        let page = Page::open(&far, &WebArgs::on_any_port())?;
        page.announce(output);
        let exit = tokio::select! {
            exit = page.serve() => exit,
            fault = vehicles.broken() => Err(fault),
            () = over(arguments.length) => Ok(Exit::Done),
        };
        // Ctrl-C is how a page ends.
        exit.map(|exit| if exit == Exit::Interrupted { Exit::Done } else { exit })
    } else if on_terminal && !arguments.headless && !output.is_json() {
        let (metres, shown) = watch::channel(None);
        let config = TuiConfig {
            link_switch: Some(LinkSwitch { switch, metres: shown }),
            greeting: Some(format!("other terminals: --broker {}", broker.url())),
            ..TuiConfig::new(vehicles.ids.clone(), arguments.face.clone())
        };
        tokio::select! {
            exit = tui::run(&far, config) => exit,
            fault = vehicles.broken() => Err(fault),
            fault = odometer::watch(&near, cut, metres) => Err(fault),
            () = over(arguments.length) => Ok(Exit::Done),
        }
    } else {
        let mut show = Show::start(arguments, &far, &vehicles.ids, output)?;
        let exit = tokio::select! {
            exit = show.run() => exit,
            fault = vehicles.broken() => Err(fault),
        };
        show.close().await;
        exit
    };
    vehicles.stop().await;
    broker.stop().await.map_err(|error| no_broker(&error))?;
    exit
}

/// The end of the demo, if it has one.
async fn over(length: Option<Duration>) {
    Clock::start().reach(length).await;
}

fn no_way(error: &std::io::Error) -> Fault {
    let what = format!("the way to the built-in broker can't be opened: {error}");
    Fault::new(Exit::BrokerNotReached, what, "check that 127.0.0.1 can be bound to")
}

fn no_broker(error: &BrokerError) -> Fault {
    Fault::new(Exit::BrokerNotReached, error.to_string(), "check that 127.0.0.1 can be bound to")
}
