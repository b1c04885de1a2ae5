//! Traces of connections, answers and stops.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers are bounded by the strategies")]

use super::*;
use crate::keyring::Keyring;
use crate::transaction::{Form, Outcome};
use proptest::prelude::*;
use std::time::Duration;
use vehicle_protocol::{Command, Encoding, Nonce};

const SILENCE: Duration = Duration::from_secs(5);

const fn at(milliseconds: u64) -> Moment {
    Duration::from_millis(milliseconds)
}

fn id(number: usize) -> VehicleId {
    format!("rover-{number}").parse().unwrap()
}

fn transactions() -> Transactions {
    let keys = Keyring::new(None).load();
    Transactions::new(Root::default(), Sessions::new(keys, Encoding::Json, Nonce([1; 16])))
}

fn request(vehicle: usize, command: Command, name: &str) -> Request {
    let topics = Root::default().vehicle(id(vehicle));
    let [id, companion] = [name.to_owned(), format!("{name}-c")].map(|id| id.parse().unwrap());
    Request { topics, command, form: Form::Identified, id, companion, silence: SILENCE }
}

/// The vehicles to which a stop of this name is published, in order.
fn stops(actions: &[Action], name: CommandName) -> Vec<VehicleId> {
    let stop = |action: &Action| match action {
        Action::Publish { vehicle, announce, .. } => {
            announce.filter(|stop| *stop == name).map(|_| vehicle.clone())
        }
        Action::RequestSession { .. } | Action::Notify(_) => None,
    };
    actions.iter().filter_map(stop).collect()
}

fn answer(vehicle: usize, text: &str) -> Input<'_> {
    let (topic, payload) = (Topic::ExecutedCommands, text.as_bytes());
    Input::Message { vehicle: id(vehicle), topic, payload, retained: false }
}

#[test]
fn an_emergency_stop_goes_out_before_everything_else_that_waited_for_the_connection() {
    let mut client = transactions();
    for number in 0..5 {
        client.handle(at(0), Input::Begin(request(number, Command::LockDoors, "lock")));
    }
    client.handle(at(1), Input::Begin(request(9, Command::EmergencyStop, "stop")));
    assert_eq!(stops(&client.handle(at(2), Input::Connected), CommandName::EmergencyStop), [id(9)]);
    let actions = client.handle(at(3), Input::Subscribed);
    let first = actions.iter().find(|action| matches!(action, Action::Publish { .. })).unwrap();
    assert_eq!(stops(std::slice::from_ref(first), CommandName::EmergencyStop), [id(9)]);
}

#[test]
fn a_stop_that_is_answered_is_over_and_one_of_another_vehicle_is_not() {
    let mut client = transactions();
    client.handle(at(0), Input::Connected);
    client.handle(at(0), Input::Subscribed);
    for number in [1, 2] {
        client.handle(at(1), Input::Begin(request(number, Command::EmergencyStop, "stop")));
    }
    let text = r#"{"CMD":"EMERGENCY_STOP","ID":"stop","STATE":"SUCCEEDED","SUCCESSFULLY_PROCESSED_COMMAND":"EMERGENCY_STOP"}"#;
    let told = client.handle(at(9), answer(1, text));
    assert!(
        told.iter().any(
            |action| matches!(action, Action::Notify(News::Finished(report)) if report.exit == Exit::Done)
        )
    );
    assert_eq!(stops(&client.handle(at(501), Input::Tick), CommandName::EmergencyStop), [id(2)]);
}

#[test]
fn a_stop_without_an_answer_ends_as_unknown_and_never_as_not_sent() {
    let mut client = transactions();
    client.handle(at(0), Input::Connected);
    client.handle(at(0), Input::Begin(request(1, Command::EmergencyStop, "stop")));
    let told = client.handle(at(5_000), Input::Tick);
    let [Action::Notify(News::Finished(report))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((report.outcome, report.exit), (Outcome::Unknown, Exit::NoAnswer));
}

#[test]
fn what_still_waits_when_a_stop_is_asked_for_never_leaves_after_it() {
    let mut client = transactions();
    for (command, name) in
        [(Command::Accelerate, "a"), (Command::ClearEmergencyStop, "c"), (Command::LockDoors, "l")]
    {
        client.handle(at(0), Input::Begin(Request { form: Form::Timed, ..request(1, command, name) }));
    }
    client.handle(at(0), Input::Begin(request(2, Command::Accelerate, "other")));
    let told = client.handle(at(1), Input::Begin(request(1, Command::EmergencyStop, "stop")));
    let ended = |action: &Action| matches!(action, Action::Notify(News::Finished(report)) if report.outcome == Outcome::NotSent);
    assert_eq!(told.iter().filter(|action| ended(action)).count(), 2, "{told:?}");
    assert!(!client.has_pending(&id(1), Some(CommandName::Accelerate)));
    assert!(client.has_pending(&id(1), Some(CommandName::LockDoors)), "doors undo no stop");
    assert!(client.has_pending(&id(2), Some(CommandName::Accelerate)), "another vehicle");
}

#[test]
fn vehicles_that_nobody_speaks_to_get_no_session() {
    let mut client = transactions();
    client.handle(at(0), Input::Connected);
    client.handle(at(0), Input::Subscribed);
    for number in 0..1_000 {
        for (topic, payload) in [
            (Topic::Session, r#"{"NONCE":"00112233445566778899aabbccddeeff"}"#),
            (Topic::ExecutedCommands, r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"PARK"}"#),
            (Topic::Presence, r#"{"state":"ONLINE","epoch":"07070707070707070707070707070707","link":1}"#),
        ] {
            let (vehicle, payload) = (id(number), payload.as_bytes());
            client.handle(at(1), Input::Message { vehicle, topic, payload, retained: false });
        }
    }
    assert_eq!(client.sessions.iter().count(), 0);
    client.handle(at(2), Input::Begin(request(7, Command::Brake, "brake")));
    assert_eq!(client.sessions.iter().count(), 1);
    assert!(client.sessions.session(&id(7)).presence().is_some(), "what was said before is known");
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    Connected,
    Subscribed,
    Lost,
    NotGranted,
    Tick,
    Lock(usize),
    Stop(usize),
    Again(usize),
    Unsent,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        2 => Just(Happening::Connected),
        2 => Just(Happening::Subscribed),
        1 => Just(Happening::Lost),
        1 => Just(Happening::NotGranted),
        2 => Just(Happening::Tick),
        2 => (0usize..3).prop_map(Happening::Lock),
        3 => (0usize..3).prop_map(Happening::Stop),
        2 => (0usize..3).prop_map(Happening::Again),
        1 => Just(Happening::Unsent),
    ];
    prop::collection::vec(one, 1..60)
}

proptest! {
    #[test]
    fn a_stop_leaves_in_the_step_that_asks_for_it_or_in_that_of_the_next_connack(trace in happenings()) {
        let mut client = transactions();
        let (mut connected, mut waiting) = (false, std::collections::BTreeSet::new());
        for (step, happening) in (0u64..).zip(trace) {
            let now = at(step * 10);
            let fault = Fault::new(Exit::NotAuthorised, "refused", "ask");
            let vehicle;
            let input = match happening {
                Happening::Connected if connected => Input::Tick,
                Happening::Connected => Input::Connected,
                Happening::Subscribed if !connected => Input::Tick,
                Happening::Subscribed => Input::Subscribed,
                Happening::Lost => Input::Lost(Advice::new("cut", "try again")),
                Happening::NotGranted => Input::NotGranted(fault),
                Happening::Tick => Input::Tick,
                Happening::Lock(number) => Input::Begin(request(number, Command::LockDoors, &format!("l{step}"))),
                Happening::Stop(number) => {
                    waiting.insert(id(number));
                    Input::Begin(request(number, Command::EmergencyStop, &format!("s{step}")))
                }
                Happening::Again(number) => {
                    vehicle = id(number);
                    if client.has_pending(&vehicle, Some(CommandName::EmergencyStop)) {
                        waiting.insert(vehicle.clone());
                    }
                    Input::StopAgain(&vehicle, CommandName::EmergencyStop)
                }
                Happening::Unsent => Input::Unsent((usize::MAX, Purpose::Command)),
            };
            connected = !matches!(input, Input::Lost(_)) && (connected || matches!(input, Input::Connected));
            for stopped in stops(&client.handle(now, input), CommandName::EmergencyStop) {
                waiting.remove(&stopped);
            }
            prop_assert!(!connected || waiting.is_empty(), "{happening:?} left {waiting:?}");
        }
    }
}
