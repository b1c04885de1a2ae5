//! Outgoing messages: kept, sent again, or dropped, by their policy.
//!
//! The client library forgets what it holds when a connection ends, so it is given few messages at a time, and the
//! originals stay here until they are acknowledged.

use super::outgoing::{OutgoingMessage, QueuePolicy};
use std::collections::VecDeque;

/// Most answers and events that wait for a connection; beyond, the oldest are dropped.
pub(super) const KEPT: usize = 256;

/// Most messages that wait for their acknowledgement: 64 in 100 ms, a long way round, are 640 per second.
pub(super) const IN_FLIGHT: usize = 64;

/// A message that ends so many connections before it is acknowledged is taken for the cause.
const FAILURES: u8 = 8;

/// Messages to the broker.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<OutgoingMessage>,
    /// In the order in which they were handed to the library, which is the order in which it numbers them.
    flights: VecDeque<Flight>,
    fleeting_handed: bool,
    is_open: bool,
    serial: u64,
    dropped: u64,
}

/// A message between library and acknowledgement.
#[derive(Debug)]
struct Flight {
    serial: u64,
    /// Its number on the wire, once the library has sent it.
    packet: Option<u16>,
    /// The original, if it is kept.
    message: Option<OutgoingMessage>,
}

impl Outbox {
    /// Takes a message; gives whether there is something to hand over.
    pub(super) fn post(&mut self, message: OutgoingMessage) -> bool {
        let fits = match message.policy {
            QueuePolicy::Kept => true,
            QueuePolicy::Once => self.is_open && self.waiting.len() < KEPT,
            QueuePolicy::Newest | QueuePolicy::Fleeting => self.is_open,
        };
        if fits {
            if matches!(message.policy, QueuePolicy::Newest | QueuePolicy::Fleeting) {
                self.waiting.retain(|older| older.topic != message.topic || older.policy != message.policy);
            }
            self.waiting.push_back(message);
            self.trim();
        }
        self.is_open && fits
    }

    /// Begins a connection with `first`, before all that waits.
    pub(super) fn open(&mut self, first: OutgoingMessage) {
        self.waiting.push_front(first);
        self.is_open = true;
    }

    /// Ends a connection: what is kept waits for the next one, in its order.
    pub(super) fn close(&mut self) {
        self.is_open = false;
        self.fleeting_handed = false;
        let waiting = std::mem::take(&mut self.waiting);
        for mut message in self.flights.drain(..).filter_map(|flight| flight.message) {
            message.failures = message.failures.saturating_add(1);
            if message.failures < FAILURES {
                self.waiting.push_back(message);
            } else {
                self.dropped = self.dropped.saturating_add(1);
            }
        }
        self.waiting.extend(waiting.into_iter().filter(|message| message.policy == QueuePolicy::Kept));
        self.trim();
    }

    /// Gives the next message for the library, unless enough are under way.
    pub(super) fn hand_over(&mut self) -> Option<OutgoingMessage> {
        if !self.is_open {
            return None;
        }
        let has_room = self.flights.len() < IN_FLIGHT;
        let may_go = |message: &OutgoingMessage| {
            if message.is_acknowledged() { has_room } else { !self.fleeting_handed }
        };
        let place = self.waiting.iter().position(may_go)?;
        let message = self.waiting.remove(place)?;
        if message.is_acknowledged() {
            self.serial = self.serial.saturating_add(1);
            let kept = (message.policy == QueuePolicy::Kept).then(|| message.clone());
            self.flights.push_back(Flight { serial: self.serial, packet: None, message: kept });
        } else {
            self.fleeting_handed = true;
        }
        Some(message)
    }

    /// The library has sent the next of its messages under the number `packet`; 0 is for those without acknowledgement.
    pub(super) fn sent(&mut self, packet: u16) {
        if packet == 0 {
            self.fleeting_handed = false;
        } else if let Some(flight) = self.flights.iter_mut().find(|flight| flight.packet.is_none()) {
            flight.packet = Some(packet);
        }
    }

    /// The broker has the message with the number `packet`.
    pub(super) fn acknowledged(&mut self, packet: u16) {
        if let Some(place) = self.flights.iter().position(|flight| flight.packet == Some(packet)) {
            self.flights.remove(place);
        }
    }

    /// The oldest message that is not acknowledged, by a number that never comes back.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.flights.front().map(|flight| flight.serial)
    }

    /// Tells whether all has been sent and acknowledged.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.flights.is_empty() && !self.fleeting_handed
    }

    /// Answers and events that were dropped since the beginning.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    fn trim(&mut self) {
        let is_kept = |message: &OutgoingMessage| message.policy == QueuePolicy::Kept;
        while self.waiting.iter().filter(|message| is_kept(message)).count() > KEPT {
            let oldest = self.waiting.iter().position(is_kept);
            oldest.and_then(|place| self.waiting.remove(place));
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests;
