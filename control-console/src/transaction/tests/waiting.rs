//! The time until the answer.

use super::*;

#[test]
fn every_executing_restarts_the_silence() {
    let mut exchange = sent(Command::Park);
    for now in [5000, 9900, 14_800] {
        let actions = hear(&mut exchange, now, Topic::ExecutedCommands, &answer("PARK", "id-1", "EXECUTING"));
        assert!(matches!(actions[..], [Action::Progress(_)]));
        assert_eq!(exchange.deadline(), Some(at(now + 5000)));
    }
    let actions = exchange.handle(at(19_800), Input::Tick);
    assert_eq!(finished(&actions).outcome, Outcome::Unknown);
}

#[test]
fn motion_is_kept_alive_while_it_is_awaited_and_nothing_else_is() {
    let mut moving = exchange(Command::RotateLeft(Degrees::new(90.0)), Form::Timed);
    moving.channel.describe(LimitsDescription { operator_timeout_ms: 600, ..LimitsDescription::default() });
    moving.handle(at(0), Input::Up);
    hear(&mut moving, 100, Topic::Session, &session(1, 60_000));
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
    let actions = exchange.handle(at(200), Input::Leave(Exit::Interrupted));
    assert_eq!(published(&actions), [(Purpose::Brake, Topic::Commands, r#"{"CMD":"BRAKE","ID":"id-2"}"#)]);
    assert!(exchange.handle(at(900), Input::Tick).is_empty(), "no heartbeat keeps it moving now");
    let actions = exchange.handle(at(950), Input::Acknowledged(Purpose::Brake));
    assert_eq!((finished(&actions).exit, finished(&actions).outcome), (Exit::Interrupted, Outcome::Unknown));
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
fn garbage_is_counted_and_told() {
    let mut exchange = sent(Command::LockDoors);
    hear(&mut exchange, 150, Topic::Presence, &presence("ONLINE"));
    for garbage in ["", "{", "[1]", "{\"STATE\":\"DANCING\"}", "\u{0}"] {
        assert!(hear(&mut exchange, 200, Topic::ExecutedCommands, garbage).is_empty());
    }
    let actions = exchange.handle(at(5100), Input::Tick);
    assert!(finished(&actions).detail.as_ref().unwrap().ends_with("5 of its answers could not be read"));
}
