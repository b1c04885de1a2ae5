//! Signed messages with all that is needed to check another implementation, in `tests/vectors/vp1.json`.
//!
//! Like golden files they are only added to. `VECTORS=write cargo test -p vehicle-protocol --test vectors` writes the file,
//! and `git diff` shows that nothing has changed that was there. `tests/vectors/verify.py` checks it without any of this
//! code.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::cast_possible_truncation, reason = "small numbers")]

use hmac::{Hmac, KeyInit, Mac as _};
use minicbor::Encoder;
use serde_json::{Value, json};
use sha2::Sha256;
use std::fmt::{Display, Write};
use std::fs;
use std::path::{Path, PathBuf};
use vehicle_protocol::auth::{KeyFile, Signer};
use vehicle_protocol::encoding::{decode, decode_answer, encode, encode_answer};
use vehicle_protocol::{
    Answer, Command, CommandId, CommandName, Degrees, DegreesPerSecond, Encoding, Envelope, Epoch, KeyName,
    Mac, Mph, Nonce, Reason, SequenceRef, SessionId, Setpoint, Shape, SignedSession, State, Stream,
};

const KEY_FILE: &str = "{\"vehicle\":\"rover-1\",\"key\":\"tablet\",\"role\":\"owner\",\"secret\":\
                        \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"}\n";

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/vp1.json")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// Bytes among the values of a list.
fn bytes(text: impl Display) -> Value {
    json!({ "bytes": text.to_string() })
}

/// The list in CBOR, by another way than the library's own.
fn cbor(encoder: &mut Encoder<Vec<u8>>, value: &Value) {
    match value {
        Value::Null => encoder.null().unwrap().ok().unwrap(),
        Value::Number(number) => {
            encoder.i64(number.as_i64().unwrap()).unwrap().ok().unwrap();
        }
        Value::String(text) => encoder.str(text).unwrap().ok().unwrap(),
        Value::Object(object) => {
            encoder.bytes(&unhex(object["bytes"].as_str().unwrap())).unwrap().ok().unwrap();
        }
        Value::Array(values) => {
            encoder.array(values.len() as u64).unwrap();
            for value in values {
                cbor(encoder, value);
            }
        }
        Value::Bool(_) => panic!("{value} is in no message"),
    }
}

/// A message with its tag, checked by the HMAC alone.
fn vector(name: &str, values: &Value, mac: Mac, message: &str) -> Value {
    let mut encoder = Encoder::new(Vec::new());
    cbor(&mut encoder, values);
    let signed = encoder.into_writer();
    let secret: [u8; 32] = std::array::from_fn(|n| u8::try_from(n).unwrap());
    let mut code = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
    code.update(&signed);
    assert_eq!(hex(&code.finalize().into_bytes()[..8]), mac.to_string(), "{name}: {values}");
    json!({ "name": name, "values": values, "signed": hex(&signed), "mac": mac.to_string(), "json": message })
}

fn known(signer: Signer<'_>) -> impl Fn(SessionId) -> Option<(KeyName, Epoch)> {
    let key = signer.key.clone();
    move |_| Some((key.clone(), epoch()))
}

fn epoch() -> Epoch {
    "3f9c2b7a51d04e8896aa0c1d2e3f4051".parse().unwrap()
}

fn sid() -> SessionId {
    "00ff1a2b".parse().unwrap()
}

fn session(counter: u64) -> SignedSession {
    SignedSession { sid: sid(), epoch: epoch(), counter, expires: 86_400 }
}

/// The command of a name with the arguments that it has in these vectors; one that needs others can't be decoded.
fn command(name: CommandName) -> Command {
    let argument = match name.as_str() {
        "ROTATE_RIGHT" => r#","DEGREES":90"#,
        "ROTATE_LEFT" => r#","DEGREES":12.5"#,
        "SET_MAX_SPEED" => r#","MPH":3.25"#,
        "SET_MIN_SPEED" => r#","MPH":0"#,
        "DRIVE" => r#","MPH":-1.5,"DEGREES_PER_S":30,"HOLD_MS":300"#,
        "CANCEL" => r#","ID":"turn-1""#,
        "REVOKE_KEY" => r#","TARGET_KEY":"phone""#,
        _ => "",
    };
    let text = format!(r#"{{"CMD":"{name}"{argument}}}"#);
    decode(text.as_bytes(), |_| None).unwrap().command
}

/// The arguments that are signed, from the JSON alone; the ID of a CANCEL is signed as ID.
fn arguments(text: &str) -> Value {
    let command: Value = serde_json::from_str(text).unwrap();
    let thousandths = |value: &Value| json!((value.as_f64().unwrap() * 1000.0).round() as i64);
    let quantities =
        ["MPH", "DEGREES", "DEGREES_PER_S"].into_iter().filter_map(|key| command.get(key)).map(thousandths);
    let others =
        ["HOLD_MS", "DURATION_MS", "TARGET_KEY"].into_iter().filter_map(|key| command.get(key)).cloned();
    quantities.chain(others).collect()
}

fn command_vector(signer: Signer<'_>, name: &str, envelope: &Envelope) -> Value {
    let Shape::Signed(signature) = &envelope.shape else { panic!("{envelope:?}") };
    let (word, session) = (envelope.command.name(), signature.session);
    let text = String::from_utf8(encode(envelope, Encoding::Json)).unwrap();
    let values = json!([
        "vp1",
        "command",
        "rover-1",
        session.map(|session| bytes(session.epoch)),
        "tablet",
        session.map(|session| bytes(session.sid)),
        word.stream(),
        session.map(|session| session.counter),
        session.map(|session| session.expires),
        envelope.id(),
        word,
        arguments(&text),
    ]);
    for encoding in [Encoding::Json, Encoding::Compact] {
        let read = decode(&encode(envelope, encoding), known(signer)).unwrap();
        assert!(read == *envelope && signer.verifies_command(&read), "{name}");
    }
    let mut vector = vector(name, &values, signature.mac, &text);
    vector["compact"] = hex(&encode(envelope, Encoding::Compact)).into();
    vector
}

fn commands(signer: Signer<'_>) -> Vec<Value> {
    let id = |text: &str| Some(text.parse::<CommandId>().unwrap());
    let each = CommandName::ALL.iter().zip(1..).map(|(name, counter)| {
        let envelope = signer.command(command(*name), None, Some(session(counter)));
        command_vector(signer, name.as_str(), &envelope)
    });
    let stops = CommandName::ALL.iter().filter(|name| name.is_stop()).map(|name| {
        let envelope = signer.command(command(*name), id("5b1d"), None);
        command_vector(signer, &format!("{name} without session"), &envelope)
    });
    let late =
        SignedSession { sid: sid(), epoch: epoch(), counter: 9_007_199_254_740_991, expires: 4_294_967_296 };
    let more = [
        ("with an ID", signer.command(Command::Park, id("park-1"), Some(session(7)))),
        ("with an ID that JSON escapes", signer.command(Command::Park, id(r#"a "b" \ ä"#), Some(session(7)))),
        ("with large numbers", signer.command(Command::Park, None, Some(late))),
        ("a stop without session and ID", signer.command(Command::EmergencyStop, None, None)),
        (
            "a setpoint to the thousandth",
            signer.command(
                Command::Drive(Setpoint {
                    speed: Mph::from_thousandths(1001),
                    turn_rate: DegreesPerSecond::from_thousandths(-1),
                    hold_ms: 100,
                }),
                None,
                Some(session(65_536)),
            ),
        ),
        (
            "a turn to the thousandth",
            signer.command(Command::RotateLeft(Degrees::from_thousandths(1)), None, Some(session(255))),
        ),
    ];
    let more = more.iter().map(|(name, envelope)| command_vector(signer, name, envelope));
    each.chain(stops).chain(more).collect()
}

fn answer_vector(signer: Signer<'_>, name: &str, answer: &Answer, place: Option<SequenceRef>) -> Value {
    let answer = signer.answer(answer.clone(), epoch(), place);
    let values = json!([
        "vp1",
        "answer",
        "rover-1",
        bytes(epoch()),
        "tablet",
        place.map(|place| bytes(place.sid)),
        answer.command.map(CommandName::stream),
        place.map(|place| place.counter),
        answer.id,
        answer.command,
        answer.state,
        answer.reason,
        answer.detail,
        answer.progress,
        answer.clock,
    ]);
    for encoding in [Encoding::Json, Encoding::Compact] {
        let read = decode_answer(&encode_answer(&answer, encoding), known(signer)).unwrap();
        assert!(read == answer && signer.verifies_answer(&read), "{name}");
    }
    let text = String::from_utf8(encode_answer(&answer, Encoding::Json)).unwrap();
    let mut vector = vector(name, &values, answer.proof.as_ref().unwrap().mac, &text);
    vector["compact"] = hex(&encode_answer(&answer, Encoding::Compact)).into();
    vector
}

fn answers(signer: Signer<'_>) -> Vec<Value> {
    let told = |text: &str| -> Answer { serde_json::from_str(text).unwrap() };
    let succeeded = |name: CommandName| {
        let word = name.as_str();
        told(&format!(
            r#"{{"CMD":"{word}","STATE":"SUCCEEDED","CLOCK":81234,"SUCCESSFULLY_PROCESSED_COMMAND":"{word}"}}"#
        ))
    };
    let place = Some(SequenceRef { sid: sid(), counter: 7 });
    let plain = succeeded(CommandName::Park);
    let states = State::ALL.iter().map(|state| {
        let answer = Answer { state: *state, ..plain.clone() };
        answer_vector(signer, state.as_str(), &answer, place)
    });
    let reasons = Reason::ALL.iter().map(|reason| {
        let answer = Answer { state: State::Rejected, reason: Some(*reason), ..plain.clone() };
        answer_vector(signer, &format!("REJECTED for {reason}"), &answer, place)
    });
    let turning =
        told(r#"{"CMD":"ROTATE_LEFT","ID":"turn-1","STATE":"EXECUTING","PROGRESS":40,"CLOCK":81234}"#);
    let moving = told(
        r#"{"CMD":"UNLOCK_DOORS","ID":"5b1d","STATE":"REJECTED","REASON":"MOVING","DETAIL":"the vehicle moves; send BRAKE first","CLOCK":81234}"#,
    );
    let late = told(
        r#"{"CMD":"DRIVE","STATE":"REJECTED","REASON":"BAD_COUNTER","DETAIL":"\"quoted\"","CLOCK":4294967296}"#,
    );
    let stopped = Answer { id: Some("5b1d".parse().unwrap()), ..succeeded(CommandName::EmergencyStop) };
    let more = [
        ("with an ID and progress", turning, place),
        ("with a detail", moving, place),
        ("of the stream of setpoints", late, place),
        ("to a stop without session", stopped, None),
        ("to a stop without session and ID", succeeded(CommandName::Brake), None),
    ];
    let more = more.map(|(name, answer, place)| answer_vector(signer, name, &answer, place));
    states.chain(reasons).chain(more).collect()
}

fn sessions(signer: Signer<'_>) -> Vec<Value> {
    let nonce: Nonce = "00112233445566778899aabbccddeeff".parse().unwrap();
    let request = signer.session_request(nonce);
    let answer = signer.session_answer(nonce, epoch(), sid(), 81_234);
    assert!(signer.verifies_session_request(&request) && signer.verifies_session_answer(&answer));
    let asked = json!(["vp1", "session-request", "rover-1", "tablet", bytes(nonce)]);
    let told = json!([
        "vp1",
        "session-answer",
        "rover-1",
        bytes(epoch()),
        "tablet",
        bytes(sid()),
        bytes(nonce),
        81_234
    ]);
    vec![
        vector("request", &asked, request.mac.unwrap(), &serde_json::to_string(&request).unwrap()),
        vector("answer", &told, answer.mac.unwrap(), &serde_json::to_string(&answer).unwrap()),
    ]
}

fn all() -> Value {
    let key = KeyFile::parse(KEY_FILE).unwrap();
    let signer = key.signer();
    json!({
        "key_file": serde_json::from_str::<Value>(KEY_FILE).unwrap(),
        "numbers": {
            "CMD": CommandName::ALL,
            "STATE": State::ALL,
            "REASON": Reason::ALL,
        },
        "streams": Stream::ALL,
        "session": sessions(signer),
        "commands": commands(signer),
        "answers": answers(signer),
    })
}

#[test]
fn the_published_vectors_are_what_this_crate_signs_writes_and_reads() {
    let text = format!("{}\n", serde_json::to_string_pretty(&all()).unwrap());
    if std::env::var("VECTORS").is_ok_and(|wish| wish == "write") {
        fs::write(file(), &text).unwrap();
    }
    assert!(fs::read_to_string(file()).unwrap() == text, "tests/vectors/vp1.json has other vectors");
}

#[test]
fn the_key_file_of_the_vectors_reads_back() {
    assert_eq!(*KeyFile::parse(KEY_FILE).unwrap().to_text(), KEY_FILE);
}
