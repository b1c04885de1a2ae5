//! A careless client: it publishes into an outage, connects again by itself, and sends what it could not send before.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS, Transport};
use system_tests::clock::monotonic;
use system_tests::wait::until;
use tokio::task::JoinHandle;

/// Pause before it connects again.
const PAUSE: Duration = Duration::from_millis(50);
/// On a link that holds back what it carries nobody shall take that for silence.
const PATIENCE: Duration = Duration::from_secs(300);
/// Messages that it keeps for the broker.
const ROOM: usize = 50_000;

/// A message and when it came, in nanoseconds of the monotonic clock.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) at: u64,
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
}

/// The client; gone without a word when dropped.
#[derive(Debug)]
pub(crate) struct Wire {
    client: AsyncClient,
    got: Arc<Mutex<Vec<Got>>>,
    polling: JoinHandle<()>,
}

impl Wire {
    /// Connects sooner or later, with TLS if given, and then listens to the topics.
    pub(crate) fn open(name: &str, port: u16, tls: Option<&Transport>, topics: &[String]) -> Self {
        let mut options = MqttOptions::new(name, "127.0.0.1", port);
        options.set_keep_alive(if tls.is_some() { PATIENCE } else { Duration::from_secs(5) });
        options.set_transport(tls.cloned().unwrap_or(Transport::Tcp));
        // So that it sends again what nobody has acknowledged, as a client may that means well.
        options.set_clean_session(false);
        let (client, mut connection) = AsyncClient::new(options, ROOM);
        let mut network = connection.network_options();
        network.set_tcp_nodelay(true);
        connection.set_network_options(network);
        let got = Arc::new(Mutex::new(Vec::new()));
        let polling = tokio::spawn(poll(connection, client.clone(), topics.to_vec(), Arc::clone(&got)));
        Self { client, got, polling }
    }

    /// Publishes now or when there is a connection again.
    pub(crate) fn publish(&self, topic: &str, qos: QoS, retain: bool, payload: Vec<u8>) {
        // What finds no room is lost, as in any client.
        let _ = self.client.try_publish(topic, qos, retain, payload);
    }

    /// Everything that has come.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Waits for a message of which `read` makes something.
    pub(crate) async fn expect<T>(
        &self,
        what: &str,
        limit: Duration,
        read: impl Fn(&Got) -> Option<T>,
    ) -> Result<T> {
        until(what, limit, || Ok(self.got.lock().unwrap().iter().rev().find_map(&read))).await
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

async fn poll(
    mut connection: EventLoop,
    client: AsyncClient,
    topics: Vec<String>,
    got: Arc<Mutex<Vec<Got>>>,
) {
    loop {
        match connection.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                for topic in &topics {
                    let _ = client.try_subscribe(topic, QoS::AtLeastOnce);
                }
            }
            Ok(Event::Incoming(Packet::Publish(message))) => got.lock().unwrap().push(Got {
                at: monotonic(),
                topic: message.topic,
                payload: message.payload.to_vec(),
            }),
            Ok(_) => {}
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
