//! Somebody who commands the vehicle with timed commands, and notes what is sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use rumqttc::QoS;
use system_tests::clock::monotonic;
use system_tests::oracle::{Delivery, Sent};
use vehicle_protocol::{
    Command, DegreesPerSecond, Envelope, Mph, Nonce, SessionAnswer, SessionRequest, Setpoint, Shape, json,
};

use super::VEHICLE;
use crate::wire::Wire;

/// HOLD_MS of a setpoint.
pub(crate) const HOLD_MS: u64 = 150;
/// How long a setpoint may be under way.
const SETPOINT_LIFE_MS: u64 = 300;
/// How long another command may be.
const LIFE_MS: u64 = 1_000;
/// What is retained shall not be refused for its age.
const RETAINED_LIFE_MS: u64 = 1_900;

/// The operator; a copy sends over the same connection and notes in the same book.
#[derive(Clone)]
pub(crate) struct Operator {
    wire: Arc<Wire>,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    sent: Vec<Sent>,
    session: Option<Clock>,
    earliest_boot: Option<u64>,
}

/// The vehicle's clock as an operator knows it.
#[derive(Clone)]
struct Clock {
    session: SessionAnswer,
    heard: u64,
}

impl Clock {
    /// When the boot began, at the latest.
    fn boot(&self) -> u64 {
        self.heard.saturating_sub(self.session.clock.saturating_mul(1_000_000))
    }
}

impl Operator {
    pub(super) fn new(port: u16) -> Self {
        let topics = [format!("vehicles/{VEHICLE}/session")];
        Self { wire: Arc::new(Wire::open("operator", port, &topics)), book: Arc::default() }
    }

    /// Asks for the vehicle's epoch and clock until it answers.
    pub(crate) async fn learn(&self, limit: Duration) -> Result<()> {
        let nonce = Nonce(fastrand::u128(..).to_be_bytes());
        let request = serde_json::to_vec(&SessionRequest { key: None, nonce, mac: None })?;
        let asking = async {
            loop {
                self.publish("session/request", QoS::AtLeastOnce, false, request.clone());
                let answer = self.wire.expect("a session", Duration::from_millis(200), |got| {
                    let session: SessionAnswer = serde_json::from_slice(&got.payload).ok()?;
                    (session.nonce == nonce).then_some(Clock { session, heard: got.at })
                });
                if let Ok(clock) = answer.await {
                    return clock;
                }
            }
        };
        let clock = tokio::time::timeout(limit, asking).await.context("the vehicle gave no session")?;
        let mut book = self.book.lock().unwrap();
        book.earliest_boot = book.earliest_boot.into_iter().chain([clock.boot()]).min();
        book.session = Some(clock);
        Ok(())
    }

    /// When the agent began, if there has been but one.
    pub(super) fn earliest_boot(&self) -> Option<u64> {
        self.book.lock().unwrap().earliest_boot
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
        let (id, envelope) = self.note(command, life_ms, false)?;
        let topic = if envelope.command.name().is_on_drive_topic() { "drive" } else { "commands" };
        self.publish(topic, qos, false, json::encode(&envelope).into_bytes());
        Ok(id)
    }

    /// A command to be published with the retain flag, and so never to be executed; gives its ID and payload.
    pub(crate) fn retained(&self, command: Command) -> Result<(String, Vec<u8>)> {
        let (id, envelope) = self.note(command, RETAINED_LIFE_MS, true)?;
        Ok((id, json::encode(&envelope).into_bytes()))
    }

    pub(crate) fn publish(&self, topic: &str, qos: QoS, retain: bool, payload: Vec<u8>) {
        self.wire.publish(&format!("vehicles/{VEHICLE}/{topic}"), qos, retain, payload);
    }

    /// What has been sent so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.book.lock().unwrap().sent.clone()
    }

    /// Makes a timed command and writes it down.
    fn note(&self, command: Command, life_ms: u64, retained: bool) -> Result<(String, Envelope)> {
        let mut book = self.book.lock().unwrap();
        let clock = book.session.as_ref().context("no session yet")?;
        let id = book.sent.len().to_string();
        let now = monotonic();
        let expires = clock.session.clock + (now - clock.heard) / 1_000_000 + life_ms;
        let envelope = Envelope {
            command,
            shape: Shape::Timed { id: id.parse()?, epoch: clock.session.epoch, expires },
        };
        let last = clock.boot() + (expires + 1) * 1_000_000 - 1;
        let delivery = Delivery { retained, ..Delivery::between(now, last) };
        book.sent.push(Sent { deliveries: vec![delivery], ..Sent::new(&envelope, Some(last)) });
        Ok((id, envelope))
    }
}
