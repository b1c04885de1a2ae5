//! A key that is withdrawn: its file goes, and it stays withdrawn over a restart.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use system_tests::agent::Agent;
use system_tests::client::{Client, Message, QoS};
use system_tests::clock::monotonic;
use system_tests::key_holder::KeyHolder;
use system_tests::mosquitto::Mosquitto;
use tempfile::TempDir;
use vehicle_protocol::auth::Role;
use vehicle_protocol::{Answer, Command, Encoding, Reason, State};

const LIFE_MS: u64 = 4_000;

/// A vehicle, its keys, and who has them.
struct Rig {
    agent: Agent,
    client: Client,
    keys: PathBuf,
    _folder: TempDir,
    _broker: Mosquitto,
}

impl Rig {
    async fn start(holders: &[&KeyHolder]) -> Result<Self> {
        let (broker, folder) = (Mosquitto::start().await?, tempfile::tempdir()?);
        let (keys, config) = (folder.path().join("keys"), folder.path().join("agent.toml"));
        for holder in holders {
            holder.enrol(&keys)?;
        }
        fs::write(&config, format!("[trust]\nkeys_dir = \"{}\"\n", keys.display()))?;
        let config = config.to_str().context("a path in UTF-8")?;
        let agent = Agent::start(&broker, "rover-1", &["--config", config]).await?;
        let mut client = Client::connect("desk", broker.port()).await?;
        for topic in ["executedcommands", "session", "presence"] {
            client.subscribe(&agent.topic(topic), QoS::AtLeastOnce).await?;
        }
        Ok(Self { agent, client, keys, _folder: folder, _broker: broker })
    }

    /// Asks for a session.
    async fn open(&mut self, holder: &mut KeyHolder) -> Result<()> {
        self.ask_for_session(holder).await?;
        let told = self.client.expect("a session", |message| message.topic.ends_with("/session")).await?;
        ensure!(holder.hear(&told.payload, monotonic()), "{} is not for us", told.text());
        Ok(())
    }

    async fn ask_for_session(&mut self, holder: &KeyHolder) -> Result<()> {
        self.client.publish(&self.agent.topic("session/request"), QoS::AtLeastOnce, holder.request()?).await
    }

    /// Sends a command and gives the answer that ends it, whoever wrote that.
    async fn ask(&mut self, holder: &mut KeyHolder, command: Command) -> Result<Answer> {
        let envelope = holder.command(command, None, monotonic(), LIFE_MS)?;
        let payload = holder.frame(&envelope).1;
        self.client.publish(&self.agent.topic("commands"), QoS::AtLeastOnce, payload).await?;
        let ends = |message: &Message| {
            message.topic.ends_with("/executedcommands") && message.value("STATE") != "EXECUTING"
        };
        let answer = self.client.expect("an answer", ends).await?;
        Ok(serde_json::from_slice(&answer.payload)?)
    }

    async fn restart(&mut self) -> Result<()> {
        self.agent.program.kill().await?;
        self.client.expect("its end", |message| message.value("state") == "CONNECTION_BROKEN").await?;
        self.agent.start_again()?;
        let returns = |message: &Message| !message.retained && message.value("state") == "ONLINE";
        self.client.expect("its return", returns).await?;
        Ok(())
    }
}

fn lies_in(keys: &Path, name: &str) -> bool {
    keys.join(format!("{name}.json")).exists()
}

#[tokio::test]
async fn a_revoked_key_has_no_file_any_more_and_is_refused_after_a_restart_too() -> Result<()> {
    let mut owner = KeyHolder::new("rover-1", "desk", Role::Owner, Encoding::Json)?;
    let mut driver = KeyHolder::new("rover-1", "tablet", Role::Driver, Encoding::Json)?;
    let mut rig = Rig::start(&[&owner, &driver]).await?;
    for holder in [&mut owner, &mut driver] {
        rig.open(holder).await?;
    }
    ensure!(rig.ask(&mut driver, Command::LockDoors).await?.state == State::Succeeded, "before");
    ensure!(lies_in(&rig.keys, "tablet") && lies_in(&rig.keys, "desk"), "both are enrolled");

    let revoked = rig.ask(&mut owner, Command::RevokeKey("tablet".parse()?)).await?;
    ensure!(revoked.state == State::Succeeded && revoked.proof.is_some(), "{revoked:?}");
    ensure!(!lies_in(&rig.keys, "tablet") && lies_in(&rig.keys, "desk"), "when it says so, it is done");
    let last = rig.ask(&mut owner, Command::RevokeKey("desk".parse()?)).await?;
    ensure!(last.reason == Some(Reason::Forbidden) && lies_in(&rig.keys, "desk"), "{last:?}");

    for round in ["at once", "after a restart"] {
        let refused = rig.ask(&mut driver, Command::LockDoors).await?;
        ensure!(
            (refused.reason, &refused.proof) == (Some(Reason::UnknownKey), &None),
            "{round}: {refused:?}"
        );
        // The owner's request comes behind, and is the only one that is answered.
        rig.ask_for_session(&driver).await?;
        rig.open(&mut owner).await.context(round)?;
        let kept = rig.ask(&mut owner, Command::LockDoors).await?;
        ensure!(kept.state == State::Succeeded, "{round}: {kept:?}");
        if round == "at once" {
            rig.restart().await?;
        }
    }
    Ok(())
}
