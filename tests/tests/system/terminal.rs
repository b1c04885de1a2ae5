//! Hands on a keyboard and a mouse: each scene ends with what the vehicle's outputs did.

mod cut_off;
mod demo;
mod early;
mod keys;
mod latency;
mod restored;
mod slow;
mod tmux;

use anyhow::{Context, Result, ensure};
use std::time::Duration;
use system_tests::agent::{Agent, Operator};
use system_tests::clock::monotonic;
use system_tests::mosquitto::Mosquitto;
use system_tests::process::{Program, Signal};
use system_tests::terminal::{Kind, SHOWN, Terminal};
use system_tests::trace::TraceLine;
use system_tests::wait::until;

/// A large window: pad, status, track and log are all there.
const SIZE: (u16, u16) = (100, 28);
/// From the last setpoint that drives to the brake: the hold, and what a busy machine adds.
const HOLD_AND_GRACE: Duration = Duration::from_millis(600);
/// A press that moves nothing moves nothing for so long.
const NOTHING: Duration = Duration::from_millis(700);

/// A broker, a vehicle with its engine on, and a console in a terminal.
pub(super) struct Scene {
    broker: Mosquitto,
    agent: Agent,
    operator: Operator,
}

impl Scene {
    async fn ready() -> Result<Self> {
        let broker = Mosquitto::start().await?;
        let agent = Agent::start(&broker, "rover-1", &[]).await?;
        let mut operator = agent.operator("operator", broker.port()).await?;
        operator.ask(r#"{"CMD":"TURN_ON_ENGINE"}"#).await?;
        Ok(Self { broker, agent, operator })
    }

    /// On a machine that is too busy for the guard the vehicle stops itself; a person would clear that and go on.
    async fn revive(&mut self) -> Result<()> {
        let lines = self.lines()?;
        let is_guarded = lines.last().is_some_and(|line| !line.enable && !line.hazard_lights);
        if is_guarded {
            for command in ["CLEAR_EMERGENCY_STOP", "TURN_ON_ENGINE"] {
                self.operator.ask(&format!(r#"{{"CMD":"{command}"}}"#)).await?;
            }
        }
        Ok(())
    }

    /// A console whose screen shows the vehicle and how it knows of releases.
    async fn console(&self, kind: Kind, more: &[&str]) -> Result<Terminal> {
        Self::console_at(&self.broker.url(), kind, more).await
    }

    async fn console_at(url: &str, kind: Kind, more: &[&str]) -> Result<Terminal> {
        let terminal = Self::opened(url, kind, &[&["drive", "rover-1"], more].concat())?;
        let tier = if kind == Kind::Kitty { "KEY-UP" } else { "MOUSE" };
        terminal.shows_all(&["DISARMED", "engine   on", tier]).await?;
        Ok(terminal)
    }

    /// A console that has only just been started.
    fn opened(url: &str, kind: Kind, words: &[&str]) -> Result<Terminal> {
        let mut command = Program::command("control-console")?;
        command.args(["--unsigned", "--broker", url]).args(words);
        Terminal::start(&command, kind, SIZE)
    }

    fn lines(&self) -> Result<Vec<TraceLine>> {
        self.agent.trace().lines()
    }

    fn moves(&self) -> Result<bool> {
        Ok(self.lines()?.last().is_some_and(TraceLine::moves))
    }

    async fn motion(&self) -> Result<()> {
        until("motion", SHOWN, || Ok(self.moves()?.then_some(()))).await
    }

    /// Waits for the end of motion, and tells how long after `since` the wheels were told to stop.
    async fn stopped(&self, since: u64) -> Result<Duration> {
        until("standstill", SHOWN, || Ok((!self.moves()?).then_some(()))).await?;
        let lines = self.lines()?;
        let last = lines.iter().rposition(TraceLine::drives).context("it never drove")?;
        let after = lines.get(last.saturating_add(1)).context("it still drives")?;
        Ok(Duration::from_nanos(after.t.saturating_sub(since)))
    }

    /// Waits for the outputs of an emergency stop.
    async fn emergency(&self) -> Result<()> {
        let is_latched = |line: &TraceLine| !line.enable && line.hazard_lights;
        until("the emergency stop", SHOWN, || Ok(self.lines()?.last().is_some_and(is_latched).then_some(())))
            .await
    }

    /// Whether nothing drives from now on, for a while.
    async fn stays(&self) -> Result<bool> {
        let before = self.lines()?.len();
        let end = monotonic().saturating_add(u64::try_from(NOTHING.as_nanos())?);
        until("a while", SHOWN, || Ok((monotonic() >= end).then_some(()))).await?;
        Ok(!self.lines()?.iter().skip(before).any(TraceLine::drives))
    }
}

/// Arms, and presses W until the vehicle moves.
async fn drive_off(scene: &mut Scene, terminal: &Terminal) -> Result<()> {
    scene.revive().await?;
    terminal.release('w')?;
    terminal.send("\r")?;
    terminal.shows("READY").await?;
    hold_w(scene, terminal).await
}

/// Presses W on an armed stick until the vehicle moves. Where the screen asks for a fresh press, as when a busy machine has
/// silenced it for longer than a setpoint holds, it gets one.
async fn hold_w(scene: &Scene, terminal: &Terminal) -> Result<()> {
    let before = scene.lines()?.len();
    let fast = |line: &TraceLine| line.drives() && line.level() > 0.05;
    press_until(terminal, "motion", || Ok(scene.lines()?.iter().skip(before).any(fast).then_some(()))).await
}

/// Presses W until something is so, anew where the screen asks for that.
async fn press_until<T>(
    terminal: &Terminal,
    what: &str,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    terminal.press('w')?;
    let mut asked = false;
    let holding = || {
        let asks = terminal.screen().contains("press again");
        if asks && !asked {
            eprintln!("the screen asks for a fresh press");
            terminal.release('w')?;
            terminal.press('w')?;
        }
        asked = asks;
        look()
    };
    until(what, SHOWN, holding).await.with_context(|| format!("the screen shows:\n{}", terminal.screen()))
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_held_key_drives_until_it_is_released() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[]).await?;
    drive_off(&mut scene, &terminal).await?;
    let released = monotonic();
    terminal.release('w')?;
    let took = scene.stopped(released).await?;
    ensure!(took < HOLD_AND_GRACE, "{took:?}");
    ensure!(scene.stays().await?);
    drive_off(&mut scene, &terminal).await
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn whatever_ends_attention_stops_and_only_a_fresh_press_goes_on() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Kitty, &[]).await?;
    for (what, bytes) in [
        ("a key that means nothing", "\u{1b}[121;1:1u"),
        ("a function key", "\u{1b}[15~"),
        ("lost focus", "\u{1b}[O"),
        ("escape", "\u{1b}[27u"),
        ("help", "\u{1b}[63;1:1u"),
        ("brake", "\u{1b}[98;1:1u"),
        ("another size", ""),
    ] {
        drive_off(&mut scene, &terminal).await.context(what)?;
        let since = monotonic();
        if bytes.is_empty() {
            terminal.resize((90, 25))?;
        } else {
            terminal.send(bytes)?;
        }
        let took = scene.stopped(since).await.context(what)?;
        ensure!(took < HOLD_AND_GRACE, "{what}: {took:?}");
        terminal.send("\u{1b}[119;1:2u")?;
        ensure!(scene.stays().await?, "{what}: a key that is only held moved it");
        terminal.send("\u{1b}[I")?;
    }
    drive_off(&mut scene, &terminal).await?;
    let since = monotonic();
    terminal.press(' ')?;
    ensure!(scene.stopped(since).await? < HOLD_AND_GRACE);
    terminal.shows("*** EMERGENCY STOP ***").await?;
    scene.emergency().await?;
    for key in ['\r', 'w'] {
        terminal.press(key)?;
    }
    ensure!(scene.stays().await?);
    Ok(())
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn every_way_out_stops_first_and_gives_the_terminal_back() -> Result<()> {
    for way in ["q", "ctrl-c", "term", "hangup"] {
        let mut scene = Scene::ready().await?;
        let mut terminal = scene.console(Kind::Kitty, &[]).await?;
        drive_off(&mut scene, &terminal).await.context(way)?;
        let since = monotonic();
        match way {
            "q" => terminal.press('q')?,
            "ctrl-c" => terminal.send("\u{1b}[99;5u")?,
            "term" => terminal.signal(Signal::TERM)?,
            _ => terminal.close(),
        }
        let took = scene.stopped(since).await.context(way)?;
        ensure!(took < HOLD_AND_GRACE, "{way}: {took:?}");
        // Both that it was stopped by name and that it had let go show that nobody waited for the hold.
        let cause = scene.lines()?.last().map(|line| line.cause.clone()).unwrap_or_default();
        ensure!(cause != "HOLD_LAPSED", "{way}: {cause}");
        let status = until("the end", SHOWN, || terminal.ended()).await.context(way)?;
        if way == "hangup" {
            continue;
        }
        ensure!(status.code() == Some(if way == "term" { 143 } else { 0 }), "{way}: {status}");
        restored::everything(&terminal).await.context(way)?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn suspended_it_has_stopped_before_and_comes_back_disarmed() -> Result<()> {
    for way in ["key", "signal"] {
        let mut scene = Scene::ready().await?;
        let terminal = scene.console(Kind::Kitty, &[]).await?;
        drive_off(&mut scene, &terminal).await?;
        let since = monotonic();
        if way == "key" {
            terminal.send("\u{1b}[122;5u")?;
        } else {
            terminal.signal(Signal::TSTP)?;
        }
        ensure!(scene.stopped(since).await? < HOLD_AND_GRACE);
        let stat = format!("/proc/{}/stat", terminal.id());
        let is_stopped = || Ok(std::fs::read_to_string(&stat)?.contains(") T ").then_some(()));
        until("suspension for real", SHOWN, is_stopped).await.context(way)?;
        restored::everything(&terminal).await.context(way)?;
        terminal.signal(Signal::CONT)?;
        terminal.shows_all(&["DISARMED", "Resumed: not armed"]).await?;
        terminal.release('w')?;
        terminal.press('w')?;
        ensure!(scene.stays().await?, "{way}: it must be armed first");
        drive_off(&mut scene, &terminal).await.context(way)?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn where_releases_are_not_told_a_key_nudges_and_its_silence_stops() -> Result<()> {
    let scene = Scene::ready().await?;
    let terminal = scene.console(Kind::Old, &[]).await?;
    terminal.send("\r")?;
    terminal.shows("READY").await?;
    let mut tried = 0;
    until("motion by key repeat", SHOWN, || {
        let now = monotonic() / 30_000_000;
        if now != tried {
            tried = now;
            terminal.send("w")?;
        }
        Ok(scene.lines()?.iter().any(TraceLine::drives).then_some(()))
    })
    .await?;
    let since = monotonic();
    let took = scene.stopped(since).await?;
    ensure!(took < HOLD_AND_GRACE, "{took:?}");
    let fastest = scene.lines()?.iter().map(TraceLine::level).fold(0.0, f64::max);
    ensure!(fastest < 0.35, "a guessed release drives slowly, not at {fastest}");
    terminal.shows("REPEAT").await.map(drop)
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn lines_to_be_read_aloud_drive_as_well() -> Result<()> {
    let mut scene = Scene::ready().await?;
    let mut terminal = Scene::opened(&scene.broker.url(), Kind::Kitty, &["drive", "rover-1", "--plain"])?;
    terminal.shows("rover-1 DISARMED, standing. Release: KEY-UP").await?;
    drive_off(&mut scene, &terminal).await?;
    let since = monotonic();
    terminal.release('w')?;
    ensure!(scene.stopped(since).await? < HOLD_AND_GRACE);
    terminal.shows("rover-1 DRIVING").await?;
    terminal.press('q')?;
    until("the end", SHOWN, || terminal.ended()).await?;
    let sent = terminal.shown();
    ensure!(!sent.contains("\u{1b}[?1049h") && !sent.contains("\u{1b}[2J"), "no screen: {sent}");
    restored::everything(&terminal).await
}
