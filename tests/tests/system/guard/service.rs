//! What the service manager is told, at a socket that a test listens on.

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;
use system_tests::canary::undisturbed;
use system_tests::client::{Client, QoS};
use system_tests::clock::monotonic;
use system_tests::mosquitto::Mosquitto;
use system_tests::process::Program;
use system_tests::wait::{SOON, until};
use tempfile::TempDir;

/// Where nobody listens.
const NO_BROKER: &str = "mqtt://127.0.0.1:1";

/// A service manager of which only the ear is there.
struct Manager {
    socket: UnixDatagram,
    agent: Program,
    _folder: TempDir,
}

impl Manager {
    /// Starts an agent.
    fn start(broker: &str, watchdog: Option<Duration>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let ear = folder.path().join("notify");
        let socket = UnixDatagram::bind(&ear)?;
        socket.set_nonblocking(true)?;
        let agent = agent(broker, folder.path(), &ear, watchdog)?;
        Ok(Self { socket, agent, _folder: folder })
    }

    /// The next message, if there is one.
    fn heard(&self) -> Result<Option<String>> {
        let mut text = [0; 512];
        match self.socket.recv(&mut text) {
            Ok(length) => {
                Ok(Some(String::from_utf8_lossy(text.get(..length).context("length")?).into_owned()))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn next(&self) -> Result<String> {
        until("a word of the agent", SOON, || self.heard()).await
    }
}

fn agent(broker: &str, folder: &Path, ear: &Path, watchdog: Option<Duration>) -> Result<Program> {
    let mut command = Program::command("vehicle-agent")?;
    command.args(["run", "--vehicle", "rover-1", "--broker", broker, "--state-dir"]).arg(folder);
    command.env("NOTIFY_SOCKET", ear);
    if let Some(watchdog) = watchdog {
        command.env("WATCHDOG_USEC", watchdog.as_micros().to_string());
    }
    Program::spawn("vehicle-agent", command)
}

#[tokio::test]
async fn ready_is_said_once_the_loop_runs_although_there_is_no_broker_and_stopping_at_the_end() -> Result<()>
{
    let mut manager = Manager::start(NO_BROKER, None)?;
    ensure!(manager.next().await?.trim() == "READY=1", "not ready");
    manager.agent.signal(Signal::TERM)?;
    ensure!(manager.next().await?.trim() == "STOPPING=1", "not stopping");
    ensure!(manager.agent.exit(SOON).await?.success(), "not in order");
    ensure!(manager.heard()?.is_none(), "more was said");
    Ok(())
}

#[tokio::test]
async fn a_parked_agent_asks_the_watchdog_for_a_minute() -> Result<()> {
    let manager = Manager::start(NO_BROKER, Some(Duration::from_secs(2)))?;
    let said = manager.next().await?;
    let said: Vec<_> = said.split_whitespace().collect();
    ensure!(said == ["READY=1", "WATCHDOG_USEC=60000000", "WATCHDOG=1"], "{said:?}");
    Ok(())
}

#[tokio::test]
async fn the_watchdog_of_an_armed_agent_is_fed_until_its_loop_hangs() -> Result<()> {
    undisturbed(async || {
        let broker = Mosquitto::start().await?;
        let mut manager = Manager::start(&broker.url(), Some(Duration::from_millis(400)))?;
        manager.next().await?;
        manager.agent.wait_for_stderr("connected").await?;
        let begun = monotonic();
        let mut operator = Client::connect("operator", broker.port()).await?;
        operator
            .publish("vehicles/rover-1/commands", QoS::AtLeastOnce, r#"{"CMD":"TURN_ON_ENGINE"}"#)
            .await?;
        let said = manager.next().await?;
        ensure!(said.split_whitespace().eq(["WATCHDOG_USEC=400000", "WATCHDOG=1"]), "{said}");
        for _ in 0..5 {
            ensure!(manager.next().await?.trim() == "WATCHDOG=1", "something else");
        }
        // From before the first word to after the last one, however late they were heard.
        let each = Duration::from_nanos(monotonic().saturating_sub(begun)) / 5;
        ensure!(each >= Duration::from_millis(190), "fed each {each:?}, which is more often than needed");
        manager.agent.freeze().await?;
        while manager.heard()?.is_some() {}
        let fed = until("a word of a frozen agent", Duration::from_millis(600), || manager.heard()).await;
        ensure!(fed.is_err(), "{fed:?}");
        Ok(())
    })
    .await
}
