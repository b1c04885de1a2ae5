//! A simulated vehicle whose agent runs as a program of its own.

use crate::client::{Client, QoS};
use crate::mosquitto::Mosquitto;
use crate::process::Program;
use crate::trace::Trace;
use anyhow::Result;
use serde_json::Value;
use std::path::PathBuf;
use tempfile::TempDir;

/// An agent with the simulated board; killed when dropped.
#[derive(Debug)]
pub struct Agent {
    /// The program.
    pub program: Program,
    /// The vehicle's name.
    pub vehicle: String,
    url: String,
    flags: Vec<String>,
    folder: TempDir,
}

impl Agent {
    /// Starts an agent on `broker` with further flags of `vehicle-agent run`; waits until the vehicle is online.
    ///
    /// # Errors
    ///
    /// If the program has not been built, or does not come online.
    pub async fn start(broker: &Mosquitto, vehicle: &str, flags: &[&str]) -> Result<Self> {
        Self::launch(&broker.url(), vehicle, flags)?.waited_for(broker).await
    }

    async fn waited_for(self, broker: &Mosquitto) -> Result<Self> {
        let mut client = Client::connect(&format!("{}-waits", self.vehicle), broker.port()).await?;
        self.online(&mut client).await?;
        client.disconnect().await?;
        Ok(self)
    }

    /// Starts an agent for the broker at `url` and does not wait.
    ///
    /// # Errors
    ///
    /// If the program has not been built.
    pub fn launch(url: &str, vehicle: &str, flags: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let program = run(url, vehicle, &flags, &folder)?;
        Ok(Self { program, vehicle: vehicle.to_owned(), url: url.to_owned(), flags, folder })
    }

    /// Starts the agent once more, on the same trace and state, after it has ended.
    ///
    /// # Errors
    ///
    /// If the program has not been built.
    pub fn start_again(&mut self) -> Result<()> {
        self.program = run(&self.url, &self.vehicle, &self.flags, &self.folder)?;
        Ok(())
    }

    /// Waits until `client` sees the vehicle online.
    ///
    /// # Errors
    ///
    /// If it does not come.
    pub async fn online(&self, client: &mut Client) -> Result<()> {
        client.subscribe(&self.topic("presence"), QoS::AtLeastOnce).await?;
        client.expect("ONLINE", |message| message.value("state") == "ONLINE").await?;
        Ok(())
    }

    /// A topic of this vehicle.
    #[must_use]
    pub fn topic(&self, name: &str) -> String {
        format!("vehicles/{}/{name}", self.vehicle)
    }

    /// The file that the trace goes to.
    #[must_use]
    pub fn trace_file(&self) -> PathBuf {
        self.folder.path().join("trace.ndjson")
    }

    /// The trace, from its beginning.
    #[must_use]
    pub fn trace(&self) -> Trace {
        Trace::follow(&self.trace_file())
    }

    /// A client that listens to this vehicle's answers and status.
    ///
    /// # Errors
    ///
    /// If the broker does not let it in.
    pub async fn operator(&self, name: &str, port: u16) -> Result<Operator> {
        let mut client = Client::connect(name, port).await?;
        for topic in ["executedcommands", "status", "events", "session"] {
            client.subscribe(&self.topic(topic), QoS::AtLeastOnce).await?;
        }
        Ok(Operator { client, vehicle: self.vehicle.clone() })
    }
}

fn run(url: &str, vehicle: &str, flags: &[String], folder: &TempDir) -> Result<Program> {
    let mut command = Program::command("vehicle-agent")?;
    command.args(["run", "--vehicle", vehicle, "--broker", url, "--board", "sim"]);
    command.arg("--trace").arg(folder.path().join("trace.ndjson"));
    command.arg("--state-dir").arg(folder.path().join("state"));
    command.args(flags);
    Program::spawn("vehicle-agent", command)
}

/// Somebody who commands one vehicle in the forms of the contract.
#[derive(Debug)]
pub struct Operator {
    /// The connection.
    pub client: Client,
    vehicle: String,
}

impl Operator {
    /// Publishes a command as it stands.
    ///
    /// # Errors
    ///
    /// If the connection has ended.
    pub async fn send(&mut self, command: &str) -> Result<()> {
        self.publish("commands", command).await
    }

    /// Publishes on a topic of the vehicle.
    ///
    /// # Errors
    ///
    /// If the connection has ended.
    pub async fn publish(&mut self, topic: &str, payload: impl Into<Vec<u8>>) -> Result<()> {
        let qos = if topic == "drive" { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        self.client.publish(&format!("vehicles/{}/{topic}", self.vehicle), qos, payload).await
    }

    /// Waits for the next answer that is not EXECUTING.
    ///
    /// # Errors
    ///
    /// If none comes.
    pub async fn answer(&mut self) -> Result<Value> {
        let message = self
            .client
            .expect("an answer", |message| {
                message.topic.ends_with("/executedcommands") && message.value("STATE") != "EXECUTING"
            })
            .await?;
        Ok(message.json())
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    ///
    /// If none comes.
    pub async fn ask(&mut self, command: &str) -> Result<Value> {
        self.send(command).await?;
        self.answer().await
    }

    /// Waits for a status with this value.
    ///
    /// # Errors
    ///
    /// If none comes.
    pub async fn status(&mut self, field: &str, value: impl Into<Value>) -> Result<Value> {
        let value = value.into();
        let what = format!("status with {field} {value}");
        let message = self
            .client
            .expect(&what, |message| message.topic.ends_with("/status") && message.value(field) == value)
            .await?;
        Ok(message.json())
    }
}
