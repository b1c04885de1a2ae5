use super::*;
use crate::Command;
use crate::generate::{commands, shapes};
use proptest::prelude::*;

fn refused(text: impl AsRef<[u8]>) -> Reason {
    decode(text.as_ref()).unwrap_err().reason
}

#[test]
fn the_sixteen_commands_of_existing_clients_are_read_as_they_send_them() {
    let cases = [
        (r#"{"CMD":"TURN_ON_ENGINE"}"#, Command::TurnOnEngine),
        (r#" { "CMD" : "PARK" } "#, Command::Park),
        (r#"{"CMD":"ROTATE_LEFT","DEGREES":12.5}"#, Command::RotateLeft(Degrees::new(12.5))),
        (r#"{"MPH":30,"CMD":"SET_MAX_SPEED"}"#, Command::SetMaxSpeed(Mph::new(30.0))),
        (r#"{"CMD":"SET_MIN_SPEED","MPH":0}"#, Command::SetMinSpeed(Mph::ZERO)),
    ];
    for (text, command) in cases {
        assert_eq!(decode(text.as_bytes()), Ok(Envelope { command, shape: Shape::Plain }), "{text}");
    }
}

#[test]
fn what_is_no_json_object_is_malformed() {
    let deep = "[".repeat(2000);
    let deep_inside = format!(r#"{{"CMD":{deep}"#);
    let deep_surplus = format!(r#"{{"X":{deep}"#);
    for text in ["", " ", "null", "[]", "\"PARK\"", "{", "PARK", "{}", &deep, &deep_inside, &deep_surplus] {
        assert_eq!(refused(text), Reason::Malformed, "{text}");
    }
    assert_eq!(refused(r#"["PARK"]"#), Reason::Malformed, "serde reads structs from arrays, we do not");
    assert_eq!(refused([0xff, 0xfe, 0]), Reason::Malformed);
    assert_eq!(refused(vec![b' '; 200_000]), Reason::Malformed);
}

#[test]
fn surplus_double_null_and_trailing_are_malformed() {
    for text in [
        r#"{"CMD":"PARK","SPEED":1}"#,
        r#"{"CMD":"PARK","MPH":1}"#,
        r#"{"CMD":"PARK","CMD":"PARK"}"#,
        r#"{"CMD":"PARK","C\u004dD":"BRAKE"}"#,
        r#"{"CMD":"SET_MAX_SPEED","MPH":1,"MPH":2}"#,
        r#"{"CMD":"PARK","ID":null}"#,
        r#"{"CMD":"PARK","MPH":null}"#,
        r#"{"CMD":"PARK"} x"#,
        r#"{"CMD":"PARK"}{"CMD":"PARK"}"#,
        r#"{"cmd":"PARK"}"#,
        r#"{"CMD":"PARK",}"#,
    ] {
        assert_eq!(refused(text), Reason::Malformed, "{text}");
    }
}

#[test]
fn a_number_is_a_number_and_finite() {
    for number in [
        "\"5\"",
        "true",
        "[5]",
        "{}",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e309",
        "9007199254740992",
        "0x5",
        "05",
        "5.",
    ] {
        assert_eq!(
            refused(format!(r#"{{"CMD":"SET_MAX_SPEED","MPH":{number}}}"#)),
            Reason::Malformed,
            "{number}"
        );
    }
    for number in ["-1", "-0.001", "-1e15"] {
        assert_eq!(
            refused(format!(r#"{{"CMD":"SET_MAX_SPEED","MPH":{number}}}"#)),
            Reason::OutOfRange,
            "{number}"
        );
    }
    for hold in ["100.5", "9007199254740992", "\"300\"", "1e309"] {
        let text = format!(r#"{{"CMD":"DRIVE","MPH":1,"DEGREES_PER_S":0,"HOLD_MS":{hold}}}"#);
        assert_eq!(refused(text), Reason::Malformed, "{hold}");
    }
}

#[test]
fn arguments_have_ranges() {
    for text in [
        r#"{"CMD":"ROTATE_RIGHT","DEGREES":0}"#,
        r#"{"CMD":"ROTATE_RIGHT","DEGREES":-5}"#,
        r#"{"CMD":"ROTATE_RIGHT","DEGREES":360.001}"#,
        r#"{"CMD":"DRIVE","MPH":1,"DEGREES_PER_S":0,"HOLD_MS":99}"#,
        r#"{"CMD":"DRIVE","MPH":-1001,"DEGREES_PER_S":0,"HOLD_MS":300}"#,
        r#"{"CMD":"HORN","DURATION_MS":0}"#,
        r#"{"CMD":"SET_MAX_SPEED","MPH":1000000.001}"#,
    ] {
        assert_eq!(refused(text), Reason::OutOfRange, "{text}");
    }
}

#[test]
fn a_missing_argument_is_malformed_and_answered_under_its_id() {
    let refused = decode(br#"{"CMD":"ROTATE_LEFT","ID":"7"}"#).unwrap_err();
    assert_eq!((refused.command, refused.reason), (Some(CommandName::RotateLeft), Reason::Malformed));
    assert_eq!((refused.id.unwrap().as_str(), refused.detail.as_str()), ("7", "DEGREES is missing"));
    let surplus = decode(br#"{"CMD":"PARK","ID":"8","X":[1]}"#).unwrap_err();
    assert_eq!((surplus.command, surplus.id.unwrap().as_str()), (Some(CommandName::Park), "8"));
}

#[test]
fn a_command_that_does_not_exist_is_unsupported() {
    assert_eq!(refused(r#"{"CMD":"FLY"}"#), Reason::Unsupported);
    assert_eq!(refused(r#"{"CMD":"park"}"#), Reason::Unsupported);
}

const EPOCH: &str = r#""EPOCH":"000102030405060708090a0b0c0d0e0f""#;

#[test]
fn there_are_four_shapes_and_no_shape_between_them() {
    let signed = format!(r#""KEY":"k","SID":"00000001",{EPOCH},"CTR":1,"EXP":5,"MAC":"0011223344556677""#);
    let good = [
        r#"{"CMD":"BRAKE"}"#.to_owned(),
        r#"{"CMD":"BRAKE","ID":"1"}"#.to_owned(),
        format!(r#"{{"CMD":"BRAKE","ID":"1",{EPOCH},"EXP":5}}"#),
        format!(r#"{{"CMD":"PARK",{signed}}}"#),
        format!(r#"{{"CMD":"PARK","ID":"1",{signed}}}"#),
        r#"{"CMD":"BRAKE","KEY":"k","MAC":"0011223344556677"}"#.to_owned(),
    ];
    for text in &good {
        assert!(decode(text.as_bytes()).is_ok(), "{text}: {:?}", decode(text.as_bytes()));
    }
    let bad = [
        r#"{"CMD":"PARK","EXP":5}"#.to_owned(),
        format!(r#"{{"CMD":"PARK",{EPOCH},"EXP":5}}"#),
        format!(r#"{{"CMD":"PARK","ID":"1",{EPOCH}}}"#),
        r#"{"CMD":"PARK","ID":"1","EXP":5}"#.to_owned(),
        r#"{"CMD":"PARK","KEY":"k"}"#.to_owned(),
        r#"{"CMD":"BRAKE","MAC":"0011223344556677"}"#.to_owned(),
        r#"{"CMD":"PARK","KEY":"k","MAC":"0011223344556677"}"#.to_owned(),
        format!(r#"{{"CMD":"PARK","ID":"1",{EPOCH},"EXP":5,"CTR":1}}"#),
        format!(r#"{{"CMD":"PARK",{}}}"#, signed.replace(r#","CTR":1"#, "")),
        format!(r#"{{"CMD":"PARK",{}}}"#, signed.replace("0011223344556677", "0011223344556677AA")),
        format!(r#"{{"CMD":"PARK",{}}}"#, signed.replace("0a0b", "0A0B")),
    ];
    for text in &bad {
        assert_eq!(refused(text), Reason::Malformed, "{text}");
    }
}

#[test]
fn the_id_of_a_cancel_is_what_it_ends() {
    let envelope = decode(br#"{"CMD":"CANCEL","ID":"turn-1"}"#).unwrap();
    assert_eq!(envelope.command, Command::Cancel("turn-1".parse().unwrap()));
    assert_eq!(refused(r#"{"CMD":"CANCEL"}"#), Reason::Malformed);
}

proptest! {
    #[test]
    fn every_command_in_every_shape_survives_the_round_trip(command in commands(), shape in shapes()) {
        let envelope = Envelope { command, shape };
        prop_assert_eq!(decode(encode(&envelope).as_bytes()), Ok(envelope));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn a_command_cut_short_anywhere_is_refused(command in commands(), shape in shapes(), cut in any::<prop::sample::Index>()) {
        let text = encode(&Envelope { command, shape });
        let end = cut.index(text.len());
        prop_assert!(decode(&text.as_bytes()[..end]).is_err());
    }
}
