//! The guard is killed, or hangs, while the agent drives; signals that are meant for the agent reach it.

use super::{DEADLINE, Scene, guards, is_alive, send, succeeded};
use anyhow::{Result, ensure};
use rustix::process::Signal;
use std::fs;
use system_tests::canary::undisturbed;
use system_tests::clock::monotonic;
use system_tests::wait::{SOON, until};

/// Ends or stops the guard of a driving vehicle, which must stop then, and drives on with another guard.
async fn lose_guard(signal: Signal) -> Result<()> {
    let mut scene = Scene::driving().await?;
    let guard = scene.guard()?;
    let moment = monotonic();
    send(guard, signal)?;
    let (line, age) = scene.safe_after(moment).await?;
    ensure!(line.cause == "GUARD_LOST" && age <= DEADLINE, "{line:?} after {age:?}");
    scene.operator.status("cause", "GUARD_LOST").await?;
    scene.stood_since(moment)?;
    let agent = scene.agent.program.id();
    scene.agent.program.wait_for_stderr("the guard is there again").await?;
    ensure!(!is_alive(guard) && guards(agent)?.len() == 1, "the old one is still there");

    let stood = scene.operator.ask(r#"{"CMD":"BRAKE","ID":"stand"}"#).await?;
    succeeded(&stood)?;
    let cleared = scene.operator.ask(r#"{"CMD":"CLEAR_EMERGENCY_STOP","ID":"clear"}"#).await?;
    succeeded(&cleared)?;
    scene.drive().await
}

#[tokio::test]
async fn killed_it_costs_a_stop_and_another_takes_its_place() -> Result<()> {
    undisturbed(async || lose_guard(Signal::KILL).await).await
}

#[tokio::test]
async fn frozen_it_costs_a_stop_and_another_takes_its_place() -> Result<()> {
    undisturbed(async || lose_guard(Signal::STOP).await).await
}

#[tokio::test]
async fn signals_that_end_an_agent_do_not_end_its_guard() -> Result<()> {
    undisturbed(async || {
        let mut scene = Scene::driving().await?;
        let guard = scene.guard()?;
        for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
            send(guard, signal)?;
        }
        let answer = scene.operator.ask(r#"{"CMD":"ACCELERATE","ID":"on"}"#).await?;
        ensure!(answer["STATE"] == "SUCCEEDED" && is_alive(guard), "{answer}");
        let moment = monotonic();
        scene.agent.program.kill().await?;
        let (line, age) = scene.safe_after(moment).await?;
        ensure!(line.cause == "GUARD" && age <= DEADLINE, "{line:?} after {age:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn while_parked_it_sleeps_and_a_death_of_it_is_mended_before_anybody_drives() -> Result<()> {
    undisturbed(async || {
        let mut scene = Scene::parked().await?;
        let guard = scene.guard()?;
        let session = fs::read_to_string(format!("/proc/{guard}/stat"))?;
        let session = session.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(3));
        ensure!(session == Some(guard.to_string().as_str()), "a session of its own: {session:?}");
        let woken = || -> Result<String> {
            let status = fs::read_to_string(format!("/proc/{guard}/status"))?;
            Ok(status.lines().filter(|line| line.starts_with("voluntary")).collect())
        };
        // It may not have come to sleep yet, after it has said that it is there.
        let sleeps = || Ok(fs::read_to_string(format!("/proc/{guard}/stat"))?.contains(") S ").then_some(()));
        until("the guard to sleep", SOON, sleeps).await?;
        let before = woken()?;
        for _ in 0..20 {
            scene.operator.ask(r#"{"CMD":"TURN_ON_HEADLIGHTS","ID":"a"}"#).await?;
            scene.operator.ask(r#"{"CMD":"TURN_OFF_HEADLIGHTS","ID":"b"}"#).await?;
        }
        ensure!(woken()? == before, "woken up: {} then {}", before, woken()?);

        send(guard, Signal::KILL)?;
        let agent = scene.agent.program.id();
        scene.agent.program.wait_for_stderr("the guard is there again").await?;
        ensure!(guards(agent)?.into_iter().all(|id| id != guard), "the old one");
        scene.drive().await
    })
    .await
}
