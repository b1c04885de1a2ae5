//! Another client on the broker: sees what the vehicle publishes, and sends to it.

use super::{PATIENCE, topics};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, Publish, QoS, SubscribeFilter};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vehicle_protocol::{OperatorName, Topic, operator_presence};

static COUNT: AtomicU32 = AtomicU32::new(0);

const WATCHED: [Topic; 5] =
    [Topic::Presence, Topic::ExecutedCommands, Topic::Session, Topic::Status, Topic::Telemetry];

pub(super) struct Observer {
    client: AsyncClient,
    messages: mpsc::UnboundedReceiver<Publish>,
    /// Came while something else was waited for.
    aside: Vec<Publish>,
    task: JoinHandle<()>,
}

impl Observer {
    pub(super) async fn connect(port: u16) -> Self {
        let id = format!("observer-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut options = MqttOptions::new(id, "127.0.0.1", port);
        options.set_max_packet_size(1 << 20, 1 << 20);
        let (client, mut event_loop) = vehicle_link::connect(options, 10);
        let filter = |topic| SubscribeFilter::new(topics().of(topic), QoS::AtLeastOnce);
        client.try_subscribe_many(WATCHED.map(filter)).unwrap();
        let (sender, messages) = mpsc::unbounded_channel();
        let (subscribed, mut ready) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            while let Ok(event) = event_loop.poll().await {
                if let Event::Incoming(Packet::Publish(message)) = event {
                    sender.send(message).unwrap_or_default();
                } else if let Event::Incoming(Packet::SubAck(_)) = event {
                    subscribed.send(()).unwrap_or_default();
                }
            }
        });
        ready.recv().await.expect("subscribed");
        Self { client, messages, aside: Vec::new(), task }
    }

    pub(super) async fn publish(&self, topic: Topic, qos: QoS, retain: bool, payload: &str) {
        self.client.publish(topics().of(topic), qos, retain, payload).await.unwrap();
    }

    pub(super) async fn publish_of(&self, operator: &OperatorName, payload: &str) {
        let topic = operator_presence(operator);
        self.client.publish(topic, QoS::AtLeastOnce, false, payload).await.unwrap();
    }

    /// Waits for the next message on `topic`; what comes on others is kept for later.
    pub(super) async fn next(&mut self, topic: Topic) -> Publish {
        let name = topics().of(topic);
        if let Some(place) = self.aside.iter().position(|message| message.topic == name) {
            return self.aside.remove(place);
        }
        loop {
            let message = timeout(PATIENCE, self.messages.recv()).await;
            let message =
                message.unwrap_or_else(|_| panic!("nothing came on {topic}")).expect("a connection");
            if message.topic == name {
                return message;
            }
            self.aside.push(message);
        }
    }

    /// Nothing has come on `topic`, and nothing comes for longer than the link waits for anything.
    pub(super) async fn hears_no_more(&mut self, topic: Topic) {
        let more = timeout(Duration::from_millis(1_500), self.next(topic)).await;
        assert!(more.is_err(), "{more:?}");
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
