//! Motors stop when the agent or the guard is killed or hangs: with real processes, judged by the trace.

mod agent_dies;
mod guard_dies;
mod real_time;
mod service;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use system_tests::agent::{Agent, Operator};
use system_tests::mosquitto::Mosquitto;
use system_tests::trace::TraceLine;
use system_tests::wait::{SOON, until};
use tempfile::TempDir;

/// From the death of the agent to outputs that are off.
const DEADLINE: Duration = Duration::from_millis(250);

/// A vehicle that drives, with levels that outlive its agent.
struct Scene {
    _broker: Mosquitto,
    agent: Agent,
    operator: Operator,
    folder: TempDir,
    /// Guards that a test may have stopped, which would then never end.
    guards: RefCell<Vec<u32>>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        for guard in self.guards.take().into_iter().filter(|id| is_guard(*id)) {
            // It has ended meanwhile, or does now.
            let _ = send(guard, Signal::KILL);
        }
    }
}

impl Scene {
    async fn parked() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("agent.toml");
        fs::write(&file, format!("[sim]\nlevels = '{}'\n", folder.path().join("levels").display()))?;
        let broker = Mosquitto::start().await?;
        let file = file.to_str().context("a path")?;
        let agent = Agent::start(&broker, "rover-1", &["--config", file]).await?;
        let operator = agent.operator("operator", broker.port()).await?;
        Ok(Self { _broker: broker, agent, operator, folder, guards: RefCell::default() })
    }

    async fn driving() -> Result<Self> {
        let mut scene = Self::parked().await?;
        scene.drive().await?;
        Ok(scene)
    }

    async fn drive(&mut self) -> Result<()> {
        let before = self.agent.trace().lines()?.len();
        for command in [r#"{"CMD":"TURN_ON_ENGINE"}"#, r#"{"CMD":"ACCELERATE"}"#] {
            let answer = self.operator.ask(command).await?;
            succeeded(&answer)?;
        }
        let trace = self.agent.trace();
        let moving = || Ok(trace.lines()?.iter().skip(before).any(TraceLine::moves).then_some(()));
        until("motion", SOON, moving).await
    }

    fn levels(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&fs::read(self.levels_file())?)?)
    }

    fn levels_file(&self) -> PathBuf {
        self.folder.path().join("levels")
    }

    /// The process that guards the agent.
    fn guard(&self) -> Result<u32> {
        let guard = guards(self.agent.program.id())?.pop().context("no guard")?;
        self.guards.borrow_mut().push(guard);
        Ok(guard)
    }

    /// The first line of the trace after `moment` with nothing that could move the vehicle, and its age then.
    async fn safe_after(&self, moment: u64) -> Result<(TraceLine, Duration)> {
        let trace = self.agent.trace();
        let safe = |line: &TraceLine| line.t >= moment && !line.moves() && !line.enable && line.brake;
        let line = until("safe outputs", SOON, || Ok(trace.lines()?.into_iter().find(safe))).await?;
        let age = Duration::from_nanos(line.t.saturating_sub(moment));
        Ok((line, age))
    }

    /// That nothing has moved since `moment` plus the deadline.
    fn stood_since(&self, moment: u64) -> Result<()> {
        let lines = self.agent.trace().lines()?;
        let end = moment.saturating_add(u64::try_from(DEADLINE.as_nanos())?);
        let moved = lines.iter().find(|line| line.t > end && (line.moves() || line.enable));
        ensure!(moved.is_none(), "{moved:?}");
        Ok(())
    }
}

fn succeeded(answer: &Value) -> Result<()> {
    ensure!(answer.get("SUCCESSFULLY_PROCESSED_COMMAND").is_some(), "{answer}");
    Ok(())
}

/// The guards among the children of a process.
fn guards(parent: u32) -> Result<Vec<u32>> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))?;
    Ok(children.split_whitespace().filter_map(|id| id.parse().ok()).filter(|id| is_guard(*id)).collect())
}

fn is_guard(id: u32) -> bool {
    let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).nth(1) == Some(b"guard")
}

fn send(id: u32, signal: Signal) -> Result<()> {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw).context("process id")?;
    Ok(kill_process(id, signal)?)
}

/// Whether a process does anything any more.
fn is_alive(id: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = state.rsplit_once(')').map_or("", |(_, rest)| rest.trim_start());
    !state.is_empty() && !state.starts_with('Z') && !state.starts_with('X')
}
