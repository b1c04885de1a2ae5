//! The conversation of a console that has a key, with a vehicle that has it too.

use super::{SILENCE, Talk, at};
use crate::exit::Exit;
use crate::transaction::{
    Action, Form, Input, Outcome, PendingCommand, Purpose, Report, Request, VehicleSession,
};
use vehicle_protocol::auth::{KeyFile, Role};
use vehicle_protocol::{
    Answer, AnswerForm, Command, Encoding, Epoch, Nonce, Reason, Root, SequenceRef, SessionId, Shape,
    Signature, State, json,
};

const EPOCH: Epoch = Epoch([7; 16]);
const SID: SessionId = SessionId([1; 4]);

fn key() -> KeyFile {
    KeyFile {
        vehicle: "rover-1".parse().unwrap(),
        key: "tablet".parse().unwrap(),
        role: Role::Driver,
        secret: [9; 32].into(),
    }
}

fn talk(command: Command) -> Talk {
    let topics = Root::default().vehicle("rover-1".parse().unwrap());
    let [id, companion] = ["id-1", "id-2"].map(|id| id.parse().unwrap());
    let channel = VehicleSession::new(topics.id().clone(), Some(key()), Encoding::Json, Nonce([1; 16]));
    let errand = Request { topics, command, form: Form::Timed, id, companion, silence: SILENCE };
    Talk { exchange: PendingCommand::new(errand, at(0)), channel, requests: Vec::new() }
}

fn grant(talk: &mut Talk, now: u64, sid: SessionId) -> Vec<Action> {
    let nonce = talk.channel.nonce();
    let answer = serde_json::to_vec(&key().signer().session_answer(nonce, EPOCH, sid, 60_000)).unwrap();
    assert!(talk.channel.agree(&answer, at(now)).unwrap().is_some());
    talk.handle(at(now), Input::Agreed)
}

/// The one command that leaves, and its signature.
fn left(actions: &[Action]) -> (Command, Signature) {
    let [Action::Publish(Purpose::Command, _, payload)] = actions else { panic!("{actions:?}") };
    let envelope = json::decode(payload).unwrap();
    assert!(key().signer().verifies_command(&envelope));
    let Shape::Signed(signature) = envelope.shape else { panic!("{envelope:?}") };
    (envelope.command, signature)
}

fn answer(to: &(Command, Signature), state: State, reason: Option<Reason>) -> Answer {
    let answer = Answer {
        form: AnswerForm::Full,
        command: Some(to.0.name()),
        id: to.1.id.clone(),
        state,
        reason,
        detail: None,
        progress: None,
        clock: Some(60_010),
        proof: None,
    };
    let place = to.1.session.map(|session| SequenceRef { sid: session.sid, counter: session.counter });
    key().signer().answer(answer, EPOCH, place)
}

fn hear(talk: &mut Talk, now: u64, answer: &Answer) -> Vec<Action> {
    let heard = talk.channel.open(&serde_json::to_vec(answer).unwrap(), at(now)).unwrap().unwrap();
    talk.handle(at(now), Input::Answer(&heard))
}

fn report(actions: &[Action]) -> &Report {
    let [Action::Finished(report)] = actions else { panic!("{actions:?}") };
    report
}

#[test]
fn a_command_is_signed_in_a_session_and_only_the_vehicles_answer_counts() {
    let mut talk = talk(Command::LockDoors);
    assert!(talk.handle(at(0), Input::Up).is_empty());
    assert_eq!(talk.requests.len(), 1);
    let unsigned = format!(r#"{{"NONCE":"{}","EPOCH":"{EPOCH}","CLOCK":5}}"#, Nonce([1; 16]));
    assert_eq!(talk.channel.agree(unsigned.as_bytes(), at(1)).unwrap(), None);
    assert_eq!(talk.channel.forged(), 1);
    let sent = left(&grant(&mut talk, 2, SID));
    let session = sent.1.session.unwrap();
    assert_eq!((session.sid, session.counter, session.expires), (SID, 1, 70_000));
    let done = answer(&sent, State::Succeeded, None);
    assert!(hear(&mut talk, 3, &Answer { proof: None, ..done.clone() }).is_empty(), "stripped");
    assert!(hear(&mut talk, 3, &Answer { clock: Some(1), ..done.clone() }).is_empty(), "altered");
    let mut other = sent.clone();
    other.1.session.as_mut().unwrap().counter = 2;
    assert!(hear(&mut talk, 3, &answer(&other, State::Succeeded, None)).is_empty(), "to another command");
    assert_eq!(report(&hear(&mut talk, 4, &done)).exit, Exit::Done);
}

#[test]
fn what_nobody_proves_leaves_the_outcome_unknown_and_names_the_key_as_the_reason() {
    for (state, reason, exit) in [
        (State::Succeeded, None, Exit::NoAnswer),
        (State::Rejected, Some(Reason::Moving), Exit::NoAnswer),
        (State::Rejected, Some(Reason::UnknownKey), Exit::NotAuthorised),
        (State::Rejected, Some(Reason::BadMac), Exit::NotAuthorised),
    ] {
        let mut talk = talk(Command::LockDoors);
        talk.handle(at(0), Input::Up);
        let sent = left(&grant(&mut talk, 2, SID));
        assert!(hear(&mut talk, 10, &Answer { proof: None, ..answer(&sent, state, reason) }).is_empty());
        assert!(talk.handle(at(1_009), Input::Tick).is_empty(), "the vehicle's own may still come");
        let actions = talk.handle(at(1_010), Input::Tick);
        let told = report(&actions);
        assert_eq!((told.outcome, told.exit), (Outcome::Unknown, exit), "{reason:?}");
        assert!(told.detail.as_ref().unwrap().contains("unauthenticated"), "{told:?}");
    }
}

#[test]
fn a_stop_leaves_at_once_without_a_session_and_then_in_one_until_it_is_answered() {
    let mut talk = talk(Command::EmergencyStop);
    let first = left(&talk.handle(at(0), Input::Up));
    assert_eq!((first.1.session, talk.requests.len()), (None, 1), "and a session is asked for");
    let braked = answer(&first, State::Failed, Some(Reason::BadEpoch));
    assert!(hear(&mut talk, 1, &braked).is_empty(), "it brakes, and is not latched");
    let fresh = left(&grant(&mut talk, 2, SID));
    assert_eq!(fresh.1.session.map(|session| session.counter), Some(1));
    let again = left(&talk.handle(at(502), Input::Tick));
    assert_eq!((again.1.session.map(|session| session.counter), &again.1.id), (Some(2), &fresh.1.id));
    let actions = hear(&mut talk, 510, &answer(&fresh, State::Succeeded, None));
    assert_eq!(report(&actions).exit, Exit::Done, "an answer to either is one");
}

#[test]
fn a_stop_is_repeated_for_all_its_time_whatever_somebody_else_answers() {
    let mut talk = talk(Command::EmergencyStop);
    talk.handle(at(0), Input::Up);
    let sent = left(&grant(&mut talk, 2, SID));
    assert!(hear(&mut talk, 10, &Answer { proof: None, ..answer(&sent, State::Succeeded, None) }).is_empty());
    for now in [502, 1_002, 1_502, 2_002] {
        assert_eq!(left(&talk.handle(at(now), Input::Tick)).0, Command::EmergencyStop, "{now}");
    }
    assert_eq!(report(&hear(&mut talk, 2_010, &answer(&sent, State::Succeeded, None))).exit, Exit::Done);
}

#[test]
fn a_stop_that_the_vehicle_takes_for_an_old_one_is_sent_in_a_new_session() {
    let mut talk = talk(Command::EmergencyStop);
    talk.handle(at(0), Input::Up);
    let stale = left(&grant(&mut talk, 1, SID));
    assert!(hear(&mut talk, 5, &answer(&stale, State::Failed, Some(Reason::BadEpoch))).is_empty());
    let first = left(&talk.handle(at(501), Input::Tick));
    assert_eq!((first.1.session, talk.channel.nonce() == Nonce([1; 16])), (None, false));
    let fresh = left(&grant(&mut talk, 1_100, SessionId([2; 4])));
    assert_eq!(fresh.1.session.map(|session| (session.sid, session.counter)), Some((SessionId([2; 4]), 1)));
    let actions = hear(&mut talk, 1_110, &answer(&fresh, State::Succeeded, None));
    assert_eq!(report(&actions).outcome, Outcome::Answered(State::Succeeded));
}

#[test]
fn a_stop_without_a_session_that_is_all_there_is_is_told_as_braking() {
    let mut talk = talk(Command::EmergencyStop);
    let first = left(&talk.handle(at(0), Input::Up));
    hear(&mut talk, 1, &answer(&first, State::Failed, Some(Reason::BadEpoch)));
    let mut now = 1;
    let told = loop {
        now += 500;
        let actions = talk.handle(at(now), Input::Tick);
        if let [Action::Finished(report)] = &actions[..] {
            break report.clone();
        }
        assert!(now < 60_000, "it ends");
    };
    assert_eq!((told.outcome, told.exit), (Outcome::Unknown, Exit::NoAnswer));
    assert!(told.detail.unwrap().contains("brakes"));
}
