//! One message on its way out, and what becomes of it when it cannot go.

use crate::control::{Moment, Report};
use vehicle_protocol::{Presence, Telemetry, Topic};

/// The policy for a message in an outage, and when a newer one comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueuePolicy {
    /// Waits for the next connection and is sent again until acknowledged: nobody will say it a second time.
    Kept,
    /// Gives way to a newer one on its topic and ends with the connection: the core says it anew on the next one.
    Newest,
    /// Ends with the connection: who asked asks again.
    Once,
    /// As [`QueuePolicy::Newest`], and never acknowledged.
    Fleeting,
}

/// A message in the form in which it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutgoingMessage {
    pub(super) topic: Topic,
    pub(super) policy: QueuePolicy,
    pub(super) payload: Vec<u8>,
    /// Connections that ended before it was acknowledged.
    pub(super) failures: u8,
}

impl OutgoingMessage {
    /// A report of the core.
    pub(super) fn report(report: &Report) -> Self {
        let topic = report.topic();
        Self { topic, policy: policy(topic), payload: report.payload(), failures: 0 }
    }

    /// The vehicle's presence.
    pub(super) fn presence(presence: Presence) -> Self {
        Self::report(&Report::Presence(presence))
    }

    /// What shows that the link still carries: telemetry of nothing, acknowledged. It is the smallest message that the
    /// contract knows (its payload has some 15 bytes), reaches only those who watch telemetry, and does not come back to
    /// the vehicle as its presence would.
    pub(super) fn probe(now: Moment) -> Self {
        let telemetry = Report::Telemetry(Telemetry { time: now.clock(), ..Telemetry::default() });
        Self { policy: QueuePolicy::Once, ..Self::report(&telemetry) }
    }

    /// Tells whether the broker acknowledges it.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.policy != QueuePolicy::Fleeting
    }
}

/// The policy of what goes to `topic`; what others write is here only for completeness.
const fn policy(topic: Topic) -> QueuePolicy {
    match topic {
        Topic::ExecutedCommands | Topic::Answers | Topic::Events => QueuePolicy::Kept,
        Topic::Presence | Topic::Status | Topic::Description => QueuePolicy::Newest,
        Topic::Telemetry => QueuePolicy::Fleeting,
        Topic::Session | Topic::SessionRequest | Topic::Commands | Topic::Drive => QueuePolicy::Once,
    }
}
