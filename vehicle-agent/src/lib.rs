//! The agent on the vehicle's board: obeys commands, drives motors and lights, reports.
//!
//! Decisions are apart from deeds. [`control`] is one synchronous state machine without clock, network, pins or log; the
//! [`board`] does what it says; the [`link`] brings commands and takes reports.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails"))]

mod bench_test;
pub mod board;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
mod event_loop;
mod file_writer;
pub mod guard;
mod keys;
mod latch;
pub mod link;
mod realtime;
pub mod sensors;
pub mod supervise;
pub mod trusted_time;

pub use latch::Latch;

use anyhow::Context as _;
use board::Board;
use clock::Clock;
use config::Config;
use control::{Policy, SafetyChecks, Vehicle};
use event_loop::{EventLoop, Files, LoopEnd};
use file_writer::FileWriter;
use sensors::SensorReader;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use supervise::Watchdogs;
use tracing::{info, warn};
use trusted_time::TrustedTime;
use vehicle_protocol::Epoch;
use vehicle_protocol::auth::Role;

/// Obeys commands with `board` until `shutdown`; the outputs are safe when it returns. Needs a tokio runtime.
///
/// # Errors
/// When the broker cannot be used as configured, when there are no random numbers, or when a part ended by itself. A
/// broker that cannot be reached is no error: the agent goes on trying.
pub async fn run(
    config: Config,
    checks: SafetyChecks,
    clock: Clock,
    mut board: Box<dyn Board>,
    watchdogs: Watchdogs,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let latch = Latch::new(&config.state_dir);
    let stopped = latch.is_set();
    if stopped {
        warn!("the emergency stop is set; it stays until CLEAR_EMERGENCY_STOP");
    }
    warn_of_trust(&config);
    let (epoch, port) = begin_epoch(&config, clock)?;
    let vehicle = Vehicle::new(config.setup(epoch, stopped), checks);
    let sensors = SensorReader::spawn(&config.readers);
    let files = Files { writer: FileWriter::spawn(latch, config.keys_dir.clone()), sensors };
    let mut driver = EventLoop::new(vehicle, board.as_mut(), port, files, watchdogs, clock);
    let mut shutdown = pin!(shutdown);
    let ended = loop {
        match driver.run(shutdown.as_mut()).await {
            LoopEnd::Suspended => match begin_epoch(&config, clock) {
                Ok((epoch, port)) => {
                    warn!("the machine was suspended; a new epoch begins");
                    driver.renew(epoch, port);
                }
                Err(error) => {
                    driver.end();
                    break Err(error);
                }
            },
            LoopEnd::Shutdown => break Ok(()),
            LoopEnd::LinkGone => {
                break Err(anyhow::anyhow!("the link ended by itself; start the agent again"));
            }
            LoopEnd::FilesGone => break Err(anyhow::anyhow!("nobody stores stops; start the agent again")),
        }
    };
    let ((handle, _), files, watchdogs) = driver.into_parts();
    handle.leave().await;
    if tokio::time::timeout(LAST_WRITE, files.writer.finish()).await.is_err() {
        warn!("the emergency stop's file may not be written, or a revoked key's not removed");
    }
    watchdogs.shut_down(clock).await;
    info!("the outputs are safe and the link is closed");
    ended
}

/// Says aloud what an owner would not want to overlook.
fn warn_of_trust(config: &Config) {
    let (folder, url) = (config.keys_dir.display(), &config.endpoint.url);
    if config.trust.policy() == Policy::Accept && !url.is_loopback() {
        warn!(
            "ANYBODY WHO REACHES {url} CAN DRIVE THIS VEHICLE: it takes unsigned commands. Put keys into {folder} \
             (control-console keys new), or set trust.unsigned to stop-only"
        );
    }
    let is_owned = config.trust.keys.iter().any(|key| key.role == Role::Owner);
    if config.trust.owner_clears && !is_owned {
        warn!(
            "nobody can clear an emergency stop: trust.owner_clears is set, and {folder} has no owner's key"
        );
    }
    if config.trust.policy() != Policy::Accept && config.trust.keys.is_empty() {
        warn!("nobody can drive: unsigned commands are not taken, and {folder} has no key");
    }
}

/// A stop of the last moment may take so long to reach the disk.
const LAST_WRITE: Duration = Duration::from_secs(2);

/// Draws an epoch and begins to connect under it.
fn begin_epoch(config: &Config, clock: Clock) -> anyhow::Result<(Epoch, LinkPort)> {
    let epoch = draw_epoch()?;
    Ok((epoch, connect(config, epoch, clock)?))
}

type LinkPort = (link::LinkHandle, link::LinkEvents);

fn connect(config: &Config, epoch: Epoch, clock: Clock) -> anyhow::Result<LinkPort> {
    let topics = config.root.vehicle(config.vehicle.clone());
    // Only the jitter of the back-off hangs on it.
    let random = || getrandom::u64().unwrap_or(u64::MAX / 2);
    let trusted_time = Arc::new(TrustedTime::new(&config.state_dir, clock::time_of_day));
    if let Some(doubt) = trusted_time.doubt().filter(|_| config.endpoint.url.is_tls()) {
        warn!("{doubt}");
    }
    link::spawn(&config.endpoint, &topics, epoch, (clock, trusted_time), random)
        .context("the broker cannot be used as configured")
}

fn draw_epoch() -> anyhow::Result<Epoch> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("no random numbers for a new epoch")?;
    Ok(Epoch(bytes))
}
