//! From the configuration to a bench test.

use super::{Failure, log, start};
use crate::bench_test::{Aborted, BenchTest, Parts, Talk, Verdict};
use crate::clock::Clock;
use crate::config::{BoardConfig, Config};
use crate::guard::GuardedOutputs;
use crate::latch::Latch;
use crate::realtime;
use crate::supervise::{Guard, Watchdogs};
use anyhow::{Context as _, bail};
use std::future::Future;
use std::io::{IsTerminal, stdin, stdout};
use std::path::Path;
use std::pin::pin;
use std::time::Duration;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use vehicle_settings::Layers;

/// The folder in which the service keeps its state.
const STATE_OF_SERVICE: &str = "/var/lib/vehicle-agent";
const PATIENCE: Duration = Duration::from_millis(100);

/// Tries the outputs; fails unless all that was tried was right.
pub(super) fn test_outputs(layers: Layers) -> Result<(), Failure> {
    let config = Config::resolve(layers)?;
    let _log = log::log_to_stderr("warn")?;
    refuse(&config)?;
    let _lock = config.board.lock()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().context("no event loop")?;
    let tried = runtime.block_on(try_outputs(&config));
    runtime.shutdown_timeout(PATIENCE);
    tried
}

/// Motors never run unattended, nor while somebody has stopped the vehicle.
fn refuse(config: &Config) -> anyhow::Result<()> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        bail!("somebody must stand beside the vehicle: run this in a terminal, not from a script");
    }
    for folder in [config.state_dir.as_path(), Path::new(STATE_OF_SERVICE)] {
        if Latch::new(folder).is_set() {
            let folder = folder.display();
            bail!(
                "the emergency stop is set, or {folder} can't be read (then run this as the agent's user); start the \
                 agent and send CLEAR_EMERGENCY_STOP when it is safe"
            );
        }
    }
    Ok(())
}

async fn try_outputs(config: &Config) -> Result<(), Failure> {
    let clock = Clock::start();
    let end = termination()?;
    realtime::log(&realtime::request_for_control_loop());
    let guard = Guard::start(GuardedOutputs::of(&config.board, config.kinematics))?;
    let mut watchdogs = Watchdogs { guard: Some(guard), service: None };
    let mut board = start::board(config, clock, true)?;
    let (brake, stop_is_wired) = match &config.board {
        BoardConfig::Sim { .. } => (true, false),
        BoardConfig::Wired { wiring, .. } => (wiring.brake.is_some(), wiring.emergency_stop.is_some()),
    };
    let power = config.limits.speed / config.limits.full_speed;
    let parts = Parts { kinematics: config.kinematics, fittings: config.board.fittings(), brake, power };
    let mut talk = Talk::start();
    let mut end = pin!(end);
    let mut bench_test = BenchTest {
        board: board.as_mut(),
        watchdogs: &mut watchdogs,
        clock,
        talk: &mut talk,
        end: end.as_mut(),
        rest: parts.rest(),
        stop_is_wired,
        open: false,
    };
    let tried = bench_test.run(config.vehicle.as_str(), &parts.steps()).await;
    // The lines first, then the guard, and only then words that a terminal may not take.
    drop(board);
    watchdogs.shut_down(clock).await;
    let told = tell(&talk, tried);
    talk.finish();
    told
}

fn tell(talk: &Talk, tried: Result<Vec<(&'static str, Verdict)>, Aborted>) -> Result<(), Failure> {
    let verdicts = tried.map_err(|ended| {
        talk.say("\nEverything is off.\n");
        anyhow::Error::from(ended)
    })?;
    talk.say("\nEverything is off.\n");
    for (name, verdict) in &verdicts {
        let word = match verdict {
            Verdict::Right => "right",
            Verdict::Wrong => "WRONG: check its wires, and the pins in the configuration",
            Verdict::Skipped => "skipped",
        };
        talk.say(format!("  {name:<21} {word}\n"));
    }
    let wrong = verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Wrong).count();
    if wrong > 0 {
        return Err(anyhow::anyhow!("{wrong} of {} functions are wrong", verdicts.len()).into());
    }
    Ok(())
}

/// Completes with the name of the signal that ends the test; from the call on none of them kills the process.
fn termination() -> anyhow::Result<impl Future<Output = &'static str>> {
    let awaited = |kind| signal(kind).context("signals can't be awaited");
    let mut interrupt = awaited(SignalKind::interrupt())?;
    let mut terminate = awaited(SignalKind::terminate())?;
    let mut hangup = awaited(SignalKind::hangup())?;
    let mut quit = awaited(SignalKind::quit())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
            _ = hangup.recv() => "SIGHUP",
            _ = quit.recv() => "SIGQUIT",
        }
    })
}
