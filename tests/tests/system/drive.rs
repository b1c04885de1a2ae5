//! `control-console drive`: the stick that is held, let go, killed, frozen, cut off. Judged by the trace.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Duration;
use system_tests::agent::{Agent, Operator};
use system_tests::canary::undisturbed;
use system_tests::clock::monotonic;
use system_tests::mosquitto::Mosquitto;
use system_tests::process::{Program, Signal};
use system_tests::trace::TraceLine;
use system_tests::wait::{SOON, until};

const LIMIT: Duration = Duration::from_secs(60);
const HOLD: Duration = Duration::from_millis(300);
/// What a vehicle may take beyond the hold.
const GRACE: Duration = Duration::from_millis(100);
struct Scene {
    broker: Mosquitto,
    agent: Agent,
    operator: Operator,
}

impl Scene {
    /// A vehicle with its engine on.
    async fn ready() -> Result<Self> {
        let mut scene = Self::off().await?;
        let answer = scene.operator.ask(r#"{"CMD":"TURN_ON_ENGINE"}"#).await?;
        ensure!(answer.get("SUCCESSFULLY_PROCESSED_COMMAND").is_some(), "{answer}");
        Ok(scene)
    }

    async fn off() -> Result<Self> {
        Self::with("").await
    }

    /// A vehicle with these settings.
    async fn with(settings: &str) -> Result<Self> {
        let broker = Mosquitto::start().await?;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("agent.toml");
        std::fs::write(&file, settings)?;
        let agent = Agent::start(&broker, "rover-1", &["--config", &file.display().to_string()]).await?;
        let operator = agent.operator("operator", broker.port()).await?;
        Ok(Self { broker, agent, operator })
    }

    fn drive(&self, words: &str) -> Result<Program> {
        let url = self.broker.url();
        let mut arguments = vec!["--json", "-v", "--broker", &url, "--timeout", "2s", "drive", "rover-1"];
        arguments.extend(words.split(' '));
        Program::start("control-console", &arguments)
    }

    /// Drives until the trace shows a speed that takes longer to brake than zeros are sent before BRAKE.
    async fn driving(&self) -> Result<Program> {
        let before = self.lines()?.len();
        let console = self.drive("--mph 3 --for 60s")?;
        let fast = |line: &TraceLine| line.drives() && line.level() > 0.3;
        let moving = || Ok(self.lines()?.iter().skip(before).any(fast).then_some(()));
        until("motion", SOON, moving).await?;
        Ok(console)
    }

    fn lines(&self) -> Result<Vec<TraceLine>> {
        self.agent.trace().lines()
    }

    /// Waits until nothing moves any more after `moment`, and gives what happened since.
    async fn stopped(&self, moment: u64) -> Result<Vec<TraceLine>> {
        until("standstill", SOON, || {
            let since: Vec<_> = self.lines()?.into_iter().filter(|line| line.t >= moment).collect();
            Ok(since.last().is_some_and(|line| !line.moves()).then_some(since))
        })
        .await
    }
}

/// The one object that must be all of standard output, and the code.
async fn end(console: Program) -> Result<(i32, Value)> {
    let output = console.output(LIMIT).await?;
    let report = serde_json::from_str(&output.stdout).with_context(|| output.stderr.clone())?;
    Ok((output.code.context("a signal")?, report))
}

/// Makes sure that the hold was over in time after `moment`, and that nothing drives from then on.
fn lapsed(since: &[TraceLine], moment: u64) -> Result<()> {
    let place = since.iter().position(|line| line.cause == "HOLD_LAPSED").context("no HOLD_LAPSED")?;
    let (_, after) = since.split_at(place);
    ensure!(!after.iter().any(TraceLine::drives), "it drove after its hold: {after:?}");
    let line = after.first().context("a line")?;
    let took = Duration::from_nanos(line.t.saturating_sub(moment));
    ensure!(took <= HOLD.saturating_add(GRACE), "too late: {took:?}");
    Ok(())
}

#[tokio::test]
async fn a_drive_moves_within_its_limits_and_ends_without_a_failsafe() -> Result<()> {
    undisturbed(async || {
        let mut scene = Scene::ready().await?;
        for (words, backwards) in [
            ("--mph 2 --for 1s", false),
            ("--mph -1 --degrees-per-s 20 --for 1s --hold-ms 200 --period 20ms", true),
        ] {
            let began = monotonic();
            let (code, report) = end(scene.drive(words)?).await?;
            let told = (code, &report["outcome"], &report["refused"]);
            ensure!(told == (0, &"SUCCEEDED".into(), &0.into()), "{code} {report}");
            let since = scene.stopped(began).await?;
            // The board's own limit is 5 mph or more, and full power; turning takes a little.
            ensure!(since.iter().all(|line| line.level() < 0.5), "too fast: {since:?}");
            // Both sides together, since a turn adds to one what it takes from the other.
            let ahead =
                since.iter().map(|line| line.left.unwrap_or_default() + line.right.unwrap_or_default());
            let most =
                if backwards { ahead.clone().fold(0.0, f64::min) } else { ahead.clone().fold(0.0, f64::max) };
            ensure!(most.abs() > 0.1, "it did not move: {since:?}");
            ensure!(ahead.clone().all(|ahead| ahead * most > -0.001), "the other way: {since:?}");
            ensure!(since.iter().all(|line| line.cause == "DRIVE"), "stopped for another cause: {since:?}");
        }
        let failsafe = |message: &system_tests::client::Message| message.json()["event"] == "failsafe";
        scene.operator.client.expect_nothing("a failsafe", failsafe).await
    })
    .await
}

#[tokio::test]
async fn the_vehicle_of_a_killed_console_stops_when_its_hold_is_over() -> Result<()> {
    undisturbed(async || {
        let scene = Scene::ready().await?;
        let mut console = scene.driving().await?;
        // Before it: on a busy machine it is over before anybody knows that the console is dead.
        let killed = monotonic();
        console.kill().await?;
        lapsed(&scene.stopped(killed).await?, killed)
    })
    .await
}

#[tokio::test]
async fn a_frozen_console_moves_nothing_when_it_wakes() -> Result<()> {
    undisturbed(async || {
        let scene = Scene::ready().await?;
        let mut console = scene.driving().await?;
        let frozen = monotonic();
        console.signal(Signal::STOP)?;
        lapsed(&scene.stopped(frozen).await?, frozen)?;
        let stood = monotonic();
        console.signal(Signal::CONT)?;
        let (code, report) = end(console).await?;
        ensure!((code, &report["reason"]) == (6, &"HOLD_LAPSED".into()), "{code} {report}");
        let moved: Vec<_> =
            scene.lines()?.into_iter().filter(|line| line.t >= stood && line.moves()).collect();
        ensure!(moved.is_empty(), "moved by old setpoints: {moved:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_signal_stops_the_vehicle_before_the_console_ends() -> Result<()> {
    undisturbed(async || {
        let scene = Scene::ready().await?;
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143)] {
            let mut console = scene.driving().await?;
            let asked = monotonic();
            console.signal(signal)?;
            let (exit, report) = end(console).await?;
            ensure!((exit, &report["outcome"]) == (code, &"CANCELED".into()), "{exit} {report}");
            let last = scene.lines()?.pop().context("no trace")?;
            ensure!(!last.moves(), "it ended while the vehicle moved: {last:?}");
            let since = scene.stopped(asked).await?;
            ensure!(since.iter().any(|line| line.cause == "BRAKE"), "no BRAKE: {since:?}");
            ensure!(since.iter().all(|line| line.cause != "HOLD_LAPSED"), "the hold had to do it: {since:?}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn with_the_engine_off_it_ends_with_the_next_step() -> Result<()> {
    let scene = Scene::off().await?;
    let (code, report) = end(scene.drive("--mph 2 --for 60s")?).await?;
    assert_eq!((code, &report["outcome"], &report["reason"]), (6, &"REJECTED".into(), &"ENGINE_OFF".into()));
    assert_eq!(report["next_step"], "control-console send rover-1 turn-on-engine");
    ensure!(!scene.lines()?.iter().any(TraceLine::moves), "it moved");
    Ok(())
}

#[tokio::test]
async fn an_emergency_stop_by_somebody_else_ends_the_drive() -> Result<()> {
    undisturbed(async || {
        let mut scene = Scene::ready().await?;
        let console = scene.driving().await?;
        scene.operator.send(r#"{"CMD":"EMERGENCY_STOP"}"#).await?;
        let (code, report) = end(console).await?;
        ensure!((code, &report["reason"]) == (6, &"EMERGENCY_STOPPED".into()), "{code} {report}");
        ensure!(report["next_step"] == "control-console clear rover-1", "{report}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn without_its_broker_the_vehicle_stops_and_neither_side_goes_on_by_itself() -> Result<()> {
    undisturbed(async || {
        for comes_back in [false, true] {
            let mut scene = Scene::ready().await?;
            let console = scene.driving().await?;
            let killed = monotonic();
            scene.broker.kill().await?;
            if comes_back {
                scene.broker.restart().await?;
            }
            let since = scene.stopped(killed).await?;
            // A broker that is back before the hold is over passes on the zeros of the console instead.
            if !comes_back {
                lapsed(&since, killed)?;
            }
            let stood = monotonic();
            let (code, report) = end(console).await?;
            ensure!((code, &report["outcome"]) == (3, &"UNKNOWN".into()), "{code} {report}");
            let moved = scene.lines()?.into_iter().filter(|line| line.t >= stood).any(|line| line.moves());
            ensure!(!moved, "it went on by itself");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_rhythm_that_one_hiccup_would_stop_is_refused_here() -> Result<()> {
    let scene = Scene::off().await?;
    let (code, report) = end(scene.drive("--mph 2 --for 1s --period 80ms")?).await?;
    assert_eq!((code, &report["outcome"], &report["setpoints_sent"]), (8, &"NOT_SENT".into(), &0.into()));
    Ok(())
}

#[tokio::test]
async fn a_vehicle_that_allows_only_short_times_is_driven_within_them() -> Result<()> {
    undisturbed(async || {
        let mut scene = Scene::with("[timing]\nmax_hold_ms = 100\noperator_timeout_s = 0.2\n").await?;
        let (code, report) = end(scene.drive("--mph 2 --for 1s --hold-ms 5000")?).await?;
        let refused = (code, &report["outcome"], &report["setpoints_sent"]);
        ensure!(refused == (8, &"NOT_SENT".into(), &0.into()), "{code} {report}");
        let why = report["detail"].as_str().context("no detail")?;
        ensure!(why == "the vehicle allows a hold of 100 to 100 ms, not 5000 ms", "{why}");
        scene.operator.ask(r#"{"CMD":"TURN_ON_ENGINE"}"#).await?;
        ensure!(!scene.lines()?.iter().any(TraceLine::moves), "it moved");
        let (code, report) = end(scene.drive("--mph 2 --for 1s")?).await?;
        let told = (code, &report["outcome"], &report["refused"]);
        ensure!(told == (0, &"SUCCEEDED".into(), &0.into()), "{code} {report}");
        let url = scene.broker.url();
        let turn = ["--json", "--broker", &url, "send", "rover-1", "rotate-left", "--degrees", "180"];
        let (code, report) = end(Program::start("control-console", &turn)?).await?;
        ensure!((code, &report["outcome"]) == (0, &"SUCCEEDED".into()), "{code} {report}");
        Ok(())
    })
    .await
}
