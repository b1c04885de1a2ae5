//! `control-console drive`: the stick that is held, let go, killed, frozen, cut off. Judged by the trace.

use anyhow::{Context, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;
use std::time::Duration;
use system_tests::agent::{Agent, Operator};
use system_tests::mosquitto::Mosquitto;
use system_tests::process::{Program, Signal};
use system_tests::trace::TraceLine;
use system_tests::wait::{SOON, until};

const LIMIT: Duration = Duration::from_secs(60);
const HOLD: Duration = Duration::from_millis(300);
/// What a vehicle may take beyond the hold.
const GRACE: Duration = Duration::from_millis(100);
/// How often a deadline is tried where other tests may have the processor.
const ATTEMPTS: usize = 3;

/// What a trace counts in.
fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let whole = u64::try_from(now.tv_sec).unwrap_or_default().saturating_mul(1_000_000_000);
    whole.saturating_add(u64::try_from(now.tv_nsec).unwrap_or_default())
}

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
        let broker = Mosquitto::start().await?;
        let agent = Agent::start(&broker, "rover-1", &[]).await?;
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

/// How long after `moment` the hold was over; nothing drives from then on.
fn lapse(since: &[TraceLine], moment: u64) -> Result<Duration> {
    let place = since.iter().position(|line| line.cause == "HOLD_LAPSED").context("no HOLD_LAPSED")?;
    let (_, after) = since.split_at(place);
    ensure!(!after.iter().any(TraceLine::drives), "it drove after its hold: {after:?}");
    let line = after.first().context("a line")?;
    Ok(Duration::from_nanos(line.t.saturating_sub(moment)))
}

#[tokio::test]
async fn a_drive_moves_within_its_limits_and_ends_without_a_failsafe() -> Result<()> {
    let mut scene = Scene::ready().await?;
    for (words, backwards) in [
        ("--mph 2 --for 1s", false),
        ("--mph -1 --degrees-per-s 20 --for 1s --hold-ms 200 --period 20ms", true),
    ] {
        let began = now();
        let (code, report) = end(scene.drive(words)?).await?;
        assert_eq!(
            (code, &report["outcome"], &report["refused"]),
            (0, &"SUCCEEDED".into(), &0.into()),
            "{report}"
        );
        let since = scene.stopped(began).await?;
        // The board's own limit is 5 mph or more, and full power; turning takes a little.
        ensure!(since.iter().all(|line| line.level() < 0.5), "too fast: {since:?}");
        // Both sides together, since a turn adds to one what it takes from the other.
        let ahead = since.iter().map(|line| line.left.unwrap_or_default() + line.right.unwrap_or_default());
        let most =
            if backwards { ahead.clone().fold(0.0, f64::min) } else { ahead.clone().fold(0.0, f64::max) };
        ensure!(most.abs() > 0.1, "it did not move: {since:?}");
        ensure!(ahead.clone().all(|ahead| ahead * most > -0.001), "the other way: {since:?}");
        ensure!(since.iter().all(|line| line.cause == "DRIVE"), "stopped for another cause: {since:?}");
    }
    let failsafe = |message: &system_tests::client::Message| message.json()["event"] == "failsafe";
    scene.operator.client.expect_nothing("a failsafe", failsafe).await
}

#[tokio::test]
async fn the_vehicle_of_a_killed_console_stops_when_its_hold_is_over() -> Result<()> {
    let scene = Scene::ready().await?;
    let mut times = Vec::new();
    for _ in 0..ATTEMPTS {
        let mut console = scene.driving().await?;
        console.kill().await?;
        let killed = now();
        times.push(lapse(&scene.stopped(killed).await?, killed)?);
        if times.last() <= Some(&HOLD.saturating_add(GRACE)) {
            return Ok(());
        }
    }
    anyhow::bail!("too late each time: {times:?}")
}

#[tokio::test]
async fn a_frozen_console_moves_nothing_when_it_wakes() -> Result<()> {
    let scene = Scene::ready().await?;
    let mut times = Vec::new();
    for _ in 0..ATTEMPTS {
        let mut console = scene.driving().await?;
        console.signal(Signal::STOP)?;
        let frozen = now();
        times.push(lapse(&scene.stopped(frozen).await?, frozen)?);
        let stood = now();
        console.signal(Signal::CONT)?;
        let (code, report) = end(console).await?;
        assert_eq!((code, &report["reason"]), (6, &"HOLD_LAPSED".into()), "{report}");
        let moved: Vec<_> =
            scene.lines()?.into_iter().filter(|line| line.t >= stood && line.moves()).collect();
        ensure!(moved.is_empty(), "moved by old setpoints: {moved:?}");
        if times.last() <= Some(&HOLD.saturating_add(GRACE)) {
            return Ok(());
        }
    }
    anyhow::bail!("too late each time: {times:?}")
}

#[tokio::test]
async fn a_signal_stops_the_vehicle_before_the_console_ends() -> Result<()> {
    let scene = Scene::ready().await?;
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143)] {
        let mut console = scene.driving().await?;
        let asked = now();
        console.signal(signal)?;
        let (exit, report) = end(console).await?;
        assert_eq!((exit, &report["outcome"]), (code, &"CANCELED".into()), "{report}");
        let last = scene.lines()?.pop().context("no trace")?;
        ensure!(!last.moves(), "it ended while the vehicle moved: {last:?}");
        let since = scene.stopped(asked).await?;
        ensure!(since.iter().any(|line| line.cause == "BRAKE"), "no BRAKE: {since:?}");
        ensure!(since.iter().all(|line| line.cause != "HOLD_LAPSED"), "the hold had to do it: {since:?}");
    }
    Ok(())
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
    let mut scene = Scene::ready().await?;
    let console = scene.driving().await?;
    scene.operator.send(r#"{"CMD":"EMERGENCY_STOP"}"#).await?;
    let (code, report) = end(console).await?;
    assert_eq!((code, &report["reason"]), (6, &"EMERGENCY_STOPPED".into()), "{report}");
    assert_eq!(report["next_step"], "control-console clear rover-1");
    Ok(())
}

#[tokio::test]
async fn without_its_broker_the_vehicle_stops_and_neither_side_goes_on_by_itself() -> Result<()> {
    for comes_back in [false, true] {
        let mut scene = Scene::ready().await?;
        let console = scene.driving().await?;
        scene.broker.kill().await?;
        let killed = now();
        if comes_back {
            scene.broker.restart().await?;
        }
        let since = scene.stopped(killed).await?;
        // A broker that is back before the hold is over passes on the zeros of the console instead.
        if !comes_back {
            lapse(&since, killed)?;
        }
        let stood = now();
        let (code, report) = end(console).await?;
        assert_eq!((code, &report["outcome"]), (3, &"UNKNOWN".into()), "{report}");
        let moved = scene.lines()?.into_iter().filter(|line| line.t >= stood).any(|line| line.moves());
        ensure!(!moved, "it went on by itself");
    }
    Ok(())
}

#[tokio::test]
async fn a_rhythm_that_one_hiccup_would_stop_is_refused_here() -> Result<()> {
    let scene = Scene::off().await?;
    let (code, report) = end(scene.drive("--mph 2 --for 1s --period 80ms")?).await?;
    assert_eq!((code, &report["outcome"], &report["setpoints_sent"]), (8, &"NOT_SENT".into(), &0.into()));
    Ok(())
}
