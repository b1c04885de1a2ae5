//! Links that come, go, or never come, and vehicles that are not there.

use super::*;

#[test]
fn a_command_is_sent_once_whatever_the_link_does() {
    let mut exchange = sent(Command::LockDoors);
    exchange.handle(at(200), Input::Down("cut"));
    assert!(exchange.handle(at(300), Input::Up).is_empty());
    assert!(hear(&mut exchange, 400, Topic::Session, &session(1, 61_000)).is_empty());
    let actions =
        hear(&mut exchange, 500, Topic::ExecutedCommands, &answer("LOCK_DOORS", "id-1", "SUCCEEDED"));
    assert_eq!(finished(&actions).exit, Exit::Done, "an answer after the link is back still counts");
}

#[test]
fn a_link_lost_before_the_broker_confirmed_leaves_the_outcome_unknown() {
    let mut exchange = sent(Command::LockDoors);
    exchange.handle(at(200), Input::Down("cut"));
    let actions = exchange.handle(at(5100), Input::Tick);
    let report = finished(&actions);
    assert_eq!((report.outcome, report.exit), (Outcome::Unknown, Exit::NoAnswer));
    assert!(report.detail.as_ref().unwrap().contains("did not confirm"), "{report:?}");
}

#[test]
fn what_never_left_is_sent_when_the_link_is_back() {
    let mut exchange = sent(Command::LockDoors);
    assert!(exchange.handle(at(100), Input::Unsent(Purpose::Command)).is_empty());
    let actions = exchange.handle(at(300), Input::Up);
    assert_eq!(published(&actions).first().map(|(purpose, ..)| *purpose), Some(Purpose::Command));
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
        let actions = exchange.handle(at(5000), Input::Tick);
        let report = finished(&actions);
        assert_eq!((report.outcome, report.exit), (Outcome::NotSent, exit), "{told:?}");
    }
}

#[test]
fn a_broker_that_never_comes_is_named_with_its_last_failure() {
    let mut exchange = exchange(Command::LockDoors, Form::Timed);
    exchange.handle(at(10), Input::Down("connection refused"));
    let actions = exchange.handle(at(5000), Input::Tick);
    let report = finished(&actions);
    assert_eq!((report.exit, report.detail.as_deref()), (Exit::BrokerNotReached, Some("connection refused")));
}

#[test]
fn a_link_that_can_not_be_had_ends_it_at_once() {
    let fault = Fault::new(Exit::NotAuthorised, "refused", "ask");
    let mut exchange = exchange(Command::LockDoors, Form::Timed);
    let actions = exchange.handle(at(10), Input::Barred(&fault));
    assert_eq!(
        (finished(&actions).exit, finished(&actions).outcome),
        (Exit::NotAuthorised, Outcome::NotSent)
    );
}

#[test]
fn a_stop_leaves_on_connack_and_again_when_answers_can_be_heard_and_nothing_else_does() {
    for (command, leaves) in [
        (Command::EmergencyStop, 1),
        (Command::Brake, 1),
        (Command::TurnOffEngine, 1),
        (Command::LockDoors, 0),
    ] {
        let mut exchange = exchange(command.clone(), Form::Identified);
        let actions = exchange.handle(at(10), Input::Connected);
        assert_eq!(published(&actions).len(), leaves, "{command:?}");
        assert_eq!(published(&exchange.handle(at(20), Input::Up)).len(), 1, "{command:?}");
    }
}

#[test]
fn a_refused_subscription_ends_a_command_at_once_and_a_stop_never() {
    let fault = Fault::new(Exit::NotAuthorised, "the broker forbids it", "change the access list");
    let mut command = exchange(Command::LockDoors, Form::Identified);
    command.handle(at(10), Input::Connected);
    assert_eq!(finished(&command.handle(at(20), Input::NotGranted(&fault))).exit, Exit::NotAuthorised);

    let mut stop = exchange(Command::EmergencyStop, Form::Identified);
    stop.handle(at(10), Input::Connected);
    assert!(stop.handle(at(20), Input::NotGranted(&fault)).is_empty());
    assert_eq!(published(&stop.handle(at(510), Input::Tick)).len(), 1, "repeated without an answer");
    let report = finished(&stop.handle(at(5_010), Input::Tick)).clone();
    assert_eq!((report.outcome, report.exit), (Outcome::Unknown, Exit::NoAnswer));
    assert!(report.detail.unwrap().contains("may or may not have stopped"));
}
