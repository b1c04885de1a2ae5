use super::*;
use proptest::prelude::*;
use vehicle_protocol::Topic;

fn message(topic: Topic, policy: QueuePolicy, text: &str) -> OutgoingMessage {
    OutgoingMessage { topic, policy, payload: text.as_bytes().to_vec(), failures: 0 }
}

fn answer(text: &str) -> OutgoingMessage {
    message(Topic::ExecutedCommands, QueuePolicy::Kept, text)
}

fn status(text: &str) -> OutgoingMessage {
    message(Topic::Status, QueuePolicy::Newest, text)
}

fn session(text: &str) -> OutgoingMessage {
    message(Topic::Session, QueuePolicy::Once, text)
}

fn telemetry(text: &str) -> OutgoingMessage {
    message(Topic::Telemetry, QueuePolicy::Fleeting, text)
}

fn online() -> OutgoingMessage {
    message(Topic::Presence, QueuePolicy::Newest, "online")
}

/// An outbox with a connection whose announcement has been acknowledged.
fn open() -> Outbox {
    let mut outbox = Outbox::default();
    outbox.open(online());
    assert_eq!(hand_over(&mut outbox), ["online"]);
    outbox.sent(1);
    outbox.acknowledged(1);
    assert!(outbox.is_done());
    outbox
}

fn hand_over(outbox: &mut Outbox) -> Vec<String> {
    let messages = std::iter::from_fn(|| outbox.hand_over());
    messages.map(|message| String::from_utf8(message.payload).unwrap()).collect()
}

#[test]
fn answers_given_in_an_outage_follow_the_announcement_in_their_order() {
    let mut outbox = Outbox::default();
    assert!(!outbox.post(answer("a")) && !outbox.post(answer("b")));
    assert_eq!(outbox.hand_over(), None);
    outbox.open(online());
    assert_eq!(hand_over(&mut outbox), ["online", "a", "b"]);
}

#[test]
fn what_was_not_acknowledged_is_sent_again_before_what_is_newer() {
    let mut outbox = open();
    for text in ["a", "b", "c"] {
        assert!(outbox.post(answer(text)));
    }
    assert_eq!(hand_over(&mut outbox), ["a", "b", "c"]);
    outbox.sent(2);
    outbox.sent(3);
    outbox.acknowledged(3);
    outbox.close();
    outbox.post(answer("d"));
    outbox.open(online());
    assert_eq!(hand_over(&mut outbox), ["online", "a", "c", "d"]);
}

#[test]
fn an_acknowledgement_of_the_connection_before_is_none_of_this_one() {
    let mut outbox = open();
    outbox.post(answer("a"));
    hand_over(&mut outbox);
    outbox.sent(2);
    outbox.close();
    outbox.acknowledged(2);
    outbox.open(online());
    assert_eq!(hand_over(&mut outbox), ["online", "a"]);
}

#[test]
fn of_each_state_only_the_newest_waits_and_none_outlives_its_connection() {
    let mut outbox = open();
    assert!(outbox.post(status("old")) && outbox.post(status("new")) && outbox.post(session("s")));
    assert!(outbox.post(telemetry("t1")) && outbox.post(telemetry("t2")));
    assert_eq!(hand_over(&mut outbox), ["new", "s", "t2"]);
    assert!(outbox.post(status("next")) && outbox.post(telemetry("t3")));
    outbox.close();
    for message in [status("x"), session("x"), telemetry("x")] {
        assert!(!outbox.post(message));
    }
    outbox.open(online());
    assert_eq!(hand_over(&mut outbox), ["online"]);
}

#[test]
fn telemetry_waits_while_one_is_on_its_way_out_and_holds_nothing_up() {
    let mut outbox = open();
    outbox.post(telemetry("t1"));
    assert_eq!(hand_over(&mut outbox), ["t1"]);
    outbox.post(telemetry("t2"));
    outbox.post(answer("a"));
    assert_eq!(hand_over(&mut outbox), ["a"]);
    outbox.sent(2);
    assert_eq!(hand_over(&mut outbox), [""; 0], "what was sent is the answer");
    outbox.sent(0);
    assert_eq!(hand_over(&mut outbox), ["t2"]);
}

#[test]
fn beyond_256_the_oldest_answers_are_dropped_and_counted() {
    let mut outbox = Outbox::default();
    for number in 0..300 {
        outbox.post(answer(&number.to_string()));
    }
    assert_eq!(outbox.dropped(), 44);
    outbox.open(online());
    assert_eq!(hand_over(&mut outbox).get(..3).unwrap(), ["online", "44", "45"]);
}

#[test]
fn no_more_are_under_way_than_the_library_has_room_for() {
    let mut outbox = open();
    for number in 0..100 {
        outbox.post(answer(&number.to_string()));
    }
    assert_eq!(hand_over(&mut outbox).len(), IN_FLIGHT);
    outbox.sent(2);
    outbox.acknowledged(2);
    assert_eq!(hand_over(&mut outbox), [IN_FLIGHT.to_string()]);
}

#[test]
fn a_message_that_ends_every_connection_is_given_up() {
    let mut outbox = Outbox::default();
    outbox.post(answer("poison"));
    for _ in 0..FAILURES {
        outbox.open(online());
        assert_eq!(hand_over(&mut outbox), ["online", "poison"]);
        outbox.close();
    }
    assert_eq!(outbox.dropped(), 1);
    outbox.open(online());
    assert_eq!(hand_over(&mut outbox), ["online"]);
}

#[test]
fn the_oldest_changes_with_each_acknowledgement() {
    let mut outbox = open();
    assert_eq!(outbox.oldest(), None);
    outbox.post(answer("a"));
    outbox.post(answer("b"));
    hand_over(&mut outbox);
    let first = outbox.oldest();
    assert!(first.is_some());
    outbox.sent(2);
    outbox.sent(3);
    outbox.acknowledged(3);
    assert_eq!(outbox.oldest(), first);
    outbox.acknowledged(2);
    assert_eq!(outbox.oldest(), None);
}

#[derive(Clone, Debug)]
enum Step {
    Answer,
    Status,
    HandOver,
    Sent,
    /// Of the nth of those sent.
    Acknowledged(usize),
    Reconnect,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Answer),
        1 => Just(Step::Status),
        3 => Just(Step::HandOver),
        3 => Just(Step::Sent),
        2 => (0_usize..4).prop_map(Step::Acknowledged),
        1 => Just(Step::Reconnect),
    ]
}

proptest! {
    /// Against a broker that takes what is sent: whatever happens, every answer arrives, first arrivals in their order.
    #[test]
    fn every_answer_arrives_in_its_order(steps in prop::collection::vec(step(), 0..120)) {
        let mut outbox = Outbox::default();
        let mut posted = 0;
        let mut arrived: Vec<u32> = Vec::new();
        let mut wire = Wire::default();
        outbox.open(online());
        for step in steps {
            match step {
                Step::Answer => { outbox.post(answer(&posted.to_string())); posted += 1; }
                Step::Status => { outbox.post(status("s")); }
                Step::HandOver => wire.take(&mut outbox),
                Step::Sent => wire.send(&mut outbox, &mut arrived),
                Step::Acknowledged(nth) => wire.acknowledge(&mut outbox, nth),
                Step::Reconnect => { outbox.close(); wire = Wire::default(); outbox.open(online()); }
            }
        }
        while !outbox.is_done() {
            wire.take(&mut outbox);
            wire.send(&mut outbox, &mut arrived);
            wire.acknowledge(&mut outbox, 0);
        }
        let mut seen = Vec::new();
        for number in arrived {
            if !seen.contains(&number) {
                seen.push(number);
            }
        }
        if outbox.dropped() == 0 {
            prop_assert_eq!(seen, (0..posted).collect::<Vec<_>>());
        }
    }
}

/// The library's queue and the broker behind it.
#[derive(Default)]
struct Wire {
    queue: VecDeque<OutgoingMessage>,
    sent: Vec<u16>,
    last: u16,
}

impl Wire {
    fn take(&mut self, outbox: &mut Outbox) {
        self.queue.extend(std::iter::from_fn(|| outbox.hand_over()));
    }

    fn send(&mut self, outbox: &mut Outbox, arrived: &mut Vec<u32>) {
        let Some(message) = self.queue.pop_front() else { return };
        self.last += 1;
        self.sent.push(self.last);
        outbox.sent(self.last);
        arrived.extend(std::str::from_utf8(&message.payload).unwrap().parse::<u32>().ok());
    }

    fn acknowledge(&mut self, outbox: &mut Outbox, nth: usize) {
        if nth < self.sent.len() {
            outbox.acknowledged(self.sent.remove(nth));
        }
    }
}
