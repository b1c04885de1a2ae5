//! Events that wait for the core.
//!
//! The core is faster than any link, so little waits. In a flood that fills the queue what comes last is dropped; its
//! sender misses the answer. To wait instead would leave the choice to the broker, which drops a stop behind a thousand
//! old commands. So a stop always gets in: what waits before it makes room, and nothing overtakes.

use super::LinkEvent;
use crate::control::Received;
use std::collections::VecDeque;
use vehicle_protocol::{Epoch, KeyName, OperatorName, SessionId, Topic, encoding};

/// Most messages that wait; with commands of full length they take 4 MiB.
pub(super) const WAITING: usize = 1024;

/// Most messages of an operator's presence that wait; further ones of a flood are dropped.
const PRESENCES: usize = 16;

/// Events for the core, in the order in which they happened.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    events: VecDeque<LinkEvent>,
    messages: usize,
    received: u64,
    shed: u64,
}

impl Inbox {
    /// Takes a message, or drops it if there is no room.
    pub(super) fn receive(&mut self, received: Received) {
        self.received = self.received.saturating_add(1);
        if self.messages >= WAITING {
            if !is_stop(&received) {
                self.shed = self.shed.saturating_add(1);
                return;
            }
            self.make_room();
        }
        self.messages = self.messages.saturating_add(1);
        self.events.push_back(LinkEvent::Received(received));
    }

    /// Takes what came of an operator; of several that the core has not seen, the last that was not kept by the broker.
    pub(super) fn hear_of(&mut self, name: OperatorName, retained: bool, payload: Vec<u8>) {
        if retained {
            return;
        }
        let waiting = |event: &LinkEvent| matches!(event, LinkEvent::Operator { .. });
        if self.events.iter().filter(|event| waiting(event)).count() < PRESENCES {
            self.events.push_back(LinkEvent::Operator { name, retained, payload });
        }
    }

    /// Takes the beginning of a connection.
    pub(super) fn up(&mut self, connection: u32) {
        // The core needs to know how it stands now: of several beginnings that it has not seen, the last.
        self.events.retain(|event| !matches!(event, LinkEvent::Up { .. }));
        self.events.push_back(LinkEvent::Up { connection });
    }

    /// Takes the end of a connection.
    pub(super) fn lost(&mut self) {
        self.events.retain(|event| matches!(event, LinkEvent::Received(_)));
        self.events.push_back(LinkEvent::Lost);
    }

    /// Gives the next event.
    pub(super) fn next(&mut self) -> Option<LinkEvent> {
        let event = self.events.pop_front()?;
        if matches!(event, LinkEvent::Received(_)) {
            self.messages = self.messages.saturating_sub(1);
        }
        Some(event)
    }

    /// Number of messages that wait.
    pub(super) const fn len(&self) -> usize {
        self.messages
    }

    /// Messages received since the beginning.
    pub(super) const fn received(&self) -> u64 {
        self.received
    }

    /// Messages dropped since the beginning because the core did not keep up.
    pub(super) const fn shed(&self) -> u64 {
        self.shed
    }

    /// Drops all messages but stops, and if there are only stops the oldest half: the newer ones do the same.
    fn make_room(&mut self) {
        let before = self.messages;
        self.messages = 0;
        self.retain_messages(is_stop);
        if self.messages >= WAITING {
            let mut old = WAITING / 2;
            self.messages = 0;
            self.retain_messages(|_| {
                let keep = old == 0;
                old = old.saturating_sub(1);
                keep
            });
        }
        let dropped = u64::try_from(before.saturating_sub(self.messages)).unwrap_or(u64::MAX);
        self.shed = self.shed.saturating_add(dropped);
    }

    /// Keeps the messages for which `keep` holds, and counts them.
    fn retain_messages(&mut self, mut keep: impl FnMut(&Received) -> bool) {
        let messages = &mut self.messages;
        self.events.retain(|event| match event {
            LinkEvent::Received(received) => {
                let keeps = keep(received);
                *messages = messages.saturating_add(usize::from(keeps));
                keeps
            }
            LinkEvent::Up { .. } | LinkEvent::Lost | LinkEvent::Operator { .. } => true,
        });
    }
}

/// Tells whether a message reads as a stop; whether its sender may stop the vehicle is for the core to decide.
fn is_stop(received: &Received) -> bool {
    matches!(received.topic, Topic::Commands | Topic::Drive)
        && !received.retained
        && encoding::decode(&received.payload, any_session)
            .is_ok_and(|envelope| envelope.command.name().is_stop())
}

/// Some session: to know what a command is it does not matter whose.
fn any_session(_: SessionId) -> Option<(KeyName, Epoch)> {
    Some(("any".parse().ok()?, Epoch::default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vehicle_protocol::{Command, Encoding, Envelope, Mac, Shape, Signature, SignedSession};

    fn message(topic: Topic, payload: &str) -> Received {
        Received { topic, retained: false, payload: payload.as_bytes().to_vec() }
    }

    fn command(name: &str) -> Received {
        message(Topic::Commands, &format!(r#"{{"CMD":"{name}"}}"#))
    }

    fn drain(inbox: &mut Inbox) -> Vec<LinkEvent> {
        std::iter::from_fn(|| inbox.next()).collect()
    }

    #[test]
    fn events_come_in_their_order() {
        let mut inbox = Inbox::default();
        inbox.up(1);
        inbox.receive(command("PARK"));
        inbox.lost();
        let expected = [LinkEvent::Received(command("PARK")), LinkEvent::Lost];
        assert_eq!(drain(&mut inbox), expected, "a beginning that has ended is no news");
        inbox.up(2);
        assert_eq!(inbox.next(), Some(LinkEvent::Up { connection: 2 }));
    }

    #[test]
    fn a_flood_is_dropped_from_its_end() {
        let mut inbox = Inbox::default();
        for number in 0..3_000 {
            inbox.receive(message(Topic::Drive, &number.to_string()));
        }
        assert_eq!((inbox.len(), inbox.received(), inbox.shed()), (WAITING, 3_000, 3_000 - WAITING as u64));
        assert_eq!(inbox.next(), Some(LinkEvent::Received(message(Topic::Drive, "0"))));
        inbox.receive(command("PARK"));
        assert_eq!(drain(&mut inbox).last(), Some(&LinkEvent::Received(command("PARK"))));
        assert_eq!(inbox.len(), 0);
    }

    #[test]
    fn a_stop_gets_in_behind_a_flood_and_nothing_from_before_acts_after_it() {
        for stop in ["BRAKE", "TURN_OFF_ENGINE", "EMERGENCY_STOP"] {
            let mut inbox = Inbox::default();
            inbox.up(1);
            inbox.receive(command("BRAKE"));
            for _ in 0..3_000 {
                inbox.receive(command("ACCELERATE"));
            }
            inbox.receive(command(stop));
            let expected = [
                LinkEvent::Up { connection: 1 },
                LinkEvent::Received(command("BRAKE")),
                LinkEvent::Received(command(stop)),
            ];
            assert_eq!(drain(&mut inbox), expected);
            assert_eq!(inbox.shed(), 3_000);
        }
    }

    #[test]
    fn a_flood_of_stops_keeps_the_newest() {
        let mut inbox = Inbox::default();
        for _ in 0..5_000 {
            inbox.receive(command("BRAKE"));
        }
        inbox.receive(command("EMERGENCY_STOP"));
        assert!(inbox.len() <= WAITING);
        let events = drain(&mut inbox);
        assert_eq!(events.last(), Some(&LinkEvent::Received(command("EMERGENCY_STOP"))));
    }

    #[test]
    fn a_stop_on_the_topic_for_setpoints_finds_room_too() {
        let mut inbox = Inbox::default();
        for number in 0..WAITING {
            inbox.receive(message(Topic::Drive, &number.to_string()));
        }
        let stop = message(Topic::Drive, r#"{"CMD":"BRAKE"}"#);
        inbox.receive(stop.clone());
        assert_eq!(drain(&mut inbox), [LinkEvent::Received(stop)]);
    }

    #[test]
    fn a_compact_stop_finds_room_too_in_each_of_its_shapes() {
        let key: KeyName = "tablet".parse().unwrap();
        let session = SignedSession { sid: SessionId([1; 4]), epoch: Epoch([7; 16]), counter: 1, expires: 9 };
        let signed =
            |session| Shape::Signed(Signature { key: key.clone(), session, mac: Mac([1; 8]), id: None });
        for shape in [Shape::Plain, signed(None), signed(Some(session))] {
            let mut inbox = Inbox::default();
            for _ in 0..WAITING {
                inbox.receive(command("ACCELERATE"));
            }
            let payload = encoding::encode(&Envelope { command: Command::Brake, shape }, Encoding::Compact);
            let stop = Received { topic: Topic::Commands, retained: false, payload };
            inbox.receive(stop.clone());
            assert_eq!(drain(&mut inbox), [LinkEvent::Received(stop)]);
        }
    }

    #[test]
    fn of_a_flood_of_presences_few_wait_and_none_that_was_kept() {
        let mut inbox = Inbox::default();
        let name: OperatorName = "tablet".parse().unwrap();
        inbox.hear_of(name.clone(), true, b"old".to_vec());
        for _ in 0..1_000 {
            inbox.hear_of(name.clone(), false, b"new".to_vec());
        }
        assert_eq!(drain(&mut inbox).len(), PRESENCES);
    }

    #[test]
    fn what_only_looks_like_a_stop_makes_no_room() {
        let mut inbox = Inbox::default();
        let retained = Received { retained: true, ..command("BRAKE") };
        let elsewhere = message(Topic::SessionRequest, r#"{"CMD":"BRAKE"}"#);
        for _ in 0..WAITING {
            inbox.receive(command("ACCELERATE"));
        }
        for other in [retained, elsewhere, command("CLEAR_EMERGENCY_STOP"), message(Topic::Commands, "BRAKE")]
        {
            inbox.receive(other);
        }
        assert_eq!((inbox.len(), inbox.shed()), (WAITING, 4));
    }

    #[test]
    fn the_core_hears_of_a_loss_however_often_it_was_not_listening() {
        let mut inbox = Inbox::default();
        for connection in 1..1_000 {
            inbox.up(connection);
            inbox.lost();
        }
        inbox.up(1_000);
        assert_eq!(drain(&mut inbox), [LinkEvent::Lost, LinkEvent::Up { connection: 1_000 }]);
    }
}
