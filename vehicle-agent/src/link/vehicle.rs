//! The vehicle that the link speaks for, and its broker.

use crate::control::Report;
use rumqttc::{LastWill, QoS, SubscribeFilter};
use vehicle_link::Endpoint;
use vehicle_protocol::{Epoch, Presence, PresenceState, Topic, Topics};

/// Topics that the vehicle reads. Commands at QoS 2, so that it is the publisher's QoS that decides.
const SUBSCRIPTIONS: [(Topic, QoS); 4] = [
    (Topic::Commands, QoS::ExactlyOnce),
    (Topic::Drive, QoS::AtMostOnce),
    (Topic::SessionRequest, QoS::AtLeastOnce),
    (Topic::Presence, QoS::AtLeastOnce),
];

/// The vehicle as the broker sees it.
#[derive(Debug)]
pub(super) struct Vehicle {
    pub(super) endpoint: Endpoint,
    topics: Topics,
    epoch: Epoch,
    subscribed: [(Topic, String); 4],
}

impl Vehicle {
    pub(super) fn new(endpoint: Endpoint, topics: Topics, epoch: Epoch) -> Self {
        let subscribed = SUBSCRIPTIONS.map(|(topic, _)| (topic, topics.of(topic)));
        Self { endpoint, topics, epoch, subscribed }
    }

    pub(super) fn topic(&self, topic: Topic) -> String {
        self.topics.of(topic)
    }

    /// The subscriptions, in the order of [`Self::subscribed`].
    pub(super) fn subscriptions(&self) -> [SubscribeFilter; 4] {
        SUBSCRIPTIONS.map(|(topic, qos)| SubscribeFilter::new(self.topic(topic), qos))
    }

    /// Topics and their names.
    pub(super) const fn subscribed(&self) -> &[(Topic, String); 4] {
        &self.subscribed
    }

    /// The topic that `name` is, if the vehicle has subscribed to it.
    pub(super) fn recognise(&self, name: &str) -> Option<Topic> {
        self.subscribed.iter().find(|(_, own)| own == name).map(|(topic, _)| *topic)
    }

    pub(super) const fn presence(&self, state: PresenceState, link: u32) -> Presence {
        Presence { state, epoch: self.epoch, link }
    }

    /// The last will of the connection with the number `link`.
    pub(super) fn will(&self, link: u32) -> LastWill {
        let broken = self.presence(PresenceState::ConnectionBroken, link);
        let payload = Report::Presence(broken).payload();
        LastWill::new(self.topic(Topic::Presence), payload, QoS::AtLeastOnce, true)
    }
}
