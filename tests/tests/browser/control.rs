//! Somebody else drives, and the page asks for control.

use crate::chromium::Chromium;
use crate::rig::Rig;
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::Path;
use std::time::Duration;
use system_tests::client::{Client, QoS};
use system_tests::clock::monotonic;
use system_tests::key_holder::KeyHolder;
use tokio::time::interval;
use vehicle_link::secret_file;
use vehicle_protocol::auth::Role;
use vehicle_protocol::{Command, Encoding};

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path in UTF-8")
}

/// Opens a session, turns the engine on, and takes control.
async fn drives(holder: &mut KeyHolder, port: u16) -> Result<Client> {
    let mut client = Client::connect("phone", port).await?;
    client.subscribe("vehicles/rover-1/session", QoS::AtLeastOnce).await?;
    client.subscribe("vehicles/rover-1/executedcommands", QoS::AtLeastOnce).await?;
    client.publish("vehicles/rover-1/session/request", QoS::AtLeastOnce, holder.request()?).await?;
    let heard = |message: &system_tests::client::Message| message.topic.ends_with("/session");
    loop {
        // The page opens a session of its own.
        let told = client.expect("a session", heard).await?;
        if holder.hear(&told.payload, monotonic()) {
            break;
        }
    }
    for command in [Command::TurnOnEngine, Command::TakeControl] {
        let name = command.name();
        let signed = holder.command(command, None, monotonic(), 4_000)?;
        let frame = holder.frame(&signed).1;
        client.publish("vehicles/rover-1/commands", QoS::AtLeastOnce, frame).await?;
        let done = |message: &system_tests::client::Message| message.value("STATE") == "SUCCEEDED";
        let answer = client.expect(name.as_str(), done).await?;
        ensure!(answer.value("CMD") == name.as_str(), "{answer:?}");
    }
    Ok(client)
}

/// Keeps control as long as it may.
async fn goes_on(mut holder: KeyHolder, mut client: Client) -> Result<()> {
    let mut ticks = interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        let beat = holder.command(Command::Heartbeat, None, monotonic(), 1_000)?;
        client.publish("vehicles/rover-1/drive", QoS::AtMostOnce, holder.frame(&beat).1).await?;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn who_finds_somebody_else_driving_asks_for_control_and_then_drives() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (agents, consoles) = (folder.path().join("agent"), folder.path().join("console"));
    let mut phone = KeyHolder::new("rover-1", "phone", Role::Driver, Encoding::Json)?;
    let page = KeyHolder::new("rover-1", "page", Role::Driver, Encoding::Json)?;
    phone.enrol(&agents)?;
    page.enrol(&agents)?;
    secret_file::create(&consoles.join("rover-1.json"), page.file.to_text().as_bytes())?;
    let config = folder.path().join("agent.toml");
    fs::write(&config, format!("[trust]\nkeys_dir = \"{}\"\n", agents.display()))?;
    let (flags, keys) = (["--config", text(&config)?], ["--keys-dir", text(&consoles)?]);
    let (mut rig, chromium) = (Rig::start_with(&flags, &keys).await?, Chromium::start().await?);
    let tab = chromium.open(&rig.control).await?;
    let client = drives(&mut phone, rig.broker.port()).await?;
    let going_on = tokio::spawn(goes_on(phone, client));
    tab.until("[...document.querySelectorAll('#values div')].some(d => d.textContent === 'Driverphone')")
        .await?;
    tab.until("document.querySelector('#ask').hidden").await?;
    tab.click("#control").await?;
    tab.shows("#drive-badge", "READY").await?;
    tab.press("KeyW").await?;
    tab.until("!document.querySelector('#ask').hidden").await?;
    tab.shows("#ask", "Ask phone for control").await?;
    tab.release("KeyW").await?;
    rig.never_moved().await?;
    tab.click("#ask").await?;
    tab.shows("#ask", "Press again").await?;
    tab.click("#ask").await?;
    tab.until("[...document.querySelectorAll('#values div')].some(d => d.textContent === 'Driverpage')")
        .await?;
    tab.until("document.querySelector('#ask').hidden").await?;
    rig.hold_w(&tab).await?;
    tab.release("KeyW").await?;
    going_on.abort();
    rig.stops().await
}
