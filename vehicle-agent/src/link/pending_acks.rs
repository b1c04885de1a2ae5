//! Acknowledgements that the vehicle owes.
//!
//! The core has its turn before a message is acknowledged, so that the answer goes ahead: nobody waits for a packet that is
//! meant for the broker alone, and what is acknowledged is what the core was given.

use rumqttc::{Publish, QoS};
use std::collections::VecDeque;

/// Most acknowledgements that the library may hold; with so many owed they no longer wait for the core.
pub(super) const PENDING_ACKS: usize = 32;

/// Acknowledgements in the order of the messages, as the protocol asks.
#[derive(Debug, Default)]
pub(super) struct PendingAcks {
    owed: VecDeque<(u16, QoS)>,
    handed: usize,
}

impl PendingAcks {
    /// Notes a message that has come in.
    pub(super) fn owe(&mut self, message: &Publish) {
        if message.qos != QoS::AtMostOnce {
            self.owed.push_back((message.pkid, message.qos));
        }
    }

    /// Tells whether an acknowledgement is owed.
    pub(super) fn is_owing(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Tells whether so many are owed that the broker may be waiting.
    pub(super) fn is_pressing(&self) -> bool {
        self.owed.len() >= PENDING_ACKS
    }

    /// Gives the next message to acknowledge, as far as the library asks, unless it holds enough.
    pub(super) fn hand_over(&mut self) -> Option<Publish> {
        if self.handed >= PENDING_ACKS {
            return None;
        }
        let (pkid, qos) = self.owed.pop_front()?;
        self.handed = self.handed.saturating_add(1);
        Some(Publish { pkid, ..Publish::new("", qos, Vec::new()) })
    }

    /// The library has sent one.
    pub(super) fn sent(&mut self) {
        self.handed = self.handed.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(pkid: u16, qos: QoS) -> Publish {
        Publish { pkid, ..Publish::new("vehicles/mule/commands", qos, "{}") }
    }

    fn handed_over(pending_acks: &mut PendingAcks) -> Vec<u16> {
        std::iter::from_fn(|| pending_acks.hand_over()).map(|message| message.pkid).collect()
    }

    #[test]
    fn what_needs_no_acknowledgement_is_not_owed() {
        let mut pending_acks = PendingAcks::default();
        pending_acks.owe(&message(0, QoS::AtMostOnce));
        assert!(!pending_acks.is_owing());
    }

    #[test]
    fn messages_are_acknowledged_in_their_order_whatever_their_qos() {
        let mut pending_acks = PendingAcks::default();
        for (pkid, qos) in [(3, QoS::AtLeastOnce), (1, QoS::ExactlyOnce), (2, QoS::AtLeastOnce)] {
            pending_acks.owe(&message(pkid, qos));
        }
        assert_eq!(handed_over(&mut pending_acks), [3, 1, 2]);
        assert!(!pending_acks.is_owing());
    }

    #[test]
    fn the_library_never_holds_more_than_it_has_room_for() {
        let mut pending_acks = PendingAcks::default();
        for pkid in 1..=100 {
            pending_acks.owe(&message(pkid, QoS::AtLeastOnce));
        }
        assert!(pending_acks.is_pressing());
        assert_eq!(handed_over(&mut pending_acks), (1..=32).collect::<Vec<_>>());
        pending_acks.sent();
        assert_eq!(handed_over(&mut pending_acks), [33]);
    }
}
