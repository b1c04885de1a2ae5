//! Properties of every input from outside, whoever made it; the fuzz targets call the same functions.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::{Debug, Display};
use std::str::FromStr;
use vehicle_protocol::{
    Answer, AnswerForm, CommandId, Description, Encoding, Envelope, Epoch, Event, KeyName, MAX_COMMAND_BYTES,
    Mac, Presence, Reason, Refused, Root, SessionAnswer, SessionRequest, State, Status, Telemetry, VehicleId,
    encoding, json,
};

/// Longest answer to a refused command, in bytes: whoever sends rubbish does not get more of it back.
const MAX_REFUSAL_BYTES: usize = 2048;

/// A command is refused with a reason, or says the same when it is written again.
pub fn command(bytes: &[u8]) {
    match json::decode(bytes) {
        Ok(envelope) => taken(bytes, &envelope),
        Err(refused) => refusal(bytes, refused),
    }
}

fn taken(bytes: &[u8], envelope: &Envelope) {
    assert!(bytes.len() <= MAX_COMMAND_BYTES);
    let text = json::encode(envelope);
    assert_eq!(json::decode(text.as_bytes()).as_ref(), Ok(envelope), "{text}");
    // Nothing that was sent is passed over, and nothing comes in but the default of HORN.
    let (sent, mut meant): (Value, Value) = (value(bytes), value(text.as_bytes()));
    if sent.get("DURATION_MS").is_none() {
        meant.as_object_mut().unwrap().remove("DURATION_MS");
    }
    assert!(alike(&sent, &meant, 0.000_5), "{sent} became {meant}");
}

fn refusal(bytes: &[u8], refused: Refused) {
    let Refused { command, id, reason, detail } = refused;
    assert!(!detail.is_empty());
    assert!([Reason::Malformed, Reason::Unsupported, Reason::OutOfRange].contains(&reason), "{reason}");
    assert!(reason != Reason::Unsupported || command.is_none());
    assert!(reason != Reason::OutOfRange || command.is_some());
    if bytes.len() > MAX_COMMAND_BYTES {
        assert_eq!((reason, command, &id), (Reason::Malformed, None, &None), "too long to be looked at");
    }
    let (reason, detail) = (Some(reason), Some(detail));
    let form = AnswerForm::Full;
    let answer = Answer {
        form,
        command,
        id,
        state: State::Rejected,
        reason,
        detail,
        progress: None,
        clock: None,
        proof: None,
    };
    let text = serde_json::to_string(&answer).unwrap();
    assert!(text.len() <= MAX_REFUSAL_BYTES, "{} bytes: {text}", text.len());
    assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), answer);
}

/// A command or an answer in the compact form is refused with a reason, or is written again byte for byte; and says the
/// same in JSON.
pub fn compact(bytes: &[u8]) {
    if Encoding::of(bytes) == Encoding::Json {
        return;
    }
    let session = |_| Some(("tablet".parse().unwrap(), Epoch([7; 16])));
    match encoding::decode(bytes, session) {
        Ok(envelope) => {
            assert!(bytes.len() <= MAX_COMMAND_BYTES);
            assert_eq!(encoding::encode(&envelope, Encoding::Compact), bytes);
            assert_eq!(json::decode(json::encode(&envelope).as_bytes()).as_ref(), Ok(&envelope));
        }
        Err(refused) => refusal(bytes, refused),
    }
    if let Ok(answer) = encoding::decode_answer(bytes, session) {
        // A number that only a newer vehicle knows is not written again.
        let again = encoding::encode_answer(&answer, Encoding::Compact);
        assert_eq!(encoding::decode_answer(&again, session).unwrap(), answer);
        let text = encoding::encode_answer(&answer, Encoding::Json);
        if answer.proof.is_none() || answer.command.is_some() {
            assert_eq!(encoding::decode_answer(&text, session).unwrap(), answer);
        }
    }
}

/// A topic that is understood is the one that would be written. The first line is a root, the second a topic below it.
pub fn topic(text: &str) {
    let (root, topic) = text.split_once('\n').unwrap_or(("vehicles", text));
    for name in [root, topic] {
        names(name);
    }
    let Some(root) = written_alike::<Root>(root) else { return };
    let Some((id, kind)) = root.parse(topic) else { return };
    let topics = root.vehicle(id);
    assert_eq!(topics.of(kind), topic);
    assert_eq!(topics.parse(topic), Some(kind));
    assert!(!topic.contains(['+', '#', '\0']) && topic.len() < 1024, "{topic:?} can't be published to");
}

fn names(text: &str) {
    written_alike::<VehicleId>(text);
    written_alike::<KeyName>(text);
    written_alike::<CommandId>(text);
    written_alike::<Epoch>(text);
    written_alike::<Mac>(text);
}

/// A text that is taken stays as it is; one that is not is refused in few words.
fn written_alike<T: FromStr<Err: Display> + Display>(text: &str) -> Option<T> {
    match text.parse::<T>() {
        Ok(taken) => {
            assert_eq!(taken.to_string(), text);
            Some(taken)
        }
        Err(error) => {
            let said = error.to_string();
            assert!((1..2_000).contains(&said.len()), "{said}");
            None
        }
    }
}

/// An answer is refused, or says the same when it is written again.
pub fn answer(bytes: &[u8]) {
    let Some((first, second)) = settles::<Answer>(bytes) else { return };
    assert_eq!((first.command, first.state), (second.command, second.state));
    if first.form == AnswerForm::Full {
        assert_eq!(first, second);
    } else {
        // A plain success is one key; what stood beside it is not repeated.
        assert!(first.command.is_some() && first.state == State::Succeeded, "{first:?}");
    }
}

/// Messages of a vehicle besides answers are refused, or say the same when they are written again.
pub fn report(bytes: &[u8]) {
    settles::<Status>(bytes);
    settles::<Telemetry>(bytes);
    settles::<Presence>(bytes);
    settles::<Event>(bytes);
    settles::<Description>(bytes);
}

/// Both sides of a session are refused, or say the same when they are written again; a request to the letter, since
/// it is read as strictly as a command.
pub fn session(bytes: &[u8]) {
    if let Some((first, second)) = settles::<SessionRequest>(bytes) {
        assert_eq!(first, second);
        let written = value(serde_json::to_string(&first).unwrap().as_bytes());
        assert_eq!(value(bytes), written);
    }
    if let Some((first, second)) = settles::<SessionAnswer>(bytes) {
        assert_eq!(first, second);
    }
}

/// Reads a message, writes it, and reads that again.
fn settles<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) -> Option<(T, T)> {
    let first: T = match serde_json::from_slice(bytes) {
        Ok(message) => message,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    let text = serde_json::to_string(&first).unwrap();
    assert!(text.len() <= bytes.len().saturating_mul(6).saturating_add(2048), "{} bytes: {text}", text.len());
    let second: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let again = serde_json::to_string(&second).unwrap();
    // serde_json reads floats to within the last bits.
    assert!(alike(&value(text.as_bytes()), &value(again.as_bytes()), 0.0), "{text} became {again}");
    Some((first, second))
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// Compares two values, but for numbers that differ by at most `least` or a tiny part of themselves.
fn alike(one: &Value, other: &Value, least: f64) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) if a != b => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= least.max(a.abs() * 1e-12) + f64::MIN_POSITIVE
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b, least))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| alike(a, b, least)))
        }
        _ => one == other,
    }
}
