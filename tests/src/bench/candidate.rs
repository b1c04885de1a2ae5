//! The candidates: the agent, and two bare echoes that do nothing but MQTT.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use rumqttc::QoS;
use tempfile::TempDir;
use vehicle_protocol::auth::Role;
use vehicle_protocol::{self as protocol, Encoding, Root, State, Topic, Topics};

use crate::client::Client;
use crate::clock::monotonic;
use crate::key_holder::KeyHolder;
use crate::mosquitto::Mosquitto;
use crate::process::Program;

/// A command whose repetition changes nothing, so that nothing but its answer is published.
const COMMAND: &str = r#"{"CMD":"LOCK_DOORS"}"#;
const ANSWER: &str = r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"LOCK_DOORS"}"#;
/// The three ways to ask an agent that knows a key, by their names in the tables.
pub const BARE: &str = "agent, bare JSON";
/// Signed, in JSON.
pub const SIGNED: &str = "agent, signed JSON";
/// Signed, in the compact form.
pub const COMPACT: &str = "agent, signed compact";
/// A signed one lives so long.
const LIFE_MS: u64 = 4_000;

/// An echo from the topic of commands to the topic of answers, at QoS 1.
#[derive(Debug)]
pub struct Candidate {
    name: &'static str,
    asked: Asked,
    commands: String,
    answers: String,
    process: Rc<Process>,
}

/// How it is asked.
#[derive(Debug)]
enum Asked {
    /// With the same bytes each time, and the answer to them.
    Plainly(&'static str),
    /// With a signed command of a session.
    Signed(RefCell<KeyHolder>),
}

#[derive(Debug)]
struct Process {
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
        let (topics, folder) = (topics("agent")?, tempfile::tempdir()?);
        let process = Process::agent(broker, "agent", folder, &topics).await?;
        Ok(Self::new("vehicle-agent", ANSWER, &topics, process))
    }

    /// Starts one more agent, which knows a key and takes everything without one all the same, and gives it once for each
    /// way to ask: plainly, signed, and signed in the compact form.
    ///
    /// # Errors
    ///
    /// When it has not been built, does not come up, or opens no session.
    pub async fn trusting_agent(broker: &Mosquitto) -> Result<Vec<Self>> {
        const VEHICLE: &str = "trusting-agent";
        let (topics, folder) = (topics(VEHICLE)?, tempfile::tempdir()?);
        let json = KeyHolder::new(VEHICLE, "json", Role::Driver, Encoding::Json)?;
        let compact = KeyHolder::new(VEHICLE, "compact", Role::Driver, Encoding::Compact)?;
        for holder in [&json, &compact] {
            holder.enrol(&folder.path().join("keys"))?;
        }
        let process = Rc::new(Process::agent(broker, VEHICLE, folder, &topics).await?);
        let mut all =
            vec![Self::of(BARE, Asked::Plainly(ANSWER), &topics, &process, Topic::ExecutedCommands)];
        for (name, mut holder) in [(SIGNED, json), (COMPACT, compact)] {
            open_session(broker, &mut holder, &topics).await?;
            let answers = holder.answers();
            all.push(Self::of(name, Asked::Signed(RefCell::new(holder)), &topics, &process, answers));
        }
        Ok(all)
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
        Ok(Self::new(name, COMMAND, &topics, Process { program, _folder: folder }))
    }

    fn new(name: &'static str, answer: &'static str, topics: &Topics, process: Process) -> Self {
        Self::of(name, Asked::Plainly(answer), topics, &Rc::new(process), Topic::ExecutedCommands)
    }

    fn of(name: &'static str, asked: Asked, topics: &Topics, process: &Rc<Process>, answers: Topic) -> Self {
        let (commands, answers) = (topics.of(Topic::Commands), topics.of(answers));
        Self { name, asked, commands, answers, process: Rc::clone(process) }
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

    /// What it is sent next.
    ///
    /// # Errors
    ///
    /// When a session is missing.
    pub fn command(&self) -> Result<Vec<u8>> {
        match &self.asked {
            Asked::Plainly(_) => Ok(COMMAND.into()),
            Asked::Signed(holder) => {
                let mut holder = holder.borrow_mut();
                let command = holder.command(protocol::Command::LockDoors, None, monotonic(), LIFE_MS)?;
                Ok(holder.frame(&command).1)
            }
        }
    }

    /// Whether this is what it has to answer.
    #[must_use]
    pub fn is_answer(&self, payload: &[u8]) -> bool {
        match &self.asked {
            Asked::Plainly(answer) => payload == answer.as_bytes(),
            Asked::Signed(holder) => {
                holder.borrow().open(payload).is_ok_and(|answer| answer.state == State::Succeeded)
            }
        }
    }

    /// The process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.process.program.id()
    }
}

impl Process {
    /// An agent that is ONLINE.
    async fn agent(broker: &Mosquitto, vehicle: &str, folder: TempDir, topics: &Topics) -> Result<Self> {
        let mut command = Program::command("vehicle-agent")?;
        command.args(["run", "--vehicle", vehicle, "--board", "sim", "--broker", &broker.url()]);
        command.arg("--state-dir").arg(folder.path()).env_remove("RUST_LOG");
        // As it would without keys.
        command.env("VEHICLE_AGENT__TRUST__UNSIGNED", "accept");
        let mut observer = Client::connect("observer", broker.port()).await?;
        observer.subscribe(&topics.of(Topic::Presence), QoS::AtLeastOnce).await?;
        let program = Program::spawn("vehicle-agent", command)?;
        observer.expect("the agent's presence", |message| message.text().contains("ONLINE")).await?;
        observer.disconnect().await?;
        Ok(Self { program, _folder: folder })
    }
}

async fn open_session(broker: &Mosquitto, holder: &mut KeyHolder, topics: &Topics) -> Result<()> {
    let mut client = Client::connect("opener", broker.port()).await?;
    client.subscribe(&topics.of(Topic::Session), QoS::AtLeastOnce).await?;
    client.publish(&topics.of(Topic::SessionRequest), QoS::AtLeastOnce, holder.request()?).await?;
    let answer = client.expect("a session", |_| true).await?;
    ensure!(holder.hear(&answer.payload, monotonic()), "{} is forged", answer.text());
    client.disconnect().await
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
