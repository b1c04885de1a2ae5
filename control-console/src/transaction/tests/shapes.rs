//! What is sent, and by what its answer is known.

use super::*;

#[test]
fn a_timed_command_follows_its_session_and_expires_by_the_vehicles_clock() {
    let mut exchange = exchange(Command::RotateLeft(Degrees::new(90.0)), Form::Timed);
    assert!(exchange.handle(at(10), Input::Up).is_empty());
    assert_eq!(exchange.requests, [r#"{"NONCE":"01010101010101010101010101010101"}"#]);
    assert!(hear(&mut exchange, 20, Topic::Session, &session(9, 5)).is_empty(), "of another's request");
    let actions = hear(&mut exchange, 30, Topic::Session, &session(1, 60_000));
    let [(Purpose::Command, Topic::Commands, text)] = published(&actions)[..] else { panic!("{actions:?}") };
    let envelope = json::decode(text.as_bytes()).unwrap();
    let shape = Shape::Timed { id: "id-1".parse().unwrap(), epoch: Epoch([7; 16]), expires: 62_000 };
    assert_eq!((envelope.command, envelope.shape), (Command::RotateLeft(Degrees::new(90.0)), shape));
    let actions =
        hear(&mut exchange, 42, Topic::ExecutedCommands, &answer("ROTATE_LEFT", "id-1", "SUCCEEDED"));
    let report = finished(&actions);
    assert_eq!((report.outcome, report.exit), (Outcome::Answered(State::Succeeded), Exit::Done));
    assert_eq!(report.round_trip, Some(at(12)));
}

#[test]
fn a_plain_command_is_exactly_its_name_and_is_answered_by_name() {
    let mut exchange = exchange(Command::LockDoors, Form::Plain);
    let actions = exchange.handle(at(0), Input::Up);
    assert_eq!(published(&actions), [(Purpose::Command, Topic::Commands, r#"{"CMD":"LOCK_DOORS"}"#)]);
    for other in [
        r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"UNLOCK_DOORS"}"#,
        r#"{"CMD":"LOCK_DOORS","ID":"x","STATE":"SUCCEEDED"}"#,
    ] {
        assert!(hear(&mut exchange, 1, Topic::ExecutedCommands, other).is_empty(), "{other}");
    }
    let actions =
        hear(&mut exchange, 2, Topic::ExecutedCommands, r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"LOCK_DOORS"}"#);
    assert_eq!((finished(&actions).exit, finished(&actions).id.as_ref()), (Exit::Done, None));
}

#[test]
fn a_plain_failure_comes_with_the_name_and_without_an_id() {
    let mut exchange = exchange(Command::UnlockDoors, Form::Plain);
    exchange.handle(at(0), Input::Up);
    let actions = hear(
        &mut exchange,
        2,
        Topic::ExecutedCommands,
        r#"{"CMD":"UNLOCK_DOORS","STATE":"REJECTED","REASON":"MOVING"}"#,
    );
    let report = finished(&actions);
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
    let actions =
        hear(&mut exchange, 1400, Topic::ExecutedCommands, &answer("EMERGENCY_STOP", "id-1", "SUCCEEDED"));
    assert_eq!(finished(&actions).exit, Exit::Done);
    assert_eq!(exchange.deadline(), None);
}

#[test]
fn a_setpoint_has_arrived_when_what_follows_it_is_answered_and_nothing_refused_it() {
    let drive = Command::Drive(Setpoint { hold_ms: 300, ..Setpoint::default() });
    let mut exchange = exchange(drive.clone(), Form::Timed);
    exchange.handle(at(0), Input::Up);
    let actions = hear(&mut exchange, 100, Topic::Session, &session(1, 60_000));
    let told: Vec<(Purpose, Topic)> = published(&actions).iter().map(|(p, t, _)| (*p, *t)).collect();
    assert_eq!(told, [(Purpose::Command, Topic::Drive), (Purpose::Companion, Topic::Commands)]);
    let actions =
        hear(&mut exchange, 130, Topic::ExecutedCommands, &answer("REPORT_STATUS", "id-2", "SUCCEEDED"));
    assert_eq!((finished(&actions).exit, finished(&actions).round_trip), (Exit::Done, Some(at(30))));
    let mut refused = sent(drive);
    let actions = hear(&mut refused, 130, Topic::ExecutedCommands, &answer("DRIVE", "id-1", "REJECTED"));
    assert_eq!(finished(&actions).exit, Exit::NotSucceeded);
}

#[test]
fn a_cancel_is_told_from_the_command_that_it_ends() {
    let mut exchange = sent(Command::Cancel("id-1".parse().unwrap()));
    assert!(
        hear(&mut exchange, 200, Topic::ExecutedCommands, &answer("PARK", "id-1", "CANCELED")).is_empty()
    );
    let actions = hear(&mut exchange, 201, Topic::ExecutedCommands, &answer("CANCEL", "id-1", "SUCCEEDED"));
    assert_eq!(finished(&actions).exit, Exit::Done);
}
