//! From the configuration to a running agent.

use super::{Failure, log};
use crate::board::sim::{SimBoard, SimEncoders, SimOptions};
use crate::board::{Board, BoardError, EnableLine, GpioBoard, Wiring};
use crate::clock::Clock;
use crate::config::{BoardConfig, Config};
use crate::control::SafetyChecks;
use crate::guard::GuardedOutputs;
use crate::realtime;
use crate::supervise::{Guard, Service, Watchdogs};
use anyhow::Context as _;
use std::future::Future;
use std::time::Duration;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;
use vehicle_settings::Layers;

/// Time that threads that hang, as in the resolver of names, may hold up the end.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn run(layers: &Layers, checks: SafetyChecks) -> Result<(), Failure> {
    let config = Config::resolve(layers.clone())?;
    // Dropped last: it writes what is logged at the end.
    let _log = log::log_to_stderr(&config.log)?;
    let clock = Clock::start();
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no event loop: check the limit of open files")?;
    let ended = runtime.block_on(run_watched(config, checks, clock));
    runtime.shutdown_timeout(PATIENCE);
    ended
}

async fn run_watched(config: Config, checks: SafetyChecks, clock: Clock) -> Result<(), Failure> {
    let termination = termination()?;
    let lock = config.board.lock();
    // Files that stand for a board are shared by whoever tests with them.
    let _lock = if matches!(config.board, BoardConfig::Sim { .. }) { lock.ok().flatten() } else { lock? };
    let real_time = realtime::request_for_control_loop();
    // First the guard, so that there is no moment in which the board has power without it.
    let outputs = GuardedOutputs::of(&config.board, config.kinematics);
    let guard = checks.guard.then(|| Guard::start(outputs)).transpose()?;
    let board = board(&config, clock, guard.is_some())?;
    info!(vehicle = %config.vehicle, broker = %config.endpoint.url, board = config.board.name(), "starts");
    realtime::log(&real_time);
    let watchers = Watchdogs { guard, service: Service::from_environment() };
    Ok(crate::run(config, checks, clock, board, watchers, termination).await?)
}

pub(super) fn board(config: &Config, clock: Clock, guarded: bool) -> Result<Box<dyn Board>, BoardError> {
    let started_ns = clock.monotonic_ns_at_start();
    Ok(match &config.board {
        BoardConfig::Sim { trace, levels, metres_per_pulse } => {
            let encoders = metres_per_pulse.map(SimEncoders::good);
            let options = SimOptions { started_ns, trace: trace.clone(), levels: levels.clone(), encoders };
            Box::new(SimBoard::new(config.kinematics, &config.limits, &options)?)
        }
        BoardConfig::Wired { backend, wiring } => {
            let enable = if guarded { EnableLine::Guarded } else { EnableLine::Own };
            Box::new(GpioBoard::new(*backend, Wiring::clone(wiring), enable, started_ns)?)
        }
    })
}

/// Completes on SIGINT or SIGTERM; from the call on these no longer kill the process.
fn termination() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT can't be awaited")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM can't be awaited")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => info!("SIGINT: stops and leaves"),
            _ = terminate.recv() => info!("SIGTERM: stops and leaves"),
        }
    })
}
