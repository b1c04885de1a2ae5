//! `vehicle-agent test-outputs` with a person at a terminal: every function in turn, and everything off whatever happens.

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use system_tests::canary::undisturbed;
use system_tests::clock::monotonic;
use system_tests::process::Program;
use system_tests::terminal::{Kind, Terminal};
use system_tests::trace::{Trace, TraceLine};
use system_tests::wait::{SOON, until};
use tempfile::TempDir;

/// From whatever ends a test to motors without power: the guard's 150 ms, and what a busy machine adds.
const DEADLINE: Duration = Duration::from_millis(250);
/// A pulse of power, and the same.
const PULSE: Duration = Duration::from_millis(650);

/// What a test whose loop had no processor for too long has to end with.
const GUARD_LOST: &str = "the guard has taken the power";

struct Scene {
    folder: TempDir,
    terminal: Terminal,
    /// How much of what the terminal shows has been seen.
    seen: usize,
}

fn configuration(folder: &TempDir) -> Result<PathBuf> {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (trace, levels, state) = (path("trace"), path("levels"), path("state"));
    let text = format!(
        "vehicle = 'rover-1'\nstate_dir = '{state}'\n[broker]\nurl = 'mqtt://127.0.0.1:1'\n[sim]\ntrace = '{trace}'\n\
         levels = '{levels}'\n"
    );
    let file = folder.path().join("agent.toml");
    fs::write(&file, text)?;
    Ok(file)
}

impl Scene {
    fn start() -> Result<Self> {
        Self::start_in(tempfile::tempdir()?)
    }

    fn start_in(folder: TempDir) -> Result<Self> {
        let mut command = Program::command("vehicle-agent")?;
        command.arg("test-outputs").arg(configuration(&folder)?);
        let terminal = Terminal::start(&command, Kind::Old, (100, 30))?;
        Ok(Self { folder, terminal, seen: 0 })
    }

    /// Waits for a question, and answers it.
    async fn answer(&mut self, question: &str, answer: &str) -> Result<()> {
        self.wait_for(question).await?;
        self.terminal.send(&format!("{answer}\r"))
    }

    async fn wait_for(&mut self, text: &str) -> Result<()> {
        let (terminal, seen) = (&self.terminal, self.seen);
        self.seen = until(text, SOON, || {
            let shown = terminal.shown();
            ensure!(!shown.contains(GUARD_LOST), "{shown}");
            let found = shown.get(seen..).and_then(|new| new.find(text));
            Ok(found.map(|at| seen.saturating_add(at).saturating_add(text.len())))
        })
        .await?;
        Ok(())
    }

    /// Waits until it has shown this at any time; what it says last may come after it has ended.
    async fn has_shown(&self, text: &str) -> Result<()> {
        until(text, SOON, || Ok(self.terminal.shown().contains(text).then_some(()))).await
    }

    /// Goes on to the left motor, past everything before it.
    async fn skip_to_left_motor(&mut self) -> Result<()> {
        self.answer("Type the vehicle's name (rover-1)", "rover-1").await?;
        for step in ["headlights", "parking lights", "hazard lights", "horn", "doors", "brake"] {
            self.answer(&format!("{step}: "), "s").await?;
        }
        self.wait_for("left motor: ").await
    }

    /// The left motor has power.
    async fn pulsing() -> Result<Self> {
        let mut scene = Self::start()?;
        scene.skip_to_left_motor().await?;
        scene.terminal.send("y\r")?;
        scene.trace().wait_for("power", SOON, TraceLine::drives).await?;
        Ok(scene)
    }

    fn trace(&self) -> Trace {
        Trace::follow(&self.folder.path().join("trace"))
    }

    fn lines(&self) -> Result<Vec<TraceLine>> {
        self.trace().lines()
    }

    /// Waits until it has ended, and gives its exit code.
    async fn ended(&mut self) -> Result<i32> {
        let terminal = &mut self.terminal;
        let status = until("the end", SOON, || terminal.ended()).await?;
        status.code().context("killed")
    }

    fn is_safe(&self) -> Result<bool> {
        let levels: Value = serde_json::from_slice(&fs::read(self.folder.path().join("levels"))?)?;
        let (off, no, yes) = (Value::from(0.0), Value::from(false), Value::from(true));
        let safe = [("left", off.clone()), ("right", off), ("enable", no), ("brake", yes)];
        Ok(safe.iter().all(|(output, level)| levels.get(output) == Some(level)))
    }

    /// How long after `moment` the power went, once it has gone for good.
    async fn off_after(&self, moment: u64) -> Result<Duration> {
        let line = until("the outputs to be safe", SOON, || {
            let last = self.lines()?.into_iter().next_back();
            Ok(last.filter(|line| !line.moves() && !line.enable && line.brake))
        })
        .await?;
        ensure!(self.is_safe()?, "the pins are not what the trace says");
        Ok(Duration::from_nanos(line.t.saturating_sub(moment)))
    }
}

#[tokio::test]
async fn each_function_acts_when_it_is_told_to_and_motors_only_for_a_moment_each_way() -> Result<()> {
    undisturbed(async || try_functions(&mut Scene::start()?).await).await
}

async fn try_functions(scene: &mut Scene) -> Result<()> {
    scene.answer("Type the vehicle's name (rover-1)", "rover-1").await?;
    scene.answer("headlights: ", "").await?;
    scene.answer("headlights: ", "y").await?;
    scene.answer("Was that right?", "y").await?;
    for step in ["parking lights", "hazard lights", "horn", "doors", "brake"] {
        scene.answer(&format!("{step}: "), "s").await?;
    }
    scene.answer("left motor: ", "y").await?;
    scene.answer("Was that right?", "n").await?;
    scene.answer("right motor: ", "y").await?;
    scene.answer("Was that right?", "y").await?;
    ensure!(scene.ended().await? == 1, "a wrong function is no success");
    for said in
        ["left motor            WRONG", "right motor           right", "doors                 skipped"]
    {
        scene.has_shown(said).await?;
    }

    let lines = scene.lines()?;
    ensure!(lines.iter().any(|line| line.headlights) && !lines.iter().any(|line| line.horn), "{lines:?}");
    let mut ways = Vec::new();
    for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
        let (left, right) = (line.left.unwrap_or_default(), line.right.unwrap_or_default());
        ensure!(line.level() <= 0.25 && (left == 0.0 || right == 0.0), "{line:?}");
        if line.moves() {
            let time = Duration::from_nanos(next.t.saturating_sub(line.t));
            ensure!(time <= PULSE && !next.moves(), "{line:?} for {time:?}, then {next:?}");
            ways.push((left.signum() * left.abs().ceil(), right.signum() * right.abs().ceil()));
        }
    }
    ensure!(ways == [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)], "{ways:?}");
    ensure!(scene.is_safe()?, "something is on");
    Ok(())
}

/// Makes sure that the power is gone soon after something happens during a pulse; a pulse that is over by itself proves
/// nothing.
async fn ends_power(happen: impl FnOnce(&mut Scene) -> Result<()>) -> Result<Scene> {
    let mut scene = Scene::pulsing().await?;
    let moment = monotonic();
    happen(&mut scene)?;
    let took = scene.off_after(moment).await?;
    let began = scene.lines()?.iter().find(|line| line.drives()).map(|line| line.t).context("power")?;
    let pulse = Duration::from_nanos(moment.saturating_sub(began)).saturating_add(took);
    ensure!(took <= DEADLINE && pulse < Duration::from_millis(400), "{took:?} after {pulse:?} of power");
    Ok(scene)
}

#[tokio::test]
async fn ctrl_c_takes_the_power_at_once() -> Result<()> {
    undisturbed(async || {
        let mut scene = ends_power(|scene| scene.terminal.send("\u{3}")).await?;
        ensure!(scene.ended().await? == 1, "an end before the end");
        scene.has_shown("Everything is off.").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn sigterm_takes_the_power_at_once() -> Result<()> {
    undisturbed(async || {
        let mut scene = ends_power(|scene| scene.terminal.signal(Signal::TERM)).await?;
        ensure!(scene.ended().await? == 1, "an end before the end");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_terminal_that_is_closed_takes_the_power_at_once() -> Result<()> {
    undisturbed(async || {
        let mut scene = ends_power(|scene| {
            scene.terminal.close();
            Ok(())
        })
        .await?;
        ensure!(scene.ended().await? == 1, "an end before the end");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn killed_or_frozen_the_guard_takes_the_power() -> Result<()> {
    undisturbed(async || {
        for signal in [Signal::KILL, Signal::STOP] {
            let scene = ends_power(|scene| scene.terminal.signal(signal)).await?;
            let lines = scene.lines()?;
            ensure!(lines.iter().any(|line| line.cause == "GUARD"), "{lines:?}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_terminal_that_hangs_holds_no_power() -> Result<()> {
    undisturbed(async || hang(&mut Scene::start()?).await).await
}

async fn hang(scene: &mut Scene) -> Result<()> {
    scene.skip_to_left_motor().await?;
    scene.terminal.be_stuck(true);
    scene.terminal.send("y\r")?;
    let both = |lines: &[TraceLine]| {
        [1.0, -1.0].iter().all(|way| lines.iter().any(|line| line.left == Some(way * 0.25)))
    };
    until("both pulses and their end", SOON, || {
        let lines = scene.lines()?;
        ensure!(lines.iter().all(|line| line.cause != "GUARD"), "{lines:?}");
        let over = lines.last().is_some_and(|line| !line.moves() && !line.enable && line.brake);
        Ok((both(&lines) && over).then_some(()))
    })
    .await?;
    ensure!(scene.is_safe()?, "something is on");
    Ok(())
}

#[tokio::test]
async fn nothing_is_switched_without_somebody_who_knows_the_vehicle() -> Result<()> {
    let mut scene = Scene::start()?;
    scene.answer("Type the vehicle's name (rover-1)", "y").await?;
    ensure!(scene.ended().await? == 1, "another vehicle is refused");

    let folder = tempfile::tempdir()?;
    let mut script = Program::command("vehicle-agent")?;
    script.arg("test-outputs").arg(configuration(&folder)?);
    let output = Program::spawn("script", script)?.output(SOON).await?;
    ensure!(output.code == Some(1) && output.stderr.contains("run this in a terminal"), "{}", output.stderr);
    ensure!(!folder.path().join("trace").exists(), "something was switched");
    ensure!(scene.lines()?.iter().all(|line| !line.enable && !line.moves()), "something moved");
    Ok(())
}

#[tokio::test]
async fn it_is_refused_in_emergency_stop_and_while_an_agent_runs() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("state"))?;
    fs::write(folder.path().join("state/emergency-stop"), "")?;
    let mut scene = Scene::start_in(folder)?;
    scene.wait_for("the emergency stop is set").await?;
    ensure!(scene.ended().await? == 1, "it is a failure");

    let folder = tempfile::tempdir()?;
    let mut running = Program::command("vehicle-agent")?;
    running.arg("run").arg("--config").arg(configuration(&folder)?);
    let mut agent = Program::spawn("agent", running)?;
    agent.wait_for_stderr("starts").await?;
    let mut scene = Scene::start_in(folder)?;
    scene.wait_for("another vehicle-agent drives it").await?;
    ensure!(scene.ended().await? == 1, "it is a failure");
    ensure!(scene.lines()?.iter().all(|line| line.cause == "BOOT"), "something was switched");
    Ok(())
}
