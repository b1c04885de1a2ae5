//! What commands cost on the vehicle's link, in IP bytes, as the kernel counts them at the vehicle's socket.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use system_tests::agent::Agent;
use system_tests::client::{Client, Message, QoS};
use system_tests::mosquitto::Mosquitto;
use system_tests::proxy::Proxy;
use vehicle_link::secret_file;
use vehicle_protocol::auth::KeyFile;
use vehicle_protocol::encoding::{decode_answer, encode};
use vehicle_protocol::{
    Command as Order, DegreesPerSecond, Encoding, Envelope, Epoch, Mph, Nonce, SessionAnswer, SessionId,
    Setpoint, Shape, SignedSession, State,
};

/// IPv4 and TCP; and with the timestamps that most systems send.
const BARE_HEADERS: u64 = 20 + 20;
const HEADERS: u64 = BARE_HEADERS + 12;
/// Packets of a command and its answer that share none with others: PUBLISH and PUBACK, and one ACK, each way.
const PACKETS: u64 = 6;
const ROUNDS: u64 = 20;
/// Longer than Linux delays an ACK, so that no round shares one with the next.
const APART: Duration = Duration::from_millis(100);

/// What a socket has carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Traffic {
    bytes_in: u64,
    packets_in: u64,
    bytes_out: u64,
    packets_out: u64,
}

impl Traffic {
    /// Of the one socket that is connected to a port.
    fn of(port: u16) -> Result<Self> {
        let mut command = Command::new("ss");
        command.args(["-tinH", "state", "established", "dport", "=", &format!(":{port}")]);
        let text = String::from_utf8(command.output().context("ss of iproute2")?.stdout)?;
        let count = |key: &str| -> Result<u64> {
            let mut words = text.split_whitespace().filter_map(|word| word.strip_prefix(key));
            let count = words.next().with_context(|| format!("no {key}\n{text}"))?.parse()?;
            ensure!(words.next().is_none(), "more than one socket:\n{text}");
            Ok(count)
        };
        Ok(Self {
            bytes_in: count("bytes_received:")?,
            packets_in: count("segs_in:")?,
            bytes_out: count("bytes_sent:")?,
            packets_out: count("segs_out:")?,
        })
    }

    fn since(self, before: Self) -> Self {
        Self {
            bytes_in: self.bytes_in.saturating_sub(before.bytes_in),
            packets_in: self.packets_in.saturating_sub(before.packets_in),
            bytes_out: self.bytes_out.saturating_sub(before.bytes_out),
            packets_out: self.packets_out.saturating_sub(before.packets_out),
        }
    }

    fn bytes(self) -> u64 {
        self.bytes_in.saturating_add(self.bytes_out)
    }

    fn packets(self) -> u64 {
        self.packets_in.saturating_add(self.packets_out)
    }
}

/// What one of the rounds took.
fn each(all: u64) -> u64 {
    all.div_ceil(ROUNDS)
}

/// The same to the tenth.
fn tenths(all: u64) -> String {
    let tenths = each(all.saturating_mul(10));
    format!("{}.{}", tenths.div_euclid(10), tenths.rem_euclid(10))
}

fn ip(bytes: u64, packets: u64, headers: u64) -> u64 {
    packets.saturating_mul(headers).saturating_add(bytes)
}

fn key() -> Result<KeyFile> {
    let secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let text = format!(r#"{{"vehicle":"rover-1","key":"tablet","role":"driver","secret":"{secret}"}}"#);
    Ok(KeyFile::parse(&text)?)
}

/// An agent with a key, alone on its link, and somebody who commands it.
struct Rig {
    key: KeyFile,
    link: Proxy,
    requester: Client,
    session: Option<SignedSession>,
    _agent: Agent,
    _broker: Mosquitto,
}

/// The payload bytes of a command and its answer.
type Pair = (usize, usize);

impl Rig {
    async fn start() -> Result<Self> {
        let (broker, key, folder) = (Mosquitto::start().await?, key()?, tempfile::tempdir()?);
        let link = Proxy::start(broker.port(), 1).await?;
        let (keys, config) = (folder.path().join("keys"), folder.path().join("agent.toml"));
        secret_file::create(&keys.join("tablet.json"), key.to_text().as_bytes())?;
        fs::write(&config, format!("[trust]\nkeys_dir = {:?}\n", keys.display().to_string()))?;
        let agent = Agent::launch(
            &link.url(),
            "rover-1",
            &["--config", config.to_str().context("a path in UTF-8")?],
        )?;
        let mut requester = Client::connect("requester", broker.port()).await?;
        agent.online(&mut requester).await?;
        for topic in ["executedcommands", "answers", "session", "events"] {
            requester.subscribe(&agent.topic(topic), QoS::AtLeastOnce).await?;
        }
        Ok(Self { key, link, requester, session: None, _agent: agent, _broker: broker })
    }

    async fn open_session(&mut self) -> Result<()> {
        let request = serde_json::to_vec(&self.key.signer().session_request(Nonce([1; 16])))?;
        self.requester.publish("vehicles/rover-1/session/request", QoS::AtLeastOnce, request).await?;
        let told = self.requester.expect("a session", |message| message.topic.ends_with("/session")).await?;
        let told: SessionAnswer = serde_json::from_slice(&told.payload)?;
        ensure!(self.key.signer().verifies_session_answer(&told), "{told:?} is forged");
        let (sid, expires) = (told.sid.context("a SID")?, told.clock.saturating_add(4000));
        self.session = Some(SignedSession { sid, epoch: told.epoch, counter: 0, expires });
        Ok(())
    }

    /// A command, bare or signed for the session.
    fn command(&mut self, encoding: Option<Encoding>) -> Result<Vec<u8>> {
        let Some(encoding) = encoding else { return Ok(br#"{"CMD":"TURN_OFF_ENGINE"}"#.to_vec()) };
        let session = self.session.as_mut().context("a session")?;
        session.counter = session.counter.saturating_add(1);
        Ok(encode(&self.key.signer().command(Order::TurnOffEngine, None, Some(*session)), encoding))
    }

    /// Checks an answer to a signed command, and takes its CLOCK for the next one.
    fn check(&mut self, answer: &Message) -> Result<()> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let known = |_| Some((self.key.key.clone(), session.epoch));
        let answer = decode_answer(&answer.payload, known)?;
        ensure!(self.key.signer().verifies_answer(&answer) && answer.state == State::Succeeded, "{answer:?}");
        session.expires = answer.clock.context("CLOCK")?.saturating_add(4000);
        Ok(())
    }

    async fn pair(&mut self, encoding: Option<Encoding>) -> Result<Pair> {
        let command = self.command(encoding)?;
        let size = command.len();
        self.requester.publish("vehicles/rover-1/commands", QoS::AtLeastOnce, command).await?;
        let is_answer =
            |message: &Message| message.topic.ends_with("commands") || message.topic.ends_with("answers");
        let answer = self.requester.expect("the answer", is_answer).await?;
        self.check(&answer)?;
        Ok((size, answer.payload.len()))
    }

    /// The row of a table: a command and its answer, as often as there are rounds; and its IP bytes without its event.
    async fn measure(&mut self, what: &str, encoding: Option<Encoding>) -> Result<(String, u64)> {
        tokio::time::sleep(APART).await;
        let (before, mut sizes, mut events) = (Traffic::of(self.link.port())?, Pair::default(), 0);
        for _ in 0..ROUNDS {
            sizes = self.pair(encoding).await?;
            let event =
                self.requester.expect("its event", |message| message.topic.ends_with("events")).await?;
            // Fixed header with two bytes of length, topic and payload with a packet number, and its PUBACK.
            let parts = [3, 2, event.topic.len(), 2, event.payload.len(), 4];
            events = parts.iter().fold(events, |sum: u64, part| sum.saturating_add(*part as u64));
            tokio::time::sleep(APART).await;
        }
        let traffic = Traffic::of(self.link.port())?.since(before);
        let alone = each(traffic.bytes().saturating_sub(events));
        let row = format!(
            "| {what} | {} + {} | {alone} | {} | {} | {} | {} |",
            sizes.0,
            sizes.1,
            ip(alone, PACKETS, HEADERS),
            ip(alone, PACKETS, BARE_HEADERS),
            tenths(traffic.packets()),
            each(ip(traffic.bytes(), traffic.packets(), HEADERS)),
        );
        Ok((row, ip(alone, PACKETS, HEADERS)))
    }
}

#[tokio::test]
async fn a_signed_compact_command_and_its_answer_cost_no_more_than_the_bare_pair() -> Result<()> {
    let mut rig = Rig::start().await?;
    let (bare, bare_bytes) = rig.measure("bare JSON", None).await?;
    rig.open_session().await?;
    let (json, _) = rig.measure("signed JSON", Some(Encoding::Json)).await?;
    let (compact, compact_bytes) = rig.measure("signed compact", Some(Encoding::Compact)).await?;
    println!(
        "| TURN_OFF_ENGINE | payload | MQTT bytes | IP bytes | without timestamps | packets with its event | IP bytes with it |\n\
         |---|--:|--:|--:|--:|--:|--:|\n{bare}\n{json}\n{compact}"
    );
    ensure!(bare_bytes == 467, "{bare_bytes} IP bytes bare: the rig is another one");
    ensure!(compact_bytes <= bare_bytes, "{compact_bytes} IP bytes signed and compact");
    Ok(())
}

#[tokio::test]
async fn a_signed_setpoint_costs_at_most_120_bytes_towards_the_vehicle() -> Result<()> {
    const TOPIC: &str = "vehicles/rover-1/drive";
    let broker = Mosquitto::start().await?;
    let link = Proxy::start(broker.port(), 1).await?;
    let mut requester = Client::connect("requester", broker.port()).await?;
    // Nothing is answered, so that whoever subscribes will do for the vehicle.
    let mut vehicle = Client::connect("vehicle", link.port()).await?;
    vehicle.subscribe(TOPIC, QoS::AtMostOnce).await?;
    // After an hour of setpoints in one session, and a month since the start.
    let (sid, epoch) = (SessionId([0, 255, 26, 43]), Epoch([63; 16]));
    let session = SignedSession { sid, epoch, counter: 72_000, expires: 2_592_000_000 };
    let turn_rate = DegreesPerSecond::from_thousandths(30_000);
    let drive = Order::Drive(Setpoint { speed: Mph::from_thousandths(-1500), turn_rate, hold_ms: 300 });
    let bare = Envelope { command: drive.clone(), shape: Shape::Plain };
    let signed = key()?.signer().command(drive, None, Some(session));
    println!(
        "| DRIVE | payload | MQTT bytes | packets | IP bytes | without timestamps |\n|---|--:|--:|--:|--:|--:|"
    );
    let mut last = 0;
    for (what, bytes) in [
        ("bare JSON", encode(&bare, Encoding::Json)),
        ("signed JSON", encode(&signed, Encoding::Json)),
        ("signed compact", encode(&signed, Encoding::Compact)),
    ] {
        tokio::time::sleep(APART).await;
        let before = Traffic::of(link.port())?;
        for _ in 0..ROUNDS {
            requester.publish(TOPIC, QoS::AtMostOnce, bytes.as_slice()).await?;
            vehicle.expect("the setpoint", |message| message.payload == bytes).await?;
            tokio::time::sleep(APART).await;
        }
        let Traffic { bytes_in, packets_in, .. } = Traffic::of(link.port())?.since(before);
        last = each(ip(bytes_in, packets_in, HEADERS));
        let without = each(ip(bytes_in, packets_in, BARE_HEADERS));
        println!(
            "| {what} | {} | {} | {} | {last} | {without} |",
            bytes.len(),
            each(bytes_in),
            tenths(packets_in)
        );
    }
    ensure!(last <= 120, "{last} IP bytes for a signed compact setpoint");
    Ok(())
}
