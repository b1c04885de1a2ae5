//! Somebody who commands the vehicle with timed commands, or signed ones with a key, and notes what is sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use rumqttc::{QoS, Transport};
use system_tests::clock::monotonic;
use system_tests::key_holder::KeyHolder;
use system_tests::oracle::{Delivery, Sent};
use vehicle_protocol::{
    Command, CommandId, DegreesPerSecond, Envelope, KeyName, Mph, Nonce, SessionAnswer, SessionRequest,
    Setpoint, Shape, json,
};

use super::VEHICLE;
use crate::wire::{Got, Wire};

/// HOLD_MS of a setpoint.
pub(crate) const HOLD_MS: u64 = 150;
/// Life of a setpoint.
const SETPOINT_LIFE_MS: u64 = 300;
/// Life of another command.
const LIFE_MS: u64 = 1_000;
/// Life of a retained command, which shall not be refused for its age.
const RETAINED_LIFE_MS: u64 = 1_900;

/// The operator; a copy sends over the same connection and notes in the same book.
#[derive(Clone)]
pub(crate) struct Operator {
    /// The key, if it has one.
    pub(crate) key: Option<KeyName>,
    wire: Arc<Wire>,
    book: Arc<Mutex<Book>>,
}

/// The end of a topic, and what is published there.
pub(crate) type Frame = (&'static str, Vec<u8>);

#[derive(Default)]
struct Book {
    sent: Vec<Sent>,
    session: Option<Clock>,
    holder: Option<KeyHolder>,
    earliest_boot: Option<u64>,
    /// The moment from which the key was surely revoked.
    revoked: Option<u64>,
}

/// The vehicle's clock as an operator knows it.
#[derive(Clone)]
struct Clock {
    session: SessionAnswer,
    heard: u64,
}

impl Clock {
    /// The latest moment at which the boot can have begun.
    fn boot(&self) -> u64 {
        self.heard.saturating_sub(self.session.clock.saturating_mul(1_000_000))
    }
}

impl Operator {
    pub(super) fn new(port: u16, tls: Option<&Transport>, holder: Option<KeyHolder>) -> Self {
        let key = holder.as_ref().map(|holder| holder.file.key.clone());
        let name = key.as_ref().map_or("operator", KeyName::as_str);
        let wire = Arc::new(Wire::open(name, port, tls, &[format!("vehicles/{VEHICLE}/session")]));
        Self { key, wire, book: Arc::new(Mutex::new(Book { holder, ..Book::default() })) }
    }

    /// Asks for the vehicle's epoch and clock until it answers.
    pub(crate) async fn learn(&self, limit: Duration) -> Result<()> {
        let nonce = Nonce(fastrand::u128(..).to_be_bytes());
        let own = self.book.lock().unwrap().holder.as_ref().map(KeyHolder::request).transpose()?;
        let unsigned = || serde_json::to_vec(&SessionRequest { key: None, nonce, mac: None });
        let request = own.map_or_else(unsigned, Ok)?;
        let asking = async {
            loop {
                self.publish("session/request", QoS::AtLeastOnce, false, request.clone());
                let hear = |got: &Got| self.book.lock().unwrap().hear(nonce, got);
                if self.wire.expect("a session", Duration::from_millis(200), hear).await.is_ok() {
                    return;
                }
            }
        };
        tokio::time::timeout(limit, asking).await.context("the vehicle gave no session")
    }

    /// The moment at which the agent began, if there has been but one.
    pub(super) fn earliest_boot(&self) -> Option<u64> {
        self.book.lock().unwrap().earliest_boot
    }

    /// A copy of what it signs with, for who wants to know what it could sign.
    pub(crate) fn holder(&self) -> Result<KeyHolder> {
        self.book.lock().unwrap().holder.clone().context("an operator without a key")
    }

    /// Notes that its key is revoked: what it sends from now on may not be begun.
    pub(crate) fn revoked(&self) {
        self.book.lock().unwrap().revoked = Some(monotonic());
    }

    /// Sends a command without arguments; gives its ID.
    pub(crate) fn command(&self, name: &str) -> Result<String> {
        let envelope = json::decode(format!("{{\"CMD\":\"{name}\"}}").as_bytes())?;
        self.send(envelope.command, LIFE_MS)
    }

    /// Sends a setpoint.
    pub(crate) fn setpoint(&self, mph: f64, degrees_per_s: f64) -> Result<String> {
        let (speed, turn_rate) = (Mph::new(mph), DegreesPerSecond::new(degrees_per_s));
        self.send(Command::Drive(Setpoint { speed, turn_rate, hold_ms: HOLD_MS }), SETPOINT_LIFE_MS)
    }

    /// Sends a heartbeat.
    pub(crate) fn heartbeat(&self) -> Result<String> {
        self.send(Command::Heartbeat, SETPOINT_LIFE_MS)
    }

    /// Sends a timed command that may be under way for so long.
    pub(crate) fn send(&self, command: Command, life_ms: u64) -> Result<String> {
        let qos = if command.name().is_on_drive_topic() { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        self.send_at(qos, command, life_ms)
    }

    /// As `send`, with another QoS.
    pub(crate) fn send_at(&self, qos: QoS, command: Command, life_ms: u64) -> Result<String> {
        let topic = if command.name().is_on_drive_topic() { "drive" } else { "commands" };
        let (id, payload) = self.book.lock().unwrap().note(command, life_ms, false)?;
        self.publish(topic, qos, false, payload);
        Ok(id)
    }

    /// As `send`, and gives what is published, for who wants to bring it again.
    pub(crate) fn keep(&self, command: Command, life_ms: u64) -> Result<Frame> {
        let topic = if command.name().is_on_drive_topic() { "drive" } else { "commands" };
        let (_, payload) = self.book.lock().unwrap().note(command, life_ms, false)?;
        self.publish(topic, QoS::AtMostOnce, false, payload.clone());
        Ok((topic, payload))
    }

    /// A command to be published with the retain flag, and so never to be executed; gives its ID and payload.
    pub(crate) fn retained(&self, command: Command) -> Result<(String, Vec<u8>)> {
        self.book.lock().unwrap().note(command, RETAINED_LIFE_MS, true)
    }

    pub(crate) fn publish(&self, topic: &str, qos: QoS, retain: bool, payload: Vec<u8>) {
        self.wire.publish(&format!("vehicles/{VEHICLE}/{topic}"), qos, retain, payload);
    }

    /// The commands sent so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        let book = self.book.lock().unwrap();
        let mut sent = book.sent.clone();
        let Some(revoked) = book.revoked else { return sent };
        for delivery in sent.iter_mut().flat_map(|sent| &mut sent.deliveries) {
            delivery.until = delivery.until.min(revoked);
        }
        for sent in &mut sent {
            sent.deliveries.retain(|delivery| delivery.from <= delivery.until);
        }
        sent
    }
}

impl Book {
    /// Takes the answer to a request for a session.
    fn hear(&mut self, nonce: Nonce, got: &Got) -> Option<()> {
        let boot = if let Some(holder) = &mut self.holder {
            holder.hear(&got.payload, got.at).then_some(())?;
            holder.boot()?.1
        } else {
            let session = serde_json::from_slice(&got.payload).ok();
            let session = session.filter(|session: &SessionAnswer| session.nonce == nonce)?;
            self.session.insert(Clock { session, heard: got.at }).boot()
        };
        self.earliest_boot = self.earliest_boot.into_iter().chain([boot]).min();
        Some(())
    }

    /// Makes a command that may be begun for so long, and writes it down; gives its ID and how it is written.
    fn note(&mut self, command: Command, life_ms: u64, retained: bool) -> Result<(String, Vec<u8>)> {
        let (number, now) = (self.sent.len(), monotonic());
        let (envelope, boot, payload) = if let Some(holder) = &mut self.holder {
            let id: CommandId = format!("{}/{number}", holder.file.key).parse()?;
            let envelope = holder.command(command, Some(id), now, life_ms)?;
            let (_, payload) = holder.frame(&envelope);
            (envelope, holder.boot().context("no session yet")?.1, payload)
        } else {
            let clock = self.session.as_ref().context("no session yet")?;
            let expires = clock.session.clock + (now - clock.heard) / 1_000_000 + life_ms;
            let shape = Shape::Timed { id: number.to_string().parse()?, epoch: clock.session.epoch, expires };
            let envelope = Envelope { command, shape };
            let payload = json::encode(&envelope).into_bytes();
            (envelope, clock.boot(), payload)
        };
        let id = envelope.shape.id().context("an ID")?.as_str().to_owned();
        let last = boot + (envelope.shape.expires().context("EXP")? + 1) * 1_000_000 - 1;
        let delivery = Delivery { retained, ..Delivery::between(now, last) };
        let by = self.holder.as_ref().map(|holder| holder.file.key.to_string());
        self.sent.push(Sent { deliveries: vec![delivery], by, ..Sent::new(&envelope, Some(last)) });
        Ok((id, payload))
    }
}
