use std::time::{Duration, Instant};

use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, Packet, Publish, QoS};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(10);
const ALL_QUALITIES: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// A client that has its requests and its packets apart, as programs do.
struct Peer {
    requests: AsyncClient,
    packets: tokio::sync::mpsc::UnboundedReceiver<Packet>,
    polling: JoinHandle<()>,
}

impl Peer {
    async fn connect(broker: &Broker, name: &str, will: Option<LastWill>) -> Self {
        let mut options = MqttOptions::new(name, broker.address().ip().to_string(), broker.address().port());
        options.set_max_packet_size(2 * MAX_PACKET_BYTES, 2 * MAX_PACKET_BYTES);
        if let Some(will) = will {
            options.set_last_will(will);
        }
        let (requests, mut connection) = AsyncClient::new(options, 10);
        let mut network = connection.network_options();
        network.set_tcp_nodelay(true);
        connection.set_network_options(network);
        let (sender, packets) = tokio::sync::mpsc::unbounded_channel();
        let polling = tokio::spawn(poll(connection, sender));
        let mut peer = Self { requests, packets, polling };
        peer.next(|packet| matches!(packet, Packet::ConnAck(_)).then_some(())).await;
        peer
    }

    async fn subscribe(&mut self, topic: &str) {
        self.requests.subscribe(topic, QoS::ExactlyOnce).await.unwrap();
        self.next(|packet| matches!(packet, Packet::SubAck(_)).then_some(())).await;
    }

    async fn message(&mut self) -> Publish {
        self.next(|packet| if let Packet::Publish(message) = packet { Some(message) } else { None }).await
    }

    async fn next<T>(&mut self, wanted: impl Fn(Packet) -> Option<T>) -> T {
        timeout(SOON, async {
            loop {
                if let Some(found) = wanted(self.packets.recv().await.expect("a connection")) {
                    return found;
                }
            }
        })
        .await
        .expect("an answer of the broker")
    }

    /// Sends a message to itself, and returns it as it came back.
    async fn echo(&mut self, qos: QoS, payload: Vec<u8>) -> Publish {
        self.requests.publish("echo", qos, false, payload).await.unwrap();
        self.message().await
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

async fn poll(mut connection: EventLoop, sender: tokio::sync::mpsc::UnboundedSender<Packet>) {
    while let Ok(event) = connection.poll().await {
        if let Event::Incoming(packet) = event {
            // Nobody listens any more at the end of a test.
            let _ = sender.send(packet);
        }
    }
}

#[tokio::test]
async fn messages_of_every_quality_come_back_as_they_were_sent() {
    let broker = Broker::start().await.unwrap();
    let mut peer = Peer::connect(&broker, "peer", None).await;
    peer.subscribe("echo").await;
    for qos in ALL_QUALITIES {
        for size in [0, 1, 200_000] {
            let echo = peer.echo(qos, vec![b'x'; size]).await;
            assert_eq!((echo.qos, echo.payload.len(), echo.retain), (qos, size, false));
        }
    }
}

#[tokio::test]
async fn a_message_above_the_limit_ends_the_connection_of_its_sender_alone() {
    let broker = Broker::start().await.unwrap();
    let mut other = Peer::connect(&broker, "other", None).await;
    other.subscribe("echo").await;
    let mut sender = Peer::connect(&broker, "sender", None).await;
    sender.requests.publish("echo", QoS::AtLeastOnce, false, vec![0; MAX_PACKET_BYTES + 1]).await.unwrap();
    let ended = timeout(SOON, async { while sender.packets.recv().await.is_some() {} }).await;
    assert!(ended.is_ok(), "the broker went on with the sender");
    assert_eq!(other.echo(QoS::AtLeastOnce, b"still here".to_vec()).await.payload, "still here");
}

#[tokio::test]
async fn a_retained_message_greets_whoever_subscribes_later_until_it_is_cleared() {
    let broker = Broker::start().await.unwrap();
    let mut writer = Peer::connect(&broker, "writer", None).await;
    for payload in ["old", "new"] {
        writer.requests.publish("kept", QoS::AtLeastOnce, true, payload).await.unwrap();
        writer.next(|packet| matches!(packet, Packet::PubAck(_)).then_some(())).await;
    }
    let mut reader = Peer::connect(&broker, "reader", None).await;
    reader.subscribe("kept").await;
    let kept = reader.message().await;
    assert!(kept.retain && kept.payload == "new", "{kept:?}");

    writer.requests.publish("kept", QoS::AtLeastOnce, true, "").await.unwrap();
    writer.next(|packet| matches!(packet, Packet::PubAck(_)).then_some(())).await;
    let mut late = Peer::connect(&broker, "late", None).await;
    late.subscribe("kept").await;
    late.subscribe("echo").await;
    assert_eq!(late.echo(QoS::AtLeastOnce, b"first".to_vec()).await.topic, "echo");
}

#[tokio::test]
async fn the_last_will_of_a_killed_connection_is_published_and_kept() {
    let broker = Broker::start().await.unwrap();
    let mut watcher = Peer::connect(&broker, "watcher", None).await;
    watcher.subscribe("presence").await;
    let will = LastWill::new("presence", "gone", QoS::AtLeastOnce, true);
    drop(Peer::connect(&broker, "mortal", Some(will)).await);
    assert_eq!(watcher.message().await.payload, "gone");
    let mut late = Peer::connect(&broker, "late", None).await;
    late.subscribe("presence").await;
    assert!(late.message().await.retain);
}

#[tokio::test]
async fn it_starts_and_stops_many_times_with_a_client_connected_and_frees_its_port() {
    for _ in 0..20 {
        let broker = Broker::start().await.unwrap();
        let address = broker.address();
        assert!(address.ip().is_loopback());
        assert_eq!(broker.url(), format!("mqtt://127.0.0.1:{}", address.port()));
        let mut peer = Peer::connect(&broker, "peer", None).await;
        peer.subscribe("echo").await;
        peer.echo(QoS::AtLeastOnce, Vec::new()).await;
        timeout(SOON, broker.stop()).await.expect("it stops").unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "the port is still open");
    }
}

#[tokio::test]
async fn a_dropped_broker_hangs_up() {
    let broker = Broker::start().await.unwrap();
    let mut peer = Peer::connect(&broker, "peer", None).await;
    drop(broker);
    let ended = timeout(SOON, async { while peer.packets.recv().await.is_some() {} }).await;
    assert!(ended.is_ok(), "its clients are still served");
}

/// With Nagle's algorithm on at one end, a round trip at `QoS` 1 takes 40 ms and more (Linux delays acknowledgements).
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a round trip is what is measured")]
async fn no_round_trip_waits_for_a_delayed_acknowledgement() {
    let broker = Broker::start().await.unwrap();
    let mut peer = Peer::connect(&broker, "peer", None).await;
    peer.subscribe("echo").await;
    for qos in ALL_QUALITIES {
        let mut times = Vec::new();
        for _ in 0..41 {
            let start = Instant::now();
            peer.echo(qos, b"command".to_vec()).await;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        assert!(times[20] < Duration::from_millis(20), "{qos:?}: median {:?}", times[20]);
    }
}

#[tokio::test]
async fn nothing_is_written_where_the_program_was_started() {
    let files =
        || std::fs::read_dir(".").unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let before = files();
    let broker = Broker::start().await.unwrap();
    let mut peer = Peer::connect(&broker, "peer", None).await;
    peer.requests.publish("kept", QoS::AtLeastOnce, true, "x").await.unwrap();
    peer.next(|packet| matches!(packet, Packet::PubAck(_)).then_some(())).await;
    broker.stop().await.unwrap();
    assert_eq!(files(), before);
}
