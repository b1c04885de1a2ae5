//! One whole system that can be hurt: a broker, an agent behind a bad network, an operator behind another.

mod operator;
mod pilot;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rumqttc::Transport;
use system_tests::certificates::{Certificates, Identity};
use system_tests::client;
use system_tests::clock::monotonic;
use system_tests::key_holder::KeyHolder;
use system_tests::mosquitto::{Mosquitto, Settings};
use system_tests::oracle::{Delivery, Heard, Record, Sent, Terms};
use system_tests::process::Program;
use system_tests::proxy::Proxy;
use system_tests::trace::{Trace, TraceLine};
use system_tests::wait::{until, within};
use tempfile::TempDir;
use vehicle_protocol::auth::Role;
use vehicle_protocol::encoding::decode_answer;
use vehicle_protocol::{Answer, Command, Encoding, Epoch, KeyName, State, Status, json};

pub(crate) use operator::{Frame, HOLD_MS, Operator};
pub(crate) use pilot::Pilot;

use crate::wire::{Got, Wire};

/// Discrete motion ends so long after the last word.
pub(crate) const OPERATOR_TIMEOUT: Duration = Duration::from_millis(500);
/// Within this time a fresh command works again when all is well.
pub(crate) const RECOVERY: Duration = Duration::from_secs(5);
/// A command without an answer is sent anew after this time, which is longer than it lives.
const ONE_TRY: Duration = Duration::from_millis(1_200);
/// Time in which messages that were under way when a line was cut may still arrive.
const UNDER_WAY: u64 = 20_000_000;
/// The agent's folder of states in that of the rig.
const STATE: &str = "state";
/// The one vehicle of a rig.
pub(crate) const VEHICLE: &str = "rover-1";

/// The equipment of a rig.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// The broker keeps what it has over a kill.
    pub(crate) persistent: bool,
    /// The protection that the agent has not.
    pub(crate) without: Option<&'static str>,
    /// Number of operators with a key, the last one an owner's; with none, unsigned commands are accepted.
    pub(crate) keys: usize,
    /// Everybody speaks TLS, and has a certificate.
    pub(crate) tls: bool,
}

/// The system.
pub(crate) struct Rig {
    pub(crate) broker: Mosquitto,
    /// Between the agent and the broker.
    pub(crate) vehicle_side: Proxy,
    /// Between the operator and the broker.
    pub(crate) operator_side: Proxy,
    pub(crate) agent: Program,
    pub(crate) operator: Operator,
    /// Other holders of keys.
    pub(crate) others: Vec<Operator>,
    /// The authority, its files and what comes of them for a client.
    tls: Option<(Certificates, Transport)>,
    plan: Plan,
    witness: Wire,
    /// Hears what others than the operator send.
    listener: Option<Wire>,
    folder: TempDir,
    /// Times in which nothing came from the operator to the vehicle: from, until.
    cuts: Vec<(u64, u64)>,
    killed: Vec<u64>,
}

/// A vehicle that did not begin to drive, or to brake, in time.
#[derive(Debug)]
pub(crate) struct NotAsAsked {
    pub(crate) drives: bool,
    agent: String,
}

impl std::fmt::Display for NotAsAsked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the agent says:\n{}", self.agent)
    }
}

impl Rig {
    /// Starts it all, and waits until the operator has the vehicle's clock.
    pub(crate) async fn start(plan: Plan) -> Result<Self> {
        // Without order and size in the way, all that is under way is passed on at once.
        let extra = "max_inflight_messages 0\nmax_queued_messages 0\n";
        let certificates = if plan.tls { Some(Certificates::create()?) } else { None };
        let mutual_tls = certificates.as_ref();
        let settings = Settings { persistent: plan.persistent, extra, mutual_tls, ..Settings::default() };
        let broker = Mosquitto::start_with(&settings).await?;
        let vehicle_side = Proxy::start(broker.port(), plan.seed).await?;
        let operator_side = Proxy::start(broker.port(), plan.seed.wrapping_add(1)).await?;
        let folder = tempfile::tempdir()?;
        let holders = holders(plan.keys)?;
        for holder in &holders {
            holder.enrol(&folder.path().join(STATE).join("keys"))?;
        }
        let agent = launch(VEHICLE, plan, vehicle_side.port(), certificates.as_ref(), folder.path())?;
        let transport = certificates.as_ref().map(transport).transpose()?;
        let tls = transport.as_ref();
        let topics = ["executedcommands", "answers", "status", "events"]
            .map(|topic| format!("vehicles/{VEHICLE}/{topic}"));
        let witness = Wire::open("witness", broker.port(), tls, &topics);
        let port = operator_side.port();
        let mut operators: VecDeque<_> =
            holders.into_iter().map(|holder| Operator::new(port, tls, Some(holder))).collect();
        let operator = operators.pop_front().unwrap_or_else(|| Operator::new(port, tls, None));
        for operator in operators.iter().chain([&operator]) {
            operator.learn(RECOVERY).await?;
        }
        let (cuts, killed) = (Vec::new(), Vec::new());
        Ok(Self {
            broker,
            vehicle_side,
            operator_side,
            agent,
            operator,
            others: operators.into(),
            tls: certificates.zip(transport),
            plan,
            witness,
            listener: None,
            folder,
            cuts,
            killed,
        })
    }

    /// From now on notes as well what others than the operator send.
    pub(crate) async fn overhear(&mut self) -> Result<()> {
        let topics = ["commands", "drive"].map(|topic| format!("vehicles/{VEHICLE}/{topic}"));
        let listener = Wire::open("listener", self.broker.port(), None, &topics);
        let hears = async {
            while listener.got().is_empty() {
                self.operator.heartbeat()?;
                // It may not have been there yet.
                let _ = listener.expect("a heartbeat", Duration::from_millis(50), |_| Some(())).await;
            }
            Ok(())
        };
        within("the listener", RECOVERY, hears).await?;
        self.listener = Some(listener);
        Ok(())
    }

    /// Commands that others than the operator have sent, as far as they were overheard.
    fn overheard(&self) -> Vec<Sent> {
        let own = self.operator.sent();
        let got = self.listener.as_ref().map(Wire::got).unwrap_or_default();
        let heard = got.into_iter().filter_map(|got| {
            let sent = Sent::new(&json::decode(&got.payload).ok()?, None);
            // Broker and vehicle may have had it a little earlier or later.
            let delivery =
                Delivery::between(got.at.saturating_sub(UNDER_WAY), got.at.saturating_add(UNDER_WAY));
            Some(Sent { deliveries: vec![delivery], ..sent })
        });
        heard.filter(|sent| own.iter().all(|own| own.id != sent.id)).collect()
    }

    /// Starts the agent once more after it has ended.
    pub(crate) fn restart_agent(&mut self) -> Result<()> {
        let certificates = self.tls.as_ref().map(|(certificates, _)| certificates);
        let port = self.vehicle_side.port();
        self.agent = launch(VEHICLE, self.plan, port, certificates, self.folder.path())?;
        Ok(())
    }

    /// Starts the agent of another vehicle, which takes this key.
    pub(crate) fn launch_another(&self, holder: &KeyHolder, folder: &Path) -> Result<Program> {
        holder.enrol(&folder.join(STATE).join("keys"))?;
        launch(holder.file.vehicle.as_str(), self.plan, self.broker.port(), None, folder)
    }

    /// Notes that from now on nothing comes from the operator to the vehicle.
    pub(crate) fn cut(&mut self) {
        self.cuts.push((monotonic(), u64::MAX));
    }

    /// Notes that things come again.
    pub(crate) fn healed(&mut self) {
        if let Some((_, until)) = self.cuts.last_mut() {
            *until = monotonic();
        }
    }

    /// Notes that the agent is dead or stopped from now on.
    pub(crate) fn note_kill(&mut self) {
        self.killed.push(monotonic());
    }

    /// The folder of the agent's state.
    pub(crate) fn state_folder(&self) -> PathBuf {
        self.folder.path().join(STATE)
    }

    /// The trace so far.
    pub(crate) fn trace(&self) -> Result<Vec<TraceLine>> {
        Trace::follow(&self.folder.path().join("trace.ndjson")).lines()
    }

    /// Waits until the vehicle drives, or until it no longer does.
    pub(crate) async fn until_driving(&self, drives: bool, limit: Duration) -> Result<()> {
        let what = if drives { "the vehicle to drive" } else { "the vehicle to brake" };
        until(what, limit, || {
            let now = self.trace()?.last().is_some_and(TraceLine::drives);
            Ok((now == drives).then_some(()))
        })
        .await
        .with_context(|| NotAsAsked { drives, agent: self.agent.stderr().unwrap_or_default() })
    }

    /// Waits until no motor has power.
    pub(crate) async fn until_at_rest(&self) -> Result<()> {
        let moves = || Ok(self.trace()?.last().is_none_or(|line| !line.moves()).then_some(()));
        until("the vehicle to come to rest", RECOVERY, moves).await
    }

    /// The answer that ends the command with this ID.
    pub(crate) async fn end_of(&self, id: &str, limit: Duration) -> Result<Answer> {
        let what = format!("the end of {id}");
        self.witness
            .expect(&what, limit, |got| {
                let answer = answer(got)?;
                let is_it = answer.id.as_ref().is_some_and(|own| own.as_str() == id);
                (is_it && answer.state.is_terminal()).then_some(answer)
            })
            .await
    }

    /// Learns the vehicle's clock and turns the engine on, as often as it takes while links come back.
    pub(crate) async fn engine_on(&mut self) -> Result<()> {
        let deadline = monotonic().saturating_add(RECOVERY.as_nanos().try_into()?);
        loop {
            self.operator.learn(RECOVERY).await?;
            let id = self.operator.command("TURN_ON_ENGINE")?;
            let answer = self.end_of(&id, ONE_TRY).await;
            if answer.as_ref().is_ok_and(|answer| answer.state == State::Succeeded) {
                return Ok(());
            }
            ensure!(monotonic() < deadline, "the engine stays off: {answer:?}");
        }
    }

    /// Counts the commands that the vehicle has executed, this request included.
    pub(crate) async fn executed(&self) -> Result<u64> {
        Ok(self.status().await?.executed)
    }

    /// The status as it is now.
    pub(crate) async fn status(&self) -> Result<Status> {
        // It may wait long behind others.
        let id = self.operator.send(Command::ReportStatus, 9_000)?;
        let end = self.end_of(&id, 2 * RECOVERY).await?;
        ensure!(end.state == State::Succeeded, "{end:?}");
        let sent = self.operator.sent().last().and_then(|sent| sent.deliveries.first().map(|sent| sent.from));
        let status = |got: &Got| {
            let is_new = got.topic.ends_with("/status") && sent.is_some_and(|sent| sent < got.at);
            serde_json::from_slice(&got.payload).ok().filter(|_| is_new)
        };
        self.witness.expect("the status", RECOVERY, status).await
    }

    /// The folder of the keys that the vehicle takes.
    pub(crate) fn keys(&self) -> PathBuf {
        self.state_folder().join("keys")
    }

    /// A message that the witness has seen.
    pub(crate) fn witness(&self) -> &Wire {
        &self.witness
    }

    /// Collects the record of the run; `heard_all` if no answer can have been lost.
    pub(crate) fn record(&self, heard_all: bool) -> Result<Record> {
        // Whose CLOCK an answer carries is not known once there have been two.
        let boot = self.operator.earliest_boot().filter(|_| self.killed.is_empty());
        let answers = self.witness.got().into_iter();
        let answers = answers.filter_map(|got| Some(Heard { at: got.at, boot, answer: answer(&got)? }));
        let others = self.others.iter().flat_map(Operator::sent);
        let sent = self.operator.sent().into_iter().chain(others).chain(self.overheard());
        Ok(Record {
            trace: self.trace()?,
            answers: answers.collect(),
            sent: sent.map(|sent| self.without_cuts(sent)).collect(),
            killed: self.killed.clone(),
            end: monotonic(),
            terms: Terms { operator_timeout: OPERATOR_TIMEOUT, autonomy: OPERATOR_TIMEOUT },
            heard_all,
        })
    }

    /// Takes out the times at which nothing can have come.
    fn without_cuts(&self, sent: Sent) -> Sent {
        let mut deliveries = sent.deliveries;
        for (cut, healed) in &self.cuts {
            let last = cut.saturating_add(UNDER_WAY);
            deliveries = deliveries
                .into_iter()
                .flat_map(|delivery| {
                    let before = Delivery { until: delivery.until.min(last), ..delivery };
                    let after = Delivery { from: delivery.from.max(*healed), ..delivery };
                    [before, after]
                })
                .filter(|delivery| delivery.from <= delivery.until)
                .collect();
        }
        Sent { deliveries, ..sent }
    }
}

/// An answer in either encoding; whose it is, is not the witness's to verify.
pub(crate) fn answer(got: &Got) -> Option<Answer> {
    let is_answer = got.topic.ends_with("/executedcommands") || got.topic.ends_with("/answers");
    let anybody = |_| Some((KeyName::from_str("anybody").ok()?, Epoch::default()));
    decode_answer(&got.payload, anybody).ok().filter(|_| is_answer)
}

/// Makes keys whose holders write by turns in JSON and in the compact form; the last one is an owner's.
fn holders(count: usize) -> Result<Vec<KeyHolder>> {
    let holder = |number: usize| {
        let (name, is_last) = (format!("key-{number}"), number + 1 == count);
        let role = if is_last { Role::Owner } else { Role::Driver };
        let encoding = if number.is_multiple_of(2) { Encoding::Json } else { Encoding::Compact };
        KeyHolder::new(VEHICLE, &name, role, encoding)
    };
    (0..count).map(holder).collect()
}

/// The transport of a client of the authority.
fn transport(certificates: &Certificates) -> Result<Transport> {
    client::tls(&certificates.authority(), Some(&certificates.client("operator")?))
}

fn launch(
    vehicle: &str,
    plan: Plan,
    port: u16,
    tls: Option<&Certificates>,
    folder: &Path,
) -> Result<Program> {
    let name = if plan.without.is_some() { "agent-with-a-hole" } else { "vehicle-agent" };
    let mut command = Program::command(name)?;
    if let Some(protection) = plan.without {
        command.args(["--without", protection]);
    }
    let scheme = if tls.is_some() { "mqtts" } else { "mqtt" };
    let url = format!("{scheme}://127.0.0.1:{port}");
    command.args(["run", "--vehicle", vehicle, "--broker", &url, "--board", "sim"]);
    if let Some(certificates) = tls {
        let Identity { certificate, key } = certificates.client(vehicle)?;
        command.arg("--ca-file").arg(certificates.authority());
        command.arg("--cert-file").arg(certificate).arg("--key-file").arg(key);
    }
    command.arg("--trace").arg(folder.join("trace.ndjson"));
    command.arg("--state-dir").arg(folder.join(STATE));
    command.env("VEHICLE_AGENT__SIM__LEVELS", folder.join("levels"));
    command.env("VEHICLE_AGENT__TIMING__OPERATOR_TIMEOUT_S", OPERATOR_TIMEOUT.as_secs_f64().to_string());
    Program::spawn(name, command)
}
