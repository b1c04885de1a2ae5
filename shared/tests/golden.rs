//! One file per message, as it stands on the wire: read, written again, and compared to the letter.
//!
//! README: a golden file is never edited once it is released, since somebody's client sends or expects just these bytes.
//! A message that changes gets a new file beside the old one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use vehicle_protocol::encoding::{decode, decode_answer, encode, encode_answer};
use vehicle_protocol::{
    Answer, AnswerForm, CommandName, Description, Encoding, Envelope, Event, EventKind, Mode, Presence,
    PresenceState, SessionAnswer, SessionRequest, Shape, Signature, State, Status, Telemetry, json,
};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn entries(folder: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

/// The message in a file, which ends in one line feed that is not part of it.
fn message(folder: &str, name: &str) -> String {
    content(folder, &format!("{name}.json"))
}

fn content(folder: &str, name: &str) -> String {
    let path = golden().join(folder).join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.strip_suffix('\n').unwrap_or_else(|| panic!("{} ends in a line feed", path.display())).to_owned()
}

/// SafetyChecks that a folder has exactly the files `names`, and gives each to `check` with its name.
fn each(folder: &str, names: impl IntoIterator<Item = impl ToString>, mut check: impl FnMut(&str, &str)) {
    let names: BTreeSet<String> = names.into_iter().map(|name| name.to_string()).collect();
    let files = names.iter().map(|name| format!("{name}.json")).collect();
    assert_eq!(entries(&golden().join(folder)), files, "the files of {folder}");
    for name in &names {
        check(name, &message(folder, name));
    }
}

fn command(text: &str) -> Envelope {
    let envelope = json::decode(text.as_bytes()).unwrap_or_else(|refused| panic!("{text}: {refused}"));
    assert_eq!(json::encode(&envelope), text);
    envelope
}

fn read<T: Serialize + DeserializeOwned + Debug>(text: &str) -> T {
    let message: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(serde_json::to_string(&message).unwrap(), text);
    message
}

#[test]
fn there_are_golden_files_for_these_kinds_of_message_and_no_others() {
    let kinds = [
        "answer",
        "command",
        "compact-answer",
        "compact-shape",
        "description",
        "event",
        "presence",
        "session-answer",
        "session-request",
        "shape",
        "status",
        "telemetry",
    ];
    assert_eq!(entries(&golden()), kinds.map(str::to_owned).into());
}

#[test]
fn every_command_stays_as_it_is() {
    each("command", CommandName::ALL, |name, text| {
        let envelope = command(text);
        assert_eq!(envelope.command.name().as_str(), name);
        // The ID of a CANCEL is its argument.
        assert!(matches!(envelope.shape, Shape::Plain) || name == "CANCEL", "{text}");
    });
}

#[test]
fn every_shape_stays_as_it_is() {
    let shapes = ["plain", "identified", "timed", "signed", "signed-with-id", "signed-stop-without-session"];
    each("shape", shapes, |name, text| {
        let shape = command(text).shape;
        let found = match &shape {
            Shape::Plain => "plain",
            Shape::Identified(_) => "identified",
            Shape::Timed { .. } => "timed",
            Shape::Signed(signature) if signature.session.is_none() => "signed-stop-without-session",
            Shape::Signed(signature) if signature.id.is_some() => "signed-with-id",
            Shape::Signed(_) => "signed",
        };
        assert_eq!(found, name);
    });
}

#[test]
fn every_state_and_form_of_an_answer_stays_as_it_is() {
    let forms = [
        "plain-success",
        "plain-failure",
        "unread",
        "success-with-detail",
        "signed",
        "signed-success",
        "signed-stop-without-session",
    ];
    let states = State::ALL.iter().map(|state| state.as_str());
    each("answer", states.chain(forms), |name, text| {
        let answer: Answer = read(text);
        let expected = match name {
            "plain-success" | "success-with-detail" | "signed-success" | "signed-stop-without-session" => {
                State::Succeeded
            }
            "plain-failure" | "unread" | "signed" => State::Rejected,
            state => State::from_word(state).unwrap(),
        };
        assert_eq!(answer.state, expected, "{text}");
        assert_eq!(answer.proof.is_some(), name.starts_with("signed"), "{text}");
    });
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// SafetyChecks that each message of a folder has its compact form in a file of hexadecimal digits beside it.
fn each_compactly(folder: &str, compact: &str, check: impl Fn(&str) -> Vec<u8>) {
    let names = entries(&golden().join(folder)).into_iter().map(|name| name.replace(".json", ""));
    let names: Vec<_> = names.collect();
    let files = names.iter().map(|name| format!("{name}.hex")).collect();
    assert_eq!(entries(&golden().join(compact)), files, "the files of {compact}");
    for name in names {
        assert_eq!(hex(&check(&message(folder, &name))), content(compact, &format!("{name}.hex")), "{name}");
    }
}

#[test]
fn every_shape_stays_as_it_is_in_the_compact_form() {
    each_compactly("shape", "compact-shape", |text| {
        let envelope = command(text);
        let bytes = encode(&envelope, Encoding::Compact);
        let Shape::Signed(Signature { key, session: Some(session), .. }) = &envelope.shape else {
            assert_eq!(decode(&bytes, |_| None).as_ref(), Ok(&envelope), "{text}");
            return bytes;
        };
        let known = |_| Some((key.clone(), session.epoch));
        assert_eq!(decode(&bytes, known).as_ref(), Ok(&envelope), "{text}");
        bytes
    });
}

#[test]
fn every_answer_stays_as_it_is_in_the_compact_form() {
    each_compactly("answer", "compact-answer", |text| {
        // There is but the full form.
        let answer = Answer { form: AnswerForm::Full, ..read(text) };
        let bytes = encode_answer(&answer, Encoding::Compact);
        let known = |_| answer.proof.as_ref().map(|proof| (proof.key.clone(), proof.epoch));
        assert_eq!(decode_answer(&bytes, known).unwrap(), answer, "{text}");
        bytes
    });
}

#[test]
fn a_plain_success_is_exactly_what_existing_clients_wait_for() {
    assert_eq!(message("answer", "plain-success"), r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"LOCK_DOORS"}"#);
}

#[test]
fn every_presence_stays_as_it_is() {
    each("presence", PresenceState::ALL, |name, text| {
        assert_eq!(read::<Presence>(text).state.as_str(), name);
    });
}

#[test]
fn the_status_in_every_mode_stays_as_it_is() {
    let modes: Vec<_> = Mode::ALL.iter().map(|mode| mode.as_str()).collect();
    each("status", modes.iter().copied().chain(["with-sensors"]), |name, text| {
        let mode = read::<Status>(text).mode;
        assert!(mode.as_str() == name || !modes.contains(&name), "{text}");
    });
}

#[test]
fn telemetry_stays_as_it_is() {
    each("telemetry", ["all", "some", "probe", "battery"], |_, text| {
        read::<Telemetry>(text);
    });
}

#[test]
fn every_event_stays_as_it_is() {
    each("event", EventKind::ALL, |name, text| {
        assert_eq!(read::<Event>(text).event.as_str(), name);
    });
}

#[test]
fn a_description_stays_as_it_is() {
    each("description", ["skid-steer"], |_, text| {
        read::<Description>(text);
    });
}

#[test]
fn the_session_handshake_stays_as_it_is() {
    each("session-request", ["unsigned", "signed"], |name, text| {
        assert_eq!(read::<SessionRequest>(text).key.is_some(), name == "signed");
    });
    each("session-answer", ["unsigned", "signed"], |name, text| {
        assert_eq!(read::<SessionAnswer>(text).key.is_some(), name == "signed");
    });
}
