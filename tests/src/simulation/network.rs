//! What becomes of a message between an operator and the vehicle.

use std::time::Duration;

use fastrand::Rng;
use vehicle_protocol::Topic;

use super::scenario::Scenario;

/// A message under way to the vehicle.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) topic: Topic,
    pub(super) retained: bool,
    pub(super) payload: Vec<u8>,
    /// Its place among the commands sent, if it is one.
    pub(super) sent: Option<usize>,
}

/// A line on which what is held back comes later, at once.
#[derive(Debug, Default)]
pub(super) struct Line {
    cut: bool,
    held: Vec<Message>,
}

impl Line {
    pub(super) fn cut(&mut self) {
        self.cut = true;
    }

    pub(super) const fn is_cut(&self) -> bool {
        self.cut
    }

    /// Gives what was held back.
    pub(super) fn heal(&mut self) -> Vec<Message> {
        self.cut = false;
        std::mem::take(&mut self.held)
    }

    /// Gives the message on, or holds it back.
    pub(super) fn pass(&mut self, message: Message) -> Option<Message> {
        if self.cut {
            self.held.push(message);
            return None;
        }
        Some(message)
    }
}

/// Delay, order, doubles and losses.
#[derive(Debug)]
pub(super) struct Weather {
    delay: (Duration, Duration),
    reorders: bool,
    doubled: u8,
    dropped: u8,
    /// When the last message comes, so that none overtakes it.
    last: u64,
}

impl Weather {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let Scenario { delay, reorders, doubled, dropped, .. } = *scenario;
        Self { delay, reorders, doubled, dropped, last: 0 }
    }

    /// When the message comes: never, once or twice.
    pub(super) fn arrivals(&mut self, now: u64, rng: &mut Rng, topic: Topic) -> Vec<u64> {
        let unsure = topic == Topic::Drive;
        if unsure && rng.u8(0..100) < self.dropped {
            return Vec::new();
        }
        let copies = if !unsure && rng.u8(0..100) < self.doubled { 2 } else { 1 };
        (0..copies).map(|_| self.arrival(now, rng)).collect()
    }

    fn arrival(&mut self, now: u64, rng: &mut Rng) -> u64 {
        let (least, most) = (nanoseconds(self.delay.0), nanoseconds(self.delay.1));
        let at = now.saturating_add(rng.u64(least..=most));
        if self.reorders {
            return at;
        }
        self.last = self.last.max(at);
        self.last
    }
}

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
