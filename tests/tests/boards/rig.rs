//! An emulated board with an agent on it, and a broker and an operator on the host.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use system_tests::certificates::Certificates;
use system_tests::client::{self, Client, QoS};
use system_tests::mosquitto::{Mosquitto, Settings};
use system_tests::pi::{File, HOST, Model, Pi};
use system_tests::process::{Program, cross_built};

/// What may take milliseconds, and takes seconds while the host has other things to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The lines of [`WIRING`], by their numbers on the header.
pub(crate) mod line {
    pub(crate) const LEFT_PWM: u8 = 12;
    pub(crate) const LEFT_DIRECTION: u8 = 16;
    pub(crate) const RIGHT_PWM: u8 = 13;
    pub(crate) const RIGHT_DIRECTION: u8 = 20;
    pub(crate) const ENABLE: u8 = 22;
    pub(crate) const BRAKE: u8 = 25;
    pub(crate) const HEADLIGHTS: u8 = 5;
    pub(crate) const DOORS: u8 = 19;
    pub(crate) const EMERGENCY_STOP: u8 = 4;
    /// Wired to nothing: the board's shell marks moments with it.
    pub(crate) const MARK: u8 = 26;
}

const WIRING: &str = r#"
[wiring]
pwm_hz = 50
enable = { gpio = 22 }
brake = { gpio = 25 }
headlights = { gpio = 5 }
# Open is high, as a broken wire is with the pull-up that the emulated chip has not.
emergency_stop = { gpio = 4, bias = "pull_up" }
[wiring.left]
pwm = { gpio = 12 }
direction = { gpio = 16 }
[wiring.right]
pwm = { gpio = 13 }
direction = { gpio = 20 }
[wiring.doors]
unlocked = { gpio = 19 }
[timing]
operator_timeout_s = 60.0
[budget]
discrete_stopping_distance_m = 1000.0
"#;

/// Everything, connected by TLS with a certificate for each end.
pub(crate) struct Rig {
    pub(crate) pi: Pi,
    pub(crate) operator: Client,
    broker: Mosquitto,
    certificates: Certificates,
    sent: u32,
}

impl Rig {
    /// Boots `model` with the agent built for `target`, on back end `board`, and waits until the vehicle is online.
    pub(crate) async fn start(model: Model, target: &str, board: &str) -> Result<Self> {
        let certificates = Certificates::create()?;
        let settings = Settings { mutual_tls: Some(&certificates), ..Settings::default() };
        let broker = Mosquitto::start_with(&settings).await?;
        let vehicle = certificates.client("rover-1")?;
        let program = cross_built(target, "vehicle-agent")?;
        let configuration = format!(
            "vehicle = \"rover-1\"\nlog = \"debug\"\n[board]\nkind = \"{board}\"\n[broker]\nurl = \"mqtts://{HOST}:{}\"\n\
             ca_file = \"/etc/ca\"\ncert_file = \"/etc/cert\"\nkey_file = \"/etc/key\"\n{WIRING}",
            broker.port()
        );
        let files = [
            File::copy("usr/bin/vehicle-agent", &program)?,
            File::copy("etc/ca", &certificates.authority())?,
            File::copy("etc/cert", &vehicle.certificate)?,
            File::copy("etc/key", &vehicle.key)?,
            File::text("etc/agent.toml", &configuration),
        ];
        let mut pi = Pi::boot(model, &files).await?;
        ensure!(pi.shell.run("date -u").await?.contains("1970"), "the board knows what year it is");
        let mut options = client::options("operator", broker.port());
        options
            .set_transport(client::tls(&certificates.authority(), Some(&certificates.client("operator")?))?);
        let mut operator = Client::connect_with(options).await?;
        for topic in ["presence", "executedcommands", "status", "events"] {
            operator.subscribe(&format!("vehicles/rover-1/{topic}"), QoS::AtLeastOnce).await?;
        }
        pi.registers.drive(line::EMERGENCY_STOP, false).await?;
        let mut rig = Self { pi, operator, broker, certificates, sent: 0 };
        rig.start_agent().await?;
        Ok(rig)
    }

    /// Starts the agent, and waits until the vehicle is online.
    pub(crate) async fn start_agent(&mut self) -> Result<()> {
        let line = "/usr/bin/vehicle-agent run --config /etc/agent.toml --state-dir /tmp/state >/dev/console 2>&1 </dev/null & echo $! >/tmp/agent";
        self.pi.shell.run(line).await?;
        let online = |message: &client::Message| message.value("state") == "ONLINE";
        self.operator.expect_within("ONLINE", PATIENCE, online).await?;
        Ok(())
    }

    /// Sends a command, and does not wait for its answer; gives its id.
    pub(crate) async fn send(&mut self, mut command: Value) -> Result<String> {
        self.sent = self.sent.wrapping_add(1);
        let id = self.sent.to_string();
        let fields = command.as_object_mut().context("an object")?;
        fields.insert("ID".to_owned(), id.clone().into());
        self.operator.publish("vehicles/rover-1/commands", QoS::AtLeastOnce, command.to_string()).await?;
        Ok(id)
    }

    /// Sends a command, and waits until it has succeeded.
    pub(crate) async fn command(&mut self, command: &str) -> Result<()> {
        let id = self.send(json!({ "CMD": command })).await?;
        let answer =
            |message: &client::Message| message.value("ID") == id && message.value("STATE") != "EXECUTING";
        let answer = self.operator.expect_within(command, PATIENCE, answer).await?;
        ensure!(answer.value("STATE") == "SUCCEEDED", "{command}: {}", answer.text());
        Ok(())
    }

    /// Runs `control-console` on the host, and gives its exit code.
    pub(crate) async fn console(&self, words: &str) -> Result<i32> {
        let identity = self.certificates.client("laptop")?;
        let mut command = Program::command("control-console")?;
        command.args(["--broker", &self.broker.url(), "--timeout", "8s", "--ca-file"]);
        command.arg(self.certificates.authority()).arg("--cert-file").arg(identity.certificate);
        command.arg("--key-file").arg(identity.key).args(words.split(' '));
        let output = Program::spawn("control-console", command)?.output(PATIENCE).await?;
        output.code.with_context(|| format!("{}{}", output.stdout, output.stderr))
    }
}
