//! The agent is killed, or hangs, while it drives.

use super::{DEADLINE, Scene, is_alive, send};
use anyhow::{Result, ensure};
use rustix::process::Signal;
use std::fs;
use system_tests::canary::undisturbed;
use system_tests::clock::monotonic;
use system_tests::process::Program;
use system_tests::wait::{SOON, until};

#[tokio::test]
async fn killed_while_driving_its_outputs_are_off_within_250_ms_and_nothing_moves_after_a_restart()
-> Result<()> {
    undisturbed(async || {
        let mut scene = Scene::driving().await?;
        let guard = scene.guard()?;
        let moment = monotonic();
        scene.agent.program.kill().await?;
        let (line, age) = scene.safe_after(moment).await?;
        ensure!(line.cause == "GUARD" && age <= DEADLINE, "{line:?} after {age:?}");
        let levels = scene.levels()?;
        ensure!(levels["left"] == 0.0 && levels["enable"] == false && levels["brake"] == true, "{levels}");
        until("the guard to end", SOON, || Ok((!is_alive(guard)).then_some(()))).await?;
        let lines = scene.agent.trace().lines()?;
        ensure!(lines.iter().filter(|line| line.cause == "GUARD").count() == 1, "one line");

        scene.agent.start_again()?;
        scene.agent.program.wait_for_stderr("connected").await?;
        let refused = scene.operator.ask(r#"{"CMD":"ACCELERATE","ID":"fresh"}"#).await?;
        ensure!(refused["REASON"] == "ENGINE_OFF", "{refused}");
        scene.stood_since(moment)
    })
    .await
}

#[tokio::test]
async fn frozen_while_driving_its_outputs_are_off_within_250_ms_and_it_stops_when_it_goes_on() -> Result<()> {
    undisturbed(async || {
        let mut scene = Scene::driving().await?;
        let moment = monotonic();
        scene.agent.program.signal(Signal::STOP)?;
        let (line, age) = scene.safe_after(moment).await?;
        ensure!(line.cause == "GUARD" && age <= DEADLINE, "{line:?} after {age:?}");
        ensure!(scene.levels()?["left"] == 0.0, "{}", scene.levels()?);
        let thawed = monotonic();
        scene.agent.program.signal(Signal::CONT)?;
        let (line, _) = scene.safe_after(thawed).await?;
        ensure!(line.cause == "GUARD_LOST", "{line:?}");
        let refused = scene.operator.ask(r#"{"CMD":"ACCELERATE","ID":"fresh"}"#).await?;
        ensure!(
            refused["DETAIL"].as_str().is_some_and(|detail| detail.starts_with("GUARD_LOST")),
            "{refused}"
        );
        scene.stood_since(moment)
    })
    .await
}

#[tokio::test]
async fn asked_to_leave_it_stops_by_itself_and_the_guard_has_nothing_to_do() -> Result<()> {
    undisturbed(async || {
        let mut scene = Scene::driving().await?;
        let guard = scene.guard()?;
        scene.agent.program.signal(Signal::TERM)?;
        let status = scene.agent.program.exit(SOON).await?;
        ensure!(status.success(), "{status}");
        ensure!(!is_alive(guard), "the agent waits for its guard");
        let lines = scene.agent.trace().lines()?;
        let last = lines.last().map(|line| (line.cause.as_str(), line.moves(), line.enable, line.brake));
        ensure!(last == Some(("SHUTTING_DOWN", false, false, true)), "{last:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_emergency_stop_stays_when_the_agent_is_killed() -> Result<()> {
    undisturbed(async || {
        let mut scene = Scene::driving().await?;
        let answer = scene.operator.ask(r#"{"CMD":"EMERGENCY_STOP","ID":"stop"}"#).await?;
        ensure!(answer["STATE"] == "SUCCEEDED", "{answer}");
        let moment = monotonic();
        scene.agent.program.kill().await?;
        scene.agent.start_again()?;
        scene.agent.program.wait_for_stderr("connected").await?;
        let refused = scene.operator.ask(r#"{"CMD":"TURN_ON_ENGINE","ID":"again"}"#).await?;
        ensure!(refused["REASON"] == "EMERGENCY_STOPPED", "{refused}");
        scene.stood_since(moment)
    })
    .await
}

#[tokio::test]
async fn making_safe_needs_no_agent_and_no_broker() -> Result<()> {
    undisturbed(async || {
        let mut scene = Scene::driving().await?;
        let levels = fs::read(scene.levels_file())?;
        send(scene.guard()?, Signal::STOP)?;
        scene.agent.program.kill().await?;
        // With the guard out of the way, what was driving stays so; unless the agent still came to miss its guard.
        fs::write(scene.levels_file(), levels)?;
        ensure!(scene.levels()?["enable"] == true, "{}", scene.levels()?);
        let trace = scene.agent.trace_file().display().to_string();
        let config = scene.folder.path().join("agent.toml").display().to_string();
        let flags = ["make-safe", "--config", &config, "--vehicle", "rover-1", "--trace", &trace];
        let output = Program::start("vehicle-agent", &flags)?.output(SOON).await?;
        ensure!(output.code == Some(0) && output.stderr.is_empty(), "{output:?}");
        ensure!(
            scene.levels()?["enable"] == false && scene.levels()?["brake"] == true,
            "{}",
            scene.levels()?
        );
        ensure!(scene.agent.trace().lines()?.last().is_some_and(|line| line.cause == "MAKE_SAFE"), "no line");
        Ok(())
    })
    .await
}
