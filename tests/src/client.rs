//! A client that a test steers step by step: each call returns when the broker has confirmed it.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Outgoing, Packet, SubscribeReasonCode, TlsConfiguration,
    Transport,
};
pub use rumqttc::{LastWill, MqttOptions, QoS};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::certificates::Identity;
use crate::wait::{SOON, within};

/// Large enough for every payload that a test sends on purpose.
const MAX_PACKET: usize = 2 * 1024 * 1024;

/// A connected client. It never connects again: a test that kills the broker connects a new one. Dropping it closes
/// the connection without a word, so that the broker publishes its last will.
#[derive(Debug)]
pub struct Client {
    name: String,
    requests: AsyncClient,
    events: mpsc::UnboundedReceiver<Result<Event, ConnectionError>>,
    inbox: VecDeque<Message>,
    polling: JoinHandle<()>,
}

/// A message as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The topic it was published to.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Whether the broker had kept it, rather than passed it on live.
    pub retained: bool,
    /// The quality of service of the delivery.
    pub qos: QoS,
}

impl Message {
    /// The payload as text, with what is not UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload).into_owned()
    }

    /// The payload as JSON, or null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.payload).unwrap_or_default()
    }

    /// One value of the payload's object, or null if there is none.
    #[must_use]
    pub fn value(&self, key: &str) -> Value {
        self.json().get(key).cloned().unwrap_or_default()
    }
}

/// Options for a plain connection to a loopback port, to add a login or a last will to.
#[must_use]
pub fn options(name: &str, port: u16) -> MqttOptions {
    let mut options = MqttOptions::new(name, "127.0.0.1", port);
    options.set_max_packet_size(MAX_PACKET, MAX_PACKET);
    options.set_keep_alive(Duration::from_secs(60));
    options
}

/// TLS that trusts the authority with this certificate, and shows a certificate if one is given.
///
/// # Errors
///
/// When the files cannot be read.
pub fn tls(authority: &Path, identity: Option<&Identity>) -> Result<Transport> {
    // Installed already if another test of this process was faster, and then the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let read = |identity: &Identity| anyhow::Ok((fs::read(&identity.certificate)?, fs::read(&identity.key)?));
    Ok(Transport::tls_with_config(TlsConfiguration::Simple {
        ca: fs::read(authority)?,
        alpn: None,
        client_auth: identity.map(read).transpose()?,
    }))
}

impl Client {
    /// Connects to a plain broker on a loopback port.
    ///
    /// # Errors
    ///
    /// When the broker is not reached or refuses.
    pub async fn connect(name: &str, port: u16) -> Result<Self> {
        Self::connect_with(options(name, port)).await
    }

    /// Connects with the options given.
    ///
    /// # Errors
    ///
    /// When the broker is not reached or refuses.
    pub async fn connect_with(options: MqttOptions) -> Result<Self> {
        let name = options.client_id();
        let (requests, mut connection) = AsyncClient::new(options, 10);
        let mut network = connection.network_options();
        network.set_tcp_nodelay(true);
        connection.set_network_options(network);
        let (sender, events) = mpsc::unbounded_channel();
        let polling = tokio::spawn(poll(connection, sender));
        let mut client = Self { name, requests, events, inbox: VecDeque::new(), polling };
        client.confirmed("CONNACK", |event| matches!(event, Event::Incoming(Packet::ConnAck(_)))).await?;
        Ok(client)
    }

    /// Subscribes to a filter.
    ///
    /// # Errors
    ///
    /// When the broker refuses, or the connection ends.
    pub async fn subscribe(&mut self, filter: &str, qos: QoS) -> Result<()> {
        self.requests.subscribe(filter, qos).await?;
        let event =
            self.confirmed("SUBACK", |event| matches!(event, Event::Incoming(Packet::SubAck(_)))).await?;
        if let Event::Incoming(Packet::SubAck(answer)) = event {
            ensure!(
                !answer.return_codes.contains(&SubscribeReasonCode::Failure),
                "not allowed to read {filter}"
            );
        }
        Ok(())
    }

    /// Publishes, and returns when the broker has taken it over; at QoS 0, when it has been written to the socket.
    ///
    /// # Errors
    ///
    /// When the connection ends.
    pub async fn publish(&mut self, topic: &str, qos: QoS, payload: impl Into<Vec<u8>>) -> Result<()> {
        self.publish_flagged(topic, qos, false, payload.into()).await
    }

    /// Publishes a message that the broker keeps; an empty one clears what it keeps.
    ///
    /// # Errors
    ///
    /// When the connection ends.
    pub async fn publish_retained(
        &mut self,
        topic: &str,
        qos: QoS,
        payload: impl Into<Vec<u8>>,
    ) -> Result<()> {
        self.publish_flagged(topic, qos, true, payload.into()).await
    }

    /// Takes the first message that matches, whether it is here already or comes soon; others stay for later calls.
    ///
    /// # Errors
    ///
    /// When none comes, or the connection ends; the message names `what` was awaited and what came instead.
    pub async fn expect(&mut self, what: &str, matches: impl Fn(&Message) -> bool) -> Result<Message> {
        self.expect_within(what, SOON, matches).await
    }

    /// As `expect`, with a limit of its own.
    ///
    /// # Errors
    ///
    /// As `expect`.
    pub async fn expect_within(
        &mut self,
        what: &str,
        limit: Duration,
        matches: impl Fn(&Message) -> bool,
    ) -> Result<Message> {
        let awaited = format!("{what} at {}", self.name);
        let found = within(&awaited, limit, async {
            let mut looked_at = 0;
            loop {
                if let Some(place) = self.inbox.iter().skip(looked_at).position(&matches) {
                    return self.inbox.remove(place.saturating_add(looked_at)).context("message");
                }
                looked_at = self.inbox.len();
                self.next_event().await?;
            }
        });
        let found = found.await;
        found.with_context(|| format!("came instead: {}", self.inbox_in_short()))
    }

    /// Makes sure that no matching message has been delivered, and none was under way.
    ///
    /// Bounded by a message to itself through the broker, not by a time. What a vehicle might still be about to
    /// publish is not covered: let it answer something else first.
    ///
    /// # Errors
    ///
    /// When a matching message is here, or the connection ends.
    pub async fn expect_nothing(&mut self, what: &str, matches: impl Fn(&Message) -> bool) -> Result<()> {
        self.round_trip().await?;
        match self.inbox.iter().find(|message| matches(message)) {
            Some(message) => bail!("{what} came: {} {}", message.topic, message.text()),
            None => Ok(()),
        }
    }

    /// Takes all messages that are here or under way. Publishes nothing: not everybody may.
    ///
    /// # Errors
    ///
    /// When the connection ends.
    pub async fn take_all(&mut self) -> Result<Vec<Message>> {
        self.subscribe("markers/nothing", QoS::AtMostOnce).await?;
        Ok(self.inbox.drain(..).collect())
    }

    /// Sends a message to itself; when it returns, all that the broker had sent before has arrived.
    ///
    /// # Errors
    ///
    /// When the connection ends.
    pub async fn round_trip(&mut self) -> Result<()> {
        let marker = format!("markers/{}", self.name);
        self.subscribe(&marker, QoS::AtLeastOnce).await?;
        self.publish(&marker, QoS::AtLeastOnce, "").await?;
        self.expect("its own marker", |message| message.topic == marker).await?;
        Ok(())
    }

    /// Leaves in order, without a last will.
    ///
    /// # Errors
    ///
    /// When the connection has ended already.
    pub async fn disconnect(mut self) -> Result<()> {
        self.requests.disconnect().await?;
        self.confirmed("DISCONNECT", |event| matches!(event, Event::Outgoing(Outgoing::Disconnect))).await?;
        Ok(())
    }

    async fn publish_flagged(&mut self, topic: &str, qos: QoS, retain: bool, payload: Vec<u8>) -> Result<()> {
        self.requests.publish(topic, qos, retain, payload).await?;
        let taken = |event: &Event| match qos {
            QoS::AtMostOnce => matches!(event, Event::Outgoing(Outgoing::Publish(_))),
            QoS::AtLeastOnce => matches!(event, Event::Incoming(Packet::PubAck(_))),
            QoS::ExactlyOnce => matches!(event, Event::Incoming(Packet::PubComp(_))),
        };
        self.confirmed("the broker to take a message over", taken).await?;
        Ok(())
    }

    async fn confirmed(&mut self, what: &str, matches: impl Fn(&Event) -> bool) -> Result<Event> {
        let awaited = format!("{what} at {}", self.name);
        within(&awaited, SOON, async {
            loop {
                let event = self.next_event().await?;
                if matches(&event) {
                    return Ok(event);
                }
            }
        })
        .await
    }

    /// Waits for the next event, and keeps it if it is a message.
    async fn next_event(&mut self) -> Result<Event> {
        let event = self.events.recv().await.with_context(|| format!("{} is not connected", self.name))?;
        let event = event.with_context(|| format!("connection of {}", self.name))?;
        if let Event::Incoming(Packet::Publish(publish)) = &event {
            self.inbox.push_back(Message {
                topic: publish.topic.clone(),
                payload: publish.payload.to_vec(),
                retained: publish.retain,
                qos: publish.qos,
            });
        }
        Ok(event)
    }

    fn inbox_in_short(&self) -> String {
        let shown = self.inbox.iter().rev().take(10).rev();
        let shown: Vec<_> =
            shown.map(|message| format!("{} {:.300}", message.topic, message.text())).collect();
        if shown.is_empty() { "nothing".to_owned() } else { format!("\n  {}", shown.join("\n  ")) }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

/// Hands on all events up to the first error.
async fn poll(mut connection: EventLoop, sender: mpsc::UnboundedSender<Result<Event, ConnectionError>>) {
    loop {
        let event = connection.poll().await;
        let over = event.is_err();
        if sender.send(event).is_err() || over {
            return;
        }
    }
}
