//! A vehicle that does what the test says, step by step.
#![expect(clippy::indexing_slicing, reason = "a missing key reads as null")]

use anyhow::Result;
use serde_json::{Value, json};
use system_tests::client::{Client, Message, QoS};
use system_tests::mosquitto::Mosquitto;

/// The boot of every vehicle here.
pub(crate) const EPOCH: &str = "07070707070707070707070707070707";

pub(crate) struct Vehicle {
    id: String,
    client: Client,
}

impl Vehicle {
    /// A vehicle that listens, and says nothing of its presence.
    pub(crate) async fn silent(broker: &Mosquitto, id: &str) -> Result<Self> {
        let mut client = Client::connect(id, broker.port()).await?;
        for topic in ["commands", "drive", "session/request"] {
            client.subscribe(&format!("vehicles/{id}/{topic}"), QoS::AtLeastOnce).await?;
        }
        Ok(Self { id: id.to_owned(), client })
    }

    /// A vehicle that is online.
    pub(crate) async fn online(broker: &Mosquitto, id: &str) -> Result<Self> {
        let mut vehicle = Self::silent(broker, id).await?;
        vehicle.presence("ONLINE", 1).await?;
        Ok(vehicle)
    }

    pub(crate) async fn presence(&mut self, state: &str, link: u32) -> Result<()> {
        self.keep("presence", &json!({"state": state, "epoch": EPOCH, "link": link})).await
    }

    /// Publishes a retained message.
    pub(crate) async fn keep(&mut self, topic: &str, message: &Value) -> Result<()> {
        let topic = format!("vehicles/{}/{topic}", self.id);
        self.client.publish_retained(&topic, QoS::AtLeastOnce, message.to_string()).await
    }

    /// Publishes a message as it is.
    pub(crate) async fn say(&mut self, topic: &str, text: &str) -> Result<()> {
        let topic = format!("vehicles/{}/{topic}", self.id);
        self.client.publish(&topic, QoS::AtLeastOnce, text).await
    }

    /// Waits for a message on one of its topics.
    pub(crate) async fn hear(&mut self, topic: &str) -> Result<Message> {
        let topic = format!("vehicles/{}/{topic}", self.id);
        self.client.expect(&topic, |message| message.topic == topic).await
    }

    /// Waits for a command by its name.
    pub(crate) async fn hear_command(&mut self, name: &str) -> Result<Value> {
        let topic = format!("vehicles/{}/commands", self.id);
        let wanted = |message: &Message| message.topic == topic && message.json()["CMD"] == name;
        Ok(self.client.expect(name, wanted).await?.json())
    }

    /// Answers a request for a session with this CLOCK.
    pub(crate) async fn open_session(&mut self, clock: u64) -> Result<()> {
        let request = self.hear("session/request").await?.json();
        let answer = json!({"NONCE": request["NONCE"], "EPOCH": EPOCH, "CLOCK": clock});
        self.say("session", &answer.to_string()).await
    }

    /// Opens a session and waits for the command that follows.
    pub(crate) async fn obey(&mut self, name: &str) -> Result<Value> {
        self.open_session(60_000).await?;
        self.hear_command(name).await
    }

    /// Answers a command.
    pub(crate) async fn answer(&mut self, command: &Value, state: &str) -> Result<()> {
        self.answer_with(command, state, &json!({})).await
    }

    /// Answers a command with more than its state.
    pub(crate) async fn answer_with(&mut self, command: &Value, state: &str, more: &Value) -> Result<()> {
        let mut answer = json!({"CMD": command["CMD"], "ID": command["ID"], "STATE": state});
        for (key, value) in more.as_object().into_iter().flatten() {
            answer[key] = value.clone();
        }
        if state == "SUCCEEDED" {
            answer["SUCCESSFULLY_PROCESSED_COMMAND"] = command["CMD"].clone();
        }
        self.say("executedcommands", &answer.to_string()).await
    }

    /// Makes sure that no more of it came on a topic.
    pub(crate) async fn heard_no_more(&mut self, topic: &str) -> Result<()> {
        let topic = format!("vehicles/{}/{topic}", self.id);
        self.client.expect_nothing("another message", |message| message.topic == topic).await
    }
}
