//! The conversation by tables and by properties.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers are bounded by the strategies")]
#![expect(clippy::wildcard_enum_match_arm, reason = "whatever else comes is a failure")]

mod signed;

use super::*;
use crate::clock::Moment;
use crate::exit::{Exit, Fault};
use proptest::prelude::*;
use std::time::Duration;
use vehicle_protocol::{
    Command, CommandName, Degrees, Encoding, Epoch, Nonce, Reason, Root, Setpoint, Shape, State, Topic, json,
};

const SILENCE: Duration = Duration::from_secs(5);

const fn at(milliseconds: u64) -> Moment {
    Duration::from_millis(milliseconds)
}

/// An exchange with its channel, and what the courier does for both.
struct Talk {
    exchange: Exchange,
    channel: Channel,
    /// The requests for a session that have left.
    requests: Vec<String>,
}

impl Talk {
    fn handle(&mut self, now: Moment, input: Input<'_>) -> Vec<Deed> {
        if matches!(input, Input::Up) {
            self.channel.ask_anew();
        }
        let deeds = self.exchange.handle(now, &mut self.channel, input);
        self.requests.extend(self.channel.ask(now).map(|request| String::from_utf8(request).unwrap()));
        deeds
    }

    fn deadline(&self) -> Option<Moment> {
        self.exchange.deadline()
    }
}

fn exchange(command: Command, form: Form) -> Talk {
    let topics = Root::default().vehicle("rover-1".parse().unwrap());
    let [id, companion] = ["id-1", "id-2"].map(|id| id.parse().unwrap());
    let channel = Channel::new(topics.id().clone(), None, Encoding::Json, Nonce([1; 16]));
    let errand = Errand { topics, command, form, id, companion, silence: SILENCE };
    Talk { exchange: Exchange::new(errand, at(0)), channel, requests: Vec::new() }
}

fn session(nonce: u8, clock: u64) -> String {
    format!(r#"{{"NONCE":"{}","EPOCH":"{}","CLOCK":{clock}}}"#, Nonce([nonce; 16]), Epoch([7; 16]))
}

fn presence(state: &str) -> String {
    format!(r#"{{"state":"{state}","epoch":"{}","link":1}}"#, Epoch([7; 16]))
}

fn answer(name: &str, id: &str, state: &str) -> String {
    format!(r#"{{"CMD":"{name}","ID":"{id}","STATE":"{state}"}}"#)
}

fn hear(talk: &mut Talk, now: u64, topic: Topic, text: &str) -> Vec<Deed> {
    match topic {
        Topic::Presence => {
            talk.channel.see(serde_json::from_str(text).unwrap());
            Vec::new()
        }
        Topic::Session => match talk.channel.agree(text.as_bytes(), at(now)) {
            Ok(Some(_)) => talk.handle(at(now), Input::Agreed),
            Ok(None) => Vec::new(),
            Err(_) => talk.handle(at(now), Input::Unreadable),
        },
        _ => match talk.channel.open(text.as_bytes(), at(now)) {
            Ok(heard) => talk.handle(at(now), Input::Answer(&heard.unwrap())),
            Err(_) => talk.handle(at(now), Input::Unreadable),
        },
    }
}

/// What was published, in words.
fn published(deeds: &[Deed]) -> Vec<(Purpose, Topic, &str)> {
    deeds
        .iter()
        .map(|deed| match deed {
            Deed::Publish(purpose, topic, text) => (*purpose, *topic, std::str::from_utf8(text).unwrap()),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn finished(deeds: &[Deed]) -> &Report {
    match deeds {
        [Deed::Finished(report)] => report,
        other => panic!("{other:?}"),
    }
}

/// An exchange whose timed command was sent at 100 ms.
fn sent(command: Command) -> Talk {
    let mut exchange = exchange(command, Form::Timed);
    exchange.handle(at(0), Input::Up);
    let deeds = hear(&mut exchange, 100, Topic::Session, &session(1, 60_000));
    assert_eq!(published(&deeds).first().map(|(purpose, ..)| *purpose), Some(Purpose::Command));
    exchange
}

#[test]
fn a_timed_command_follows_its_session_and_expires_by_the_vehicles_clock() {
    let mut exchange = exchange(Command::RotateLeft(Degrees::new(90.0)), Form::Timed);
    assert!(exchange.handle(at(10), Input::Up).is_empty());
    assert_eq!(exchange.requests, [r#"{"NONCE":"01010101010101010101010101010101"}"#]);
    assert!(hear(&mut exchange, 20, Topic::Session, &session(9, 5)).is_empty(), "of another's request");
    let deeds = hear(&mut exchange, 30, Topic::Session, &session(1, 60_000));
    let [(Purpose::Command, Topic::Commands, text)] = published(&deeds)[..] else { panic!("{deeds:?}") };
    let envelope = json::decode(text.as_bytes()).unwrap();
    let shape = Shape::Timed { id: "id-1".parse().unwrap(), epoch: Epoch([7; 16]), expires: 62_000 };
    assert_eq!((envelope.command, envelope.shape), (Command::RotateLeft(Degrees::new(90.0)), shape));
    let deeds = hear(&mut exchange, 42, Topic::ExecutedCommands, &answer("ROTATE_LEFT", "id-1", "SUCCEEDED"));
    let report = finished(&deeds);
    assert_eq!((report.outcome, report.exit), (Outcome::Answered(State::Succeeded), Exit::Done));
    assert_eq!(report.round_trip, Some(at(12)));
}

#[test]
fn a_plain_command_is_exactly_its_name_and_is_answered_by_name() {
    let mut exchange = exchange(Command::LockDoors, Form::Plain);
    let deeds = exchange.handle(at(0), Input::Up);
    assert_eq!(published(&deeds), [(Purpose::Command, Topic::Commands, r#"{"CMD":"LOCK_DOORS"}"#)]);
    for other in [
        r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"UNLOCK_DOORS"}"#,
        r#"{"CMD":"LOCK_DOORS","ID":"x","STATE":"SUCCEEDED"}"#,
    ] {
        assert!(hear(&mut exchange, 1, Topic::ExecutedCommands, other).is_empty(), "{other}");
    }
    let deeds =
        hear(&mut exchange, 2, Topic::ExecutedCommands, r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"LOCK_DOORS"}"#);
    assert_eq!((finished(&deeds).exit, finished(&deeds).id.as_ref()), (Exit::Done, None));
}

#[test]
fn a_plain_failure_comes_with_the_name_and_without_an_id() {
    let mut exchange = exchange(Command::UnlockDoors, Form::Plain);
    exchange.handle(at(0), Input::Up);
    let deeds = hear(
        &mut exchange,
        2,
        Topic::ExecutedCommands,
        r#"{"CMD":"UNLOCK_DOORS","STATE":"REJECTED","REASON":"MOVING"}"#,
    );
    let report = finished(&deeds);
    assert_eq!((report.exit, report.reason), (Exit::NotSucceeded, Some(Reason::Moving)));
    assert_eq!(report.next_step.as_deref(), Some("control-console send rover-1 brake"));
}

#[test]
fn a_stop_is_sent_at_once_and_repeated_with_its_id_until_answered() {
    let mut exchange = exchange(Command::EmergencyStop, Form::Identified);
    let stop = [(Purpose::Command, Topic::Commands, r#"{"CMD":"EMERGENCY_STOP","ID":"id-1"}"#)];
    assert_eq!(published(&exchange.handle(at(0), Input::Up)), stop);
    assert_eq!(exchange.deadline(), Some(at(500)));
    assert!(exchange.handle(at(499), Input::Tick).is_empty());
    assert_eq!(published(&exchange.handle(at(500), Input::Tick)), stop);
    exchange.handle(at(600), Input::Down("cut"));
    assert!(exchange.handle(at(1200), Input::Tick).is_empty(), "nothing into an outage");
    assert_eq!(published(&exchange.handle(at(1300), Input::Up)), stop);
    let deeds =
        hear(&mut exchange, 1400, Topic::ExecutedCommands, &answer("EMERGENCY_STOP", "id-1", "SUCCEEDED"));
    assert_eq!(finished(&deeds).exit, Exit::Done);
    assert_eq!(exchange.deadline(), None);
}

#[test]
fn a_command_is_sent_once_whatever_the_link_does() {
    let mut exchange = sent(Command::LockDoors);
    exchange.handle(at(200), Input::Down("cut"));
    assert!(exchange.handle(at(300), Input::Up).is_empty());
    assert!(hear(&mut exchange, 400, Topic::Session, &session(1, 61_000)).is_empty());
    let deeds = hear(&mut exchange, 500, Topic::ExecutedCommands, &answer("LOCK_DOORS", "id-1", "SUCCEEDED"));
    assert_eq!(finished(&deeds).exit, Exit::Done, "an answer after the link is back still counts");
}

#[test]
fn a_link_lost_before_the_broker_confirmed_leaves_the_outcome_unknown() {
    let mut exchange = sent(Command::LockDoors);
    exchange.handle(at(200), Input::Down("cut"));
    let deeds = exchange.handle(at(5100), Input::Tick);
    let report = finished(&deeds);
    assert_eq!((report.outcome, report.exit), (Outcome::Unknown, Exit::NoAnswer));
    assert!(report.detail.as_ref().unwrap().contains("did not confirm"), "{report:?}");
}

#[test]
fn what_never_left_is_sent_when_the_link_is_back() {
    let mut exchange = sent(Command::LockDoors);
    assert!(exchange.handle(at(100), Input::Unsent(Purpose::Command)).is_empty());
    let deeds = exchange.handle(at(300), Input::Up);
    assert_eq!(published(&deeds).first().map(|(purpose, ..)| *purpose), Some(Purpose::Command));
}

#[test]
fn presence_tells_an_absent_vehicle_from_a_silent_one() {
    for (told, exit) in [
        (None, Exit::VehicleAway),
        (Some("OFFLINE"), Exit::VehicleAway),
        (Some("CONNECTION_BROKEN"), Exit::VehicleAway),
        (Some("ONLINE"), Exit::NoAnswer),
        (Some("SLEEPING"), Exit::NoAnswer),
    ] {
        let mut exchange = exchange(Command::LockDoors, Form::Timed);
        exchange.handle(at(0), Input::Up);
        if let Some(state) = told {
            hear(&mut exchange, 1, Topic::Presence, &presence(state));
        }
        let deeds = exchange.handle(at(5000), Input::Tick);
        let report = finished(&deeds);
        assert_eq!((report.outcome, report.exit), (Outcome::NotSent, exit), "{told:?}");
    }
}

#[test]
fn a_broker_that_never_comes_is_named_with_its_last_failure() {
    let mut exchange = exchange(Command::LockDoors, Form::Timed);
    exchange.handle(at(10), Input::Down("connection refused"));
    let deeds = exchange.handle(at(5000), Input::Tick);
    let report = finished(&deeds);
    assert_eq!((report.exit, report.detail.as_deref()), (Exit::BrokerNotReached, Some("connection refused")));
}

#[test]
fn a_link_that_can_not_be_had_ends_it_at_once() {
    let fault = Fault::new(Exit::NotAuthorised, "refused", "ask");
    let mut exchange = exchange(Command::LockDoors, Form::Timed);
    let deeds = exchange.handle(at(10), Input::Barred(&fault));
    assert_eq!((finished(&deeds).exit, finished(&deeds).outcome), (Exit::NotAuthorised, Outcome::NotSent));
}

#[test]
fn every_executing_restarts_the_silence() {
    let mut exchange = sent(Command::Park);
    for now in [5000, 9900, 14_800] {
        let deeds = hear(&mut exchange, now, Topic::ExecutedCommands, &answer("PARK", "id-1", "EXECUTING"));
        assert!(matches!(deeds[..], [Deed::Progress(_)]));
        assert_eq!(exchange.deadline(), Some(at(now + 5000)));
    }
    let deeds = exchange.handle(at(19_800), Input::Tick);
    assert_eq!(finished(&deeds).outcome, Outcome::Unknown);
}

#[test]
fn motion_is_kept_alive_while_it_is_awaited_and_nothing_else_is() {
    let mut moving = sent(Command::RotateLeft(Degrees::new(90.0)));
    let beat = [(Purpose::Heartbeat, Topic::Drive, r#"{"CMD":"HEARTBEAT"}"#)];
    assert!(moving.handle(at(299), Input::Tick).is_empty());
    assert_eq!(published(&moving.handle(at(300), Input::Tick)), beat);
    assert_eq!(published(&moving.handle(at(500), Input::Tick)), beat);
    moving.handle(at(600), Input::Down("cut"));
    assert!(moving.handle(at(800), Input::Tick).is_empty());
    let mut standing = sent(Command::LockDoors);
    assert!(standing.handle(at(2000), Input::Tick).is_empty());
}

#[test]
fn a_signal_during_motion_brakes_before_it_leaves() {
    let mut exchange = sent(Command::Accelerate);
    let deeds = exchange.handle(at(200), Input::Leave(Exit::Interrupted));
    assert_eq!(published(&deeds), [(Purpose::Brake, Topic::Commands, r#"{"CMD":"BRAKE","ID":"id-2"}"#)]);
    assert!(exchange.handle(at(900), Input::Tick).is_empty(), "no heartbeat keeps it moving now");
    let deeds = exchange.handle(at(950), Input::Acknowledged(Purpose::Brake));
    assert_eq!((finished(&deeds).exit, finished(&deeds).outcome), (Exit::Interrupted, Outcome::Unknown));
}

#[test]
fn a_signal_is_obeyed_within_a_second_even_without_a_broker_and_at_once_when_nothing_moves() {
    let mut moving = sent(Command::Accelerate);
    moving.handle(at(150), Input::Down("cut"));
    assert!(moving.handle(at(200), Input::Leave(Exit::Terminated)).is_empty());
    assert_eq!(moving.deadline(), Some(at(1200)));
    assert_eq!(finished(&moving.handle(at(1200), Input::Tick)).exit, Exit::Terminated);
    let mut standing = sent(Command::LockDoors);
    assert_eq!(finished(&standing.handle(at(200), Input::Leave(Exit::Terminated))).exit, Exit::Terminated);
    let mut twice = sent(Command::Accelerate);
    twice.handle(at(200), Input::Leave(Exit::Interrupted));
    assert_eq!(finished(&twice.handle(at(210), Input::Leave(Exit::Interrupted))).exit, Exit::Interrupted);
}

#[test]
fn a_setpoint_has_arrived_when_what_follows_it_is_answered_and_nothing_refused_it() {
    let drive = Command::Drive(Setpoint { hold_ms: 300, ..Setpoint::default() });
    let mut exchange = exchange(drive.clone(), Form::Timed);
    exchange.handle(at(0), Input::Up);
    let deeds = hear(&mut exchange, 100, Topic::Session, &session(1, 60_000));
    let told: Vec<(Purpose, Topic)> = published(&deeds).iter().map(|(p, t, _)| (*p, *t)).collect();
    assert_eq!(told, [(Purpose::Command, Topic::Drive), (Purpose::Companion, Topic::Commands)]);
    let deeds =
        hear(&mut exchange, 130, Topic::ExecutedCommands, &answer("REPORT_STATUS", "id-2", "SUCCEEDED"));
    assert_eq!((finished(&deeds).exit, finished(&deeds).round_trip), (Exit::Done, Some(at(30))));
    let mut refused = sent(drive);
    let deeds = hear(&mut refused, 130, Topic::ExecutedCommands, &answer("DRIVE", "id-1", "REJECTED"));
    assert_eq!(finished(&deeds).exit, Exit::NotSucceeded);
}

#[test]
fn a_cancel_is_told_from_the_command_that_it_ends() {
    let mut exchange = sent(Command::Cancel("id-1".parse().unwrap()));
    assert!(
        hear(&mut exchange, 200, Topic::ExecutedCommands, &answer("PARK", "id-1", "CANCELED")).is_empty()
    );
    let deeds = hear(&mut exchange, 201, Topic::ExecutedCommands, &answer("CANCEL", "id-1", "SUCCEEDED"));
    assert_eq!(finished(&deeds).exit, Exit::Done);
}

#[test]
fn garbage_is_counted_and_told() {
    let mut exchange = sent(Command::LockDoors);
    hear(&mut exchange, 150, Topic::Presence, &presence("ONLINE"));
    for garbage in ["", "{", "[1]", "{\"STATE\":\"DANCING\"}", "\u{0}"] {
        assert!(hear(&mut exchange, 200, Topic::ExecutedCommands, garbage).is_empty());
    }
    let deeds = exchange.handle(at(5100), Input::Tick);
    assert!(finished(&deeds).detail.as_ref().unwrap().ends_with("5 of its answers could not be read"));
}

fn record() -> Record {
    Record::sent(Mark::Id("x".parse().unwrap(), CommandName::Park), SILENCE, at(0))
}

fn heard(state: &str) -> Heard {
    Heard { answer: serde_json::from_str(&answer("PARK", "x", state)).unwrap(), trust: Trust::Unproven }
}

#[test]
fn a_late_answer_corrects_the_record_and_a_second_one_does_not() {
    let mut record = record();
    assert_eq!(record.pass(at(4999)), Change::None);
    assert_eq!(record.pass(at(5000)), Change::Unknown);
    assert_eq!(record.hear(&heard("FAILED"), at(9000)), Change::Corrected);
    assert_eq!(record.hear(&heard("SUCCEEDED"), at(9001)), Change::Repeated);
    assert_eq!(record.hear(&heard("EXECUTING"), at(9002)), Change::Repeated);
    assert_eq!(record.answer().map(|answer| answer.state), Some(State::Failed));
    assert_eq!(record.round_trip(), Some(at(9000)));
}

proptest! {
    #[test]
    fn exactly_one_terminal_answer_counts_whatever_comes_when(
        steps in prop::collection::vec((0u64..8000, 0usize..5), 0..30),
    ) {
        let (mut record, mut now, mut terminal, mut unknown) = (record(), 0, 0, false);
        for (wait, step) in steps {
            now += wait;
            let change = match step {
                0 => record.pass(at(now)),
                1 => record.hear(&heard("EXECUTING"), at(now)),
                2 => record.hear(&heard("SUCCEEDED"), at(now)),
                3 => record.hear(&heard("FAILED"), at(now)),
                _ => {
                    let answer = serde_json::from_str(&answer("PARK", "other", "FAILED")).unwrap();
                    record.hear(&Heard { answer, trust: Trust::Unproven }, at(now))
                }
            };
            match change {
                Change::Answered => { prop_assert!(!unknown); terminal += 1; }
                Change::Corrected => { prop_assert!(unknown); terminal += 1; }
                Change::Unknown => { prop_assert_eq!(terminal, 0); unknown = true; }
                Change::Progress => { prop_assert_eq!(terminal, 0); unknown = false; }
                Change::None | Change::Repeated | Change::Doubted => {}
            }
        }
        prop_assert!(terminal <= 1);
        prop_assert_eq!(record.answer().is_some(), terminal == 1);
    }

    #[test]
    fn no_message_of_any_kind_makes_a_command_leave_twice(
        steps in prop::collection::vec((0u64..3000, 0usize..10), 0..40),
    ) {
        let mut exchange = exchange(Command::LockDoors, Form::Timed);
        let (mut now, mut sent, mut ends) = (0, 0, 0);
        for (wait, step) in steps {
            now += wait;
            let deeds = match step {
                0 | 1 => exchange.handle(at(now), Input::Up),
                2 => exchange.handle(at(now), Input::Down("cut")),
                3 | 4 => hear(&mut exchange, now, Topic::Session, &session(1, 60_000)),
                5 => hear(&mut exchange, now, Topic::ExecutedCommands, &answer("LOCK_DOORS", "id-1", "EXECUTING")),
                6 => hear(&mut exchange, now, Topic::ExecutedCommands, "garbage"),
                7 => hear(&mut exchange, now, Topic::Session, "garbage"),
                8 => exchange.handle(at(now), Input::Acknowledged(Purpose::Command)),
                _ => exchange.handle(at(now), Input::Tick),
            };
            for deed in deeds {
                sent += usize::from(matches!(deed, Deed::Publish(Purpose::Command, ..)));
                ends += usize::from(matches!(deed, Deed::Finished(_)));
            }
        }
        prop_assert!(sent <= 1);
        prop_assert!(ends <= 1);
        prop_assert_eq!(exchange.deadline().is_none(), ends == 1);
    }
}
