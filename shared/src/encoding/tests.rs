use super::*;
use crate::auth::{KeyFile, Role, Secret};
use crate::generate::{answers, any_command, commands, ids, sessions, shapes};
use crate::{
    Command, CommandId, CommandName, HornDuration, MAX_COMMAND_BYTES, Reason, SequenceRef, Shape,
    SignedSession,
};
use proptest::option::of;
use proptest::prelude::RngCore;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const ENCODINGS: [Encoding; 2] = [Encoding::Json, Encoding::Compact];

fn key() -> KeyFile {
    let secret = Secret::from([7; 32]);
    KeyFile { vehicle: "rover-1".parse().unwrap(), key: "tablet".parse().unwrap(), role: Role::Owner, secret }
}

/// Whatever SID comes, it is a session of the right key in the right boot: what is refused then, its tag refuses.
fn any_session(session: &SignedSession) -> impl Fn(SessionId) -> Option<(KeyName, Epoch)> + Copy {
    let epoch = session.epoch;
    move |_| Some((key().key, epoch))
}

fn none(_: SessionId) -> Option<(KeyName, Epoch)> {
    None
}

/// Each message with one bit turned over.
fn flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    })
}

/// A stop has no session now and then; other commands always have one.
fn signed_commands() -> impl Strategy<Value = (Envelope, SignedSession)> {
    let stops = select(vec![Command::Brake, Command::TurnOffEngine, Command::EmergencyStop]);
    let in_session = (any_command(), of(ids()), sessions())
        .prop_map(|(command, id, session)| (key().signer().command(command, id, Some(session)), session));
    let without = (stops, of(ids()), sessions())
        .prop_map(|(command, id, session)| (key().signer().command(command, id, None), session));
    prop_oneof![4 => in_session, 1 => without]
}

fn signed_answers() -> impl Strategy<Value = (Answer, SignedSession)> {
    (answers(), sessions(), any::<bool>()).prop_map(|(answer, session, in_session)| {
        let place = in_session.then_some(SequenceRef { sid: session.sid, counter: session.counter });
        (key().signer().answer(answer, session.epoch, place), session)
    })
}

proptest! {
    #[test]
    fn no_encoding_drops_or_changes_an_argument_of_any_command(command in any_command()) {
        let id = if let Command::Cancel(id) = &command { id.clone() } else { "1".parse().unwrap() };
        let envelope = Envelope { command, shape: Shape::Identified(id) };
        for encoding in ENCODINGS {
            prop_assert_eq!(decode(&encode(&envelope, encoding), none), Ok(envelope.clone()));
        }
    }

    #[test]
    fn a_command_says_and_proves_the_same_in_both_encodings((envelope, session) in signed_commands()) {
        for encoding in ENCODINGS {
            let bytes = encode(&envelope, encoding);
            prop_assert_eq!(Encoding::of(&bytes), encoding);
            let read = decode(&bytes, any_session(&session)).unwrap();
            prop_assert!(key().signer().verifies_command(&read));
            prop_assert_eq!(&read, &envelope);
        }
    }

    #[test]
    fn a_command_in_any_shape_survives_the_compact_form(command in commands(), shape in shapes()) {
        let envelope = Envelope { command, shape };
        let read = json::decode(&encode(&envelope, Encoding::Json)).unwrap();
        let Shape::Signed(signature) = &read.shape else {
            prop_assert_eq!(decode(&encode(&envelope, Encoding::Compact), none), Ok(read));
            return Ok(());
        };
        let known = |_| Some((signature.key.clone(), signature.session.unwrap().epoch));
        prop_assert_eq!(decode(&encode(&envelope, Encoding::Compact), known), Ok(read.clone()));
    }

    #[test]
    fn an_answer_says_and_proves_the_same_in_both_encodings((answer, session) in signed_answers()) {
        for encoding in ENCODINGS {
            let bytes = encode_answer(&answer, encoding);
            prop_assert_eq!(Encoding::of(&bytes), encoding);
            let read = decode_answer(&bytes, any_session(&session)).unwrap();
            prop_assert!(key().signer().verifies_answer(&read));
            prop_assert_eq!(&read, &answer);
        }
    }

    #[test]
    fn an_unsigned_answer_survives_the_compact_form(answer in answers()) {
        let bytes = encode_answer(&answer, Encoding::Compact);
        prop_assert_eq!(decode_answer(&bytes, none).unwrap(), answer);
    }
}

proptest! {
    // Each case is some thousand frames.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_command_with_a_bit_turned_over_is_taken((envelope, session) in signed_commands()) {
        for encoding in ENCODINGS {
            for bytes in flips(&encode(&envelope, encoding)) {
                let taken = decode(&bytes, any_session(&session))
                    .is_ok_and(|read| key().signer().verifies_command(&read));
                prop_assert!(!taken, "{:?} {}", encoding, String::from_utf8_lossy(&bytes));
            }
        }
    }

    #[test]
    fn no_answer_with_a_bit_turned_over_is_believed((answer, session) in signed_answers()) {
        for encoding in ENCODINGS {
            for bytes in flips(&encode_answer(&answer, encoding)) {
                let believed = decode_answer(&bytes, any_session(&session))
                    .is_ok_and(|read| key().signer().verifies_answer(&read));
                prop_assert!(!believed, "{:?} {}", encoding, String::from_utf8_lossy(&bytes));
            }
        }
    }

    #[test]
    fn no_session_with_a_bit_turned_over_is_opened(nonce: [u8; 16], session in sessions()) {
        let key = key();
        let request = key.signer().session_request(crate::Nonce(nonce));
        for bytes in flips(&serde_json::to_vec(&request).unwrap()) {
            let taken = serde_json::from_slice(&bytes).is_ok_and(|read| key.signer().verifies_session_request(&read));
            prop_assert!(!taken, "{}", String::from_utf8_lossy(&bytes));
        }
        let answer = key.signer().session_answer(request.nonce, session.epoch, session.sid, session.counter);
        for bytes in flips(&serde_json::to_vec(&answer).unwrap()) {
            let believed = serde_json::from_slice(&bytes).is_ok_and(|read| key.signer().verifies_session_answer(&read));
            prop_assert!(!believed, "{}", String::from_utf8_lossy(&bytes));
        }
    }
}

/// A frame of noise, one that begins like a message, or a good one with up to four bytes of noise in it.
fn frame(good: &[u8], random: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
    let head: &[u8] = match random(6) {
        0 => b"",
        1 => b"{\"CMD\":\"",
        2 => &[0x88, 3],
        _ => {
            let mut bytes = good.to_vec();
            for _ in 0..=random(4) {
                bytes[random(good.len())] = u8::try_from(random(256)).unwrap();
            }
            return bytes;
        }
    };
    let noise = (0..random(90)).map(|_| u8::try_from(random(256)).unwrap());
    head.iter().copied().chain(noise).collect()
}

#[test]
fn of_100_000_random_frames_none_is_taken() {
    let mut runner = TestRunner::deterministic();
    let (key, session) = (key(), sessions().new_tree(&mut runner).unwrap().current());
    let mut rng = runner.new_rng();
    let mut random = move |below: usize| usize::try_from(rng.next_u32()).unwrap() % below;
    let horn = Command::Horn(HornDuration(500));
    let good = key.signer().command(horn, Some("1".parse().unwrap()), Some(session));
    let good = ENCODINGS.map(|encoding| encode(&good, encoding));
    let mut read = 0;
    for n in 0..100_000 {
        let good = &good[n % 2];
        let frame = frame(good, &mut random);
        let Ok(envelope) = decode(&frame, any_session(&session)) else { continue };
        read += 1;
        assert!(frame == *good || !key.signer().verifies_command(&envelope), "{envelope:?}");
    }
    assert!(read > 1000, "only {read} could be read at all: the tag had nothing to refuse");
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|digit| !digit.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

#[test]
fn the_first_byte_decides() {
    assert_eq!(Encoding::of(&hex("83 00 02 80")), Encoding::Compact);
    assert_eq!(Encoding::of(&hex("9f")), Encoding::Compact);
    for other in [b"{}".as_slice(), b" {}", b"", b"[", b"\x7f", b"\xa0"] {
        assert_eq!(Encoding::of(other), Encoding::Json, "{other:?}");
    }
}

#[test]
fn a_compact_command_that_is_not_quite_one_is_refused_with_its_reason() {
    let mac = "48 0123456789abcdef";
    let signed = format!("44 00ff1a2b 07 1a 00015180 {mac}");
    for (what, reason, text) in [
        ("no list of three", Reason::Malformed, "82 00 02".to_owned()),
        ("arguments that are no list", Reason::Malformed, "83 00 02 00".to_owned()),
        ("an argument too many", Reason::Malformed, "83 00 02 81 00".to_owned()),
        ("an argument missing", Reason::Malformed, "83 00 0d 80".to_owned()),
        ("an argument of another type", Reason::Malformed, "83 00 0d 81 61 31".to_owned()),
        ("an argument out of range", Reason::OutOfRange, "83 00 0d 81 00".to_owned()),
        ("a huge argument", Reason::Malformed, "83 00 0e 81 1b 7fffffffffffffff".to_owned()),
        ("no such command", Reason::Unsupported, "83 00 18 63 80".to_owned()),
        ("a command that is no number", Reason::Malformed, "83 00 61 41 80".to_owned()),
        ("no such shape", Reason::Malformed, "83 05 02 80".to_owned()),
        ("a shape that is no number", Reason::Malformed, "83 f6 02 80".to_owned()),
        ("shape 0 with more", Reason::Malformed, "84 00 02 80 61 31".to_owned()),
        ("an ID of null", Reason::Malformed, "84 01 02 80 f6".to_owned()),
        ("an ID that is none", Reason::Malformed, "84 01 02 80 60".to_owned()),
        ("a short epoch", Reason::Malformed, "86 02 02 80 61 31 41 00 00".to_owned()),
        ("a short tag", Reason::Malformed, "86 04 0b 80 f6 61 61 47 0123456789abcd".to_owned()),
        ("no name of a key", Reason::Malformed, format!("86 04 0b 80 f6 61 41 {mac}")),
        ("no stop without session", Reason::Malformed, format!("86 04 02 80 f6 61 61 {mac}")),
        ("an unknown session", Reason::BadEpoch, format!("88 03 02 80 f6 {signed}")),
        ("a huge CTR", Reason::Malformed, format!("88 03 02 80 f6 44 00ff1a2b 1b 0020000000000000 00 {mac}")),
        ("a longer integer", Reason::Malformed, format!("88 03 02 80 f6 44 00ff1a2b 1807 00 {mac}")),
        ("something behind", Reason::Malformed, "83 00 02 80 00".to_owned()),
        ("a CANCEL of nothing", Reason::Malformed, "83 00 14 80".to_owned()),
    ] {
        let refused = decode(&hex(&text), none).expect_err(what);
        assert_eq!(refused.reason, reason, "{what}: {}", refused.detail);
    }
    assert_eq!(decode(&[0x80; MAX_COMMAND_BYTES + 1], none).unwrap_err().reason, Reason::Malformed);
    assert!(decode(&hex("83 00 02 80"), none).is_ok());
    assert!(decode(&hex(&format!("88 03 02 80 f6 {signed}")), |_| Some((key().key, Epoch([0; 16])))).is_ok());
}

#[test]
fn a_compact_command_that_is_refused_is_answered_under_its_id() {
    let refused = decode(&hex("84 01 0d 80 61 37"), none).unwrap_err();
    assert_eq!((refused.command, refused.id), (Some(CommandName::RotateLeft), Some("7".parse().unwrap())));
}

#[test]
fn an_answer_to_a_session_of_somebody_else_is_told_apart_from_noise() {
    let (key, sid) = (key(), SessionId([1; 4]));
    let read = |text: &str| decode_answer(text.as_bytes(), none);
    let answer: Answer = read(r#"{"CMD":"PARK","STATE":"SUCCEEDED","CLOCK":5}"#).unwrap();
    let signed = key.signer().answer(answer, Epoch([2; 16]), Some(SequenceRef { sid, counter: 3 }));
    let bytes = encode_answer(&signed, Encoding::Compact);
    assert!(matches!(decode_answer(&bytes, none), Err(AnswerError::OtherSession(other)) if other == sid));
    for noise in ["88", "80", "8800040001f6f6f6", "87 00 04 f6 01 f6 f6 f6", "88 00 04 f6 18 63 f6 f6 f6 f6"]
    {
        assert!(matches!(decode_answer(&hex(noise), none), Err(AnswerError::Compact)), "{noise}");
    }
    assert!(matches!(read("{}"), Err(AnswerError::Json(_))));
}

#[test]
fn a_signed_cancel_is_signed_with_the_id_that_it_ends() {
    let cancel = Command::Cancel("turn-1".parse().unwrap());
    let session = SignedSession { sid: SessionId([1; 4]), epoch: Epoch([2; 16]), counter: 1, expires: 9 };
    for id in [None, Some("another".parse::<CommandId>().unwrap())] {
        let envelope = key().signer().command(cancel.clone(), id, Some(session));
        assert_eq!(envelope.id().unwrap().as_str(), "turn-1");
        for encoding in ENCODINGS {
            let read = decode(&encode(&envelope, encoding), any_session(&session)).unwrap();
            assert!(key().signer().verifies_command(&read), "{encoding:?}");
        }
    }
}
