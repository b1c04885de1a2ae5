//! Who answers: the agent, and two bare echoes that do nothing but MQTT.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rumqttc::QoS;
use tempfile::TempDir;
use vehicle_protocol::{Root, Topic, Topics};

use crate::client::Client;
use crate::mosquitto::Mosquitto;
use crate::process::Program;

/// A command whose repetition changes nothing, so that nothing but its answer is published.
const COMMAND: &str = r#"{"CMD":"LOCK_DOORS"}"#;
const ANSWER: &str = r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"LOCK_DOORS"}"#;

/// A process of its own that answers each message on its topic of commands on its topic of answers, at QoS 1.
#[derive(Debug)]
pub struct Candidate {
    name: &'static str,
    answer: &'static str,
    commands: String,
    answers: String,
    program: Program,
    /// Where the agent keeps its state, or the C program lies.
    _folder: TempDir,
}

impl Candidate {
    /// Starts the agent of this workspace on a simulated board; returns when it is ONLINE.
    ///
    /// # Errors
    ///
    /// When it has not been built, or does not come up.
    pub async fn agent(broker: &Mosquitto) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let topics = topics("agent")?;
        let mut command = Program::command("vehicle-agent")?;
        command.args(["run", "--vehicle", "agent", "--board", "sim", "--broker", &broker.url()]);
        command.arg("--state-dir").arg(folder.path()).env_remove("RUST_LOG");
        let mut observer = Client::connect("observer", broker.port()).await?;
        observer.subscribe(&topics.of(Topic::Presence), QoS::AtLeastOnce).await?;
        let program = Program::spawn("vehicle-agent", command)?;
        observer.expect("the agent's presence", |message| message.text().contains("ONLINE")).await?;
        observer.disconnect().await?;
        Ok(Self::new("vehicle-agent", ANSWER, &topics, program, folder))
    }

    /// Starts the echo on rumqttc, which is this very program.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    pub async fn rumqttc_echo(broker: &Mosquitto) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("echo");
        Self::echo("echo on rumqttc", command, "echo-rumqttc", broker, tempfile::tempdir()?).await
    }

    /// Compiles the echo on libmosquitto and starts it; nothing where its headers are not installed.
    ///
    /// # Errors
    ///
    /// When it cannot be compiled although the headers are there, or does not come up.
    pub async fn c_echo(broker: &Mosquitto) -> Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let Some(program) = compile(folder.path())? else { return Ok(None) };
        let command = Command::new(program);
        Self::echo("echo on libmosquitto (C)", command, "echo-c", broker, folder).await.map(Some)
    }

    async fn echo(
        name: &'static str,
        mut command: Command,
        id: &str,
        broker: &Mosquitto,
        folder: TempDir,
    ) -> Result<Self> {
        let topics = topics(id)?;
        command.args([&broker.port().to_string(), id]);
        command.args([topics.of(Topic::Commands), topics.of(Topic::ExecutedCommands)]);
        let mut program = Program::spawn(name, command)?;
        program.wait_for_stdout("ready").await?;
        Ok(Self::new(name, COMMAND, &topics, program, folder))
    }

    fn new(
        name: &'static str,
        answer: &'static str,
        topics: &Topics,
        program: Program,
        folder: TempDir,
    ) -> Self {
        let (commands, answers) = (topics.of(Topic::Commands), topics.of(Topic::ExecutedCommands));
        Self { name, answer, commands, answers, program, _folder: folder }
    }

    /// Its name in the tables.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The topic that it reads.
    #[must_use]
    pub fn commands(&self) -> &str {
        &self.commands
    }

    /// The topic that it answers on.
    #[must_use]
    pub fn answers(&self) -> &str {
        &self.answers
    }

    /// What it is sent.
    #[must_use]
    pub fn command(&self) -> &'static str {
        COMMAND
    }

    /// What it has to answer.
    #[must_use]
    pub fn answer(&self) -> &'static str {
        self.answer
    }

    /// The process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.program.id()
    }
}

fn topics(id: &str) -> Result<Topics> {
    Ok(Root::default().vehicle(id.parse()?))
}

/// Compiles `echo.c` into a folder; nothing where there is no compiler or no header.
fn compile(folder: &Path) -> Result<Option<PathBuf>> {
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let probe =
        Command::new(&compiler).args(["-include", "mosquitto.h", "-E", "-x", "c", "/dev/null"]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        return Ok(None);
    }
    let program = folder.join("echo");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench/echo.c");
    let output = Command::new(&compiler)
        .args(["-O2", "-Wall", "-Wextra", "-Werror", "-o"])
        .args([&program, &source])
        .arg("-lmosquitto")
        .output()
        .context("C compiler")?;
    ensure!(output.status.success(), "echo.c: {}", String::from_utf8_lossy(&output.stderr));
    Ok(Some(program))
}
