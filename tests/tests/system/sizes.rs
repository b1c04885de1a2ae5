//! What commands cost on the vehicle's link, in IP bytes, as the kernel counts them at the vehicle's socket.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use system_tests::agent::Agent;
use system_tests::client::{Client, Message, QoS};
use system_tests::mosquitto::Mosquitto;
use system_tests::proxy::Proxy;
use system_tests::wait::{SOON, within};
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
/// Longer than Linux delays an ACK: a link that has carried nothing for so long owes nothing.
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

    /// The same once nothing has been carried for a while, so that no round shares anything with the next.
    async fn settled(port: u16) -> Result<Self> {
        let mut before = Self::of(port)?;
        let settles = async {
            loop {
                tokio::time::sleep(APART).await;
                let now = Self::of(port)?;
                if now == std::mem::replace(&mut before, now) {
                    return Ok(now);
                }
            }
        };
        within("a silent link", SOON, settles).await
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

/// What each of the rounds took.
struct Rounds(Vec<u64>);

impl Rounds {
    /// Of the one in the middle: what else an agent or a broker has to say now and then falls into single rounds.
    fn typical(&mut self) -> Result<u64> {
        self.0.sort_unstable();
        self.0.get(self.0.len() / 2).copied().context("no rounds")
    }

    /// Of all of them together, to the tenth.
    fn mean(&self) -> String {
        let tenths = self.0.iter().sum::<u64>().saturating_mul(10).div_ceil(ROUNDS);
        format!("{}.{}", tenths.div_euclid(10), tenths.rem_euclid(10))
    }
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

    /// SafetyChecks an answer to a signed command, and takes its CLOCK for the next one.
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
        let (mut before, mut sizes) = (Traffic::settled(self.link.port()).await?, Pair::default());
        let [mut bytes, mut packets, mut whole] = [const { Rounds(Vec::new()) }; 3];
        for _ in 0..ROUNDS {
            sizes = self.pair(encoding).await?;
            let event =
                self.requester.expect("its event", |message| message.topic.ends_with("events")).await?;
            let after = Traffic::settled(self.link.port()).await?;
            let round = after.since(std::mem::replace(&mut before, after));
            // Fixed header with two bytes of length, topic and payload with a packet number, and its PUBACK.
            let parts = [3, 2, event.topic.len(), 2, event.payload.len(), 4];
            let event = parts.iter().fold(0, |sum: u64, part| sum.saturating_add(*part as u64));
            bytes.0.push(round.bytes().saturating_sub(event));
            packets.0.push(round.packets());
            whole.0.push(ip(round.bytes(), round.packets(), HEADERS));
        }
        let alone = bytes.typical()?;
        let row = format!(
            "| {what} | {} + {} | {alone} | {} | {} | {} | {} |",
            sizes.0,
            sizes.1,
            ip(alone, PACKETS, HEADERS),
            ip(alone, PACKETS, BARE_HEADERS),
            packets.mean(),
            whole.typical()?,
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
        let mut before = Traffic::settled(link.port()).await?;
        let [mut mqtt, mut packets, mut with, mut without] = [const { Rounds(Vec::new()) }; 4];
        for _ in 0..ROUNDS {
            requester.publish(TOPIC, QoS::AtMostOnce, bytes.as_slice()).await?;
            vehicle.expect("the setpoint", |message| message.payload == bytes).await?;
            let after = Traffic::settled(link.port()).await?;
            let Traffic { bytes_in, packets_in, .. } = after.since(std::mem::replace(&mut before, after));
            mqtt.0.push(bytes_in);
            packets.0.push(packets_in);
            with.0.push(ip(bytes_in, packets_in, HEADERS));
            without.0.push(ip(bytes_in, packets_in, BARE_HEADERS));
        }
        last = with.typical()?;
        println!(
            "| {what} | {} | {} | {} | {last} | {} |",
            bytes.len(),
            mqtt.typical()?,
            packets.mean(),
            without.typical()?
        );
    }
    ensure!(last <= 120, "{last} IP bytes for a signed compact setpoint");
    Ok(())
}
