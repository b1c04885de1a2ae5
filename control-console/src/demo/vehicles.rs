//! Simulated vehicles inside this process.

use crate::exit::{Exit, Fault};
use std::path::Path;
use tokio::sync::watch;
use tokio::task::JoinSet;
use vehicle_agent::board::sim::{SimBoard, SimOptions};
use vehicle_agent::clock::Clock;
use vehicle_agent::config::Config;
use vehicle_agent::control::SafetyChecks;
use vehicle_agent::supervise::Watchdogs;
use vehicle_protocol::VehicleId;
use vehicle_settings::Layers;

/// Vehicles that obey until they are stopped. They live on the tasks of a [`tokio::task::LocalSet`].
#[derive(Debug)]
pub(super) struct Vehicles {
    stop: watch::Sender<bool>,
    running: JoinSet<anyhow::Result<()>>,
    pub(super) ids: Vec<VehicleId>,
}

impl Vehicles {
    /// Starts `count` vehicles, `rover-1` and so on, on the broker at `url`; their state goes below `folder`.
    ///
    /// # Errors
    /// When one of them can't start.
    pub(super) fn start(count: u16, url: &str, folder: &Path) -> Result<Self, Fault> {
        let (stop, stopped) = watch::channel(false);
        let mut vehicles = Self { stop, running: JoinSet::new(), ids: Vec::new() };
        for number in 1..=count {
            let config = configuration(number, url, folder)?;
            let clock = Clock::start();
            let options = SimOptions { started_ns: clock.monotonic_ns_at_start(), ..SimOptions::default() };
            let board = SimBoard::new(config.kinematics, &config.limits, &options).map_err(broken)?;
            vehicles.ids.push(config.vehicle.clone());
            let mut stopped = stopped.clone();
            vehicles.running.spawn_local(async move {
                let shutdown = async move {
                    // An error means that the demo is gone, which ends the vehicle too.
                    let _ = stopped.wait_for(|stopped| *stopped).await;
                };
                vehicle_agent::run(
                    config,
                    SafetyChecks::ALL,
                    clock,
                    Box::new(board),
                    Watchdogs::default(),
                    shutdown,
                )
                .await
            });
        }
        Ok(vehicles)
    }

    /// Waits until a vehicle ends by itself, which none of them should.
    pub(super) async fn broken(&mut self) -> Fault {
        match self.running.join_next().await {
            Some(Ok(Err(error))) => broken(error),
            Some(Err(error)) => broken(error),
            Some(Ok(Ok(()))) => broken("it ended without being asked"),
            None => std::future::pending().await,
        }
    }

    /// Stops all of them in order.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.running.join_next().await.is_some() {}
    }
}

fn configuration(number: u16, url: &str, folder: &Path) -> Result<Config, Fault> {
    let name = format!("rover-{number}");
    let text = format!(
        "vehicle = \"{name}\"\n[broker]\nurl = \"{url}\"\n\
         [autonomy]\nsafe_place_x_m = 1.0\nsafe_place_y_m = 1.5\nmax_speed_mph = 3.0\n"
    );
    let state = folder.join(&name).display().to_string();
    Config::resolve(Layers::new().text("demo", &text).flag("--state-dir", "state_dir", Some(state)))
        .map_err(broken)
}

fn broken(error: impl std::fmt::Display) -> Fault {
    Fault::new(
        Exit::Other,
        format!("the simulated vehicle broke down: {error}"),
        "report this, with the command line",
    )
}
