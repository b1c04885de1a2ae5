use super::*;
use crate::{AnswerForm, CommandName, Degrees, Reason, Setpoint, State};

fn secret(byte: u8) -> Secret {
    Secret::from([byte; 32])
}

/// Signers that differ from the right one in vehicle, name or secret.
fn others(check: impl Fn(Signer<'_>) -> bool) {
    let (vehicle, key) = ("rover-1".parse().unwrap(), "tablet".parse().unwrap());
    let right = secret(1);
    assert!(check(Signer { vehicle: &vehicle, key: &key, secret: &right }), "the right one");
    let rover_2 = "rover-2".parse().unwrap();
    assert!(!check(Signer { vehicle: &rover_2, key: &key, secret: &right }), "another vehicle");
    let phone = "phone".parse().unwrap();
    assert!(!check(Signer { vehicle: &vehicle, key: &phone, secret: &right }), "another name");
    assert!(!check(Signer { vehicle: &vehicle, key: &key, secret: &secret(2) }), "another secret");
}

fn with<T>(act: impl FnOnce(Signer<'_>) -> T) -> T {
    let (vehicle, key) = ("rover-1".parse().unwrap(), "tablet".parse().unwrap());
    act(Signer { vehicle: &vehicle, key: &key, secret: &secret(1) })
}

fn session() -> SignedSession {
    SignedSession { sid: SessionId([0, 255, 26, 43]), epoch: Epoch([7; 16]), counter: 7, expires: 86_400 }
}

fn signature(envelope: &Envelope) -> Signature {
    let Shape::Signed(signature) = &envelope.shape else { panic!("{envelope:?} is signed") };
    signature.clone()
}

fn id(text: &str) -> CommandId {
    text.parse().unwrap()
}

#[test]
fn a_command_verifies_with_its_key_for_its_vehicle_alone() {
    let turn = Command::RotateLeft(Degrees::new(12.5));
    let envelope = with(|signer| signer.command(turn, Some(id("1")), Some(session())));
    others(|signer| signer.verifies_command(&envelope));
    let stop = with(|signer| signer.command(Command::Brake, None, None));
    others(|signer| signer.verifies_command(&stop));
}

#[test]
fn each_part_of_a_command_counts() {
    let turn = Command::RotateLeft(Degrees::new(12.5));
    let signed = with(|signer| signer.command(turn, Some(id("1")), Some(session())));
    let own = signature(&signed);
    let shaped = |signature| Envelope { command: signed.command.clone(), shape: Shape::Signed(signature) };
    let placed = |session| shaped(Signature { session: Some(session), ..own.clone() });
    let changed = [
        Envelope { command: Command::RotateRight(Degrees::new(12.5)), ..signed.clone() },
        Envelope { command: Command::RotateLeft(Degrees::new(12.501)), ..signed.clone() },
        shaped(Signature { id: None, ..own.clone() }),
        shaped(Signature { id: Some(id("2")), ..own.clone() }),
        shaped(Signature { session: None, ..own.clone() }),
        placed(SignedSession { sid: SessionId([0, 255, 26, 44]), ..session() }),
        placed(SignedSession { epoch: Epoch([8; 16]), ..session() }),
        placed(SignedSession { counter: 8, ..session() }),
        placed(SignedSession { expires: 86_401, ..session() }),
        Envelope { command: signed.command.clone(), shape: Shape::Plain },
    ];
    for envelope in changed {
        assert!(!with(|signer| signer.verifies_command(&envelope)), "{envelope:?}");
    }
    assert!(with(|signer| signer.verifies_command(&signed)));
}

#[test]
fn the_three_arguments_of_a_setpoint_count_each_in_its_place() {
    let drive = |mph, rate, hold_ms| {
        let (speed, turn_rate) =
            (crate::Mph::from_thousandths(mph), crate::DegreesPerSecond::from_thousandths(rate));
        let command = Command::Drive(Setpoint { speed, turn_rate, hold_ms });
        signature(&with(|signer| signer.command(command, None, Some(session())))).mac
    };
    let tags = [drive(300, 200, 100), drive(200, 300, 100), drive(300, 100, 200), drive(300, -200, 100)];
    for (n, tag) in tags.iter().enumerate() {
        assert!(!tags[..n].contains(tag), "{tag}");
    }
}

fn answer() -> Answer {
    Answer {
        form: AnswerForm::Full,
        command: Some(CommandName::RotateLeft),
        id: Some(id("1")),
        state: State::Executing,
        reason: None,
        detail: None,
        progress: Some(40),
        clock: Some(81_234),
        proof: None,
    }
}

#[test]
fn each_part_of_an_answer_counts() {
    let place = SequenceRef { sid: session().sid, counter: 7 };
    let signed = with(|signer| signer.answer(answer(), session().epoch, Some(place)));
    others(|signer| signer.verifies_answer(&signed));
    let proof = signed.proof.clone().unwrap();
    let proven = |proof| Answer { proof: Some(proof), ..signed.clone() };
    let changed = [
        Answer { command: Some(CommandName::RotateRight), ..signed.clone() },
        Answer { command: None, ..signed.clone() },
        Answer { id: Some(id("2")), ..signed.clone() },
        Answer { id: None, ..signed.clone() },
        Answer { state: State::Succeeded, ..signed.clone() },
        Answer { reason: Some(Reason::Busy), ..signed.clone() },
        Answer { detail: Some(String::new()), ..signed.clone() },
        Answer { progress: Some(41), ..signed.clone() },
        Answer { clock: Some(81_235), ..signed.clone() },
        Answer { clock: None, ..signed.clone() },
        Answer { proof: None, ..signed.clone() },
        proven(Proof { epoch: Epoch([8; 16]), ..proof.clone() }),
        proven(Proof { place: None, ..proof.clone() }),
        proven(Proof { place: Some(SequenceRef { counter: 8, ..place }), ..proof.clone() }),
        proven(Proof { place: Some(SequenceRef { sid: SessionId([0; 4]), ..place }), ..proof.clone() }),
    ];
    for answer in changed {
        assert!(!with(|signer| signer.verifies_answer(&answer)), "{answer:?}");
    }
}

#[test]
fn the_detail_of_a_signed_answer_has_no_control_characters() {
    let told = Answer { detail: Some("a\nb\u{1b}".to_owned()), ..answer() };
    let signed = with(|signer| signer.answer(told, session().epoch, None));
    assert_eq!(signed.detail.as_deref(), Some("a b "));
    others(|signer| signer.verifies_answer(&signed));
}

#[test]
fn an_answer_with_the_reason_of_a_newer_vehicle_is_believed_as_it_stands() {
    with(|signer| {
        // As a newer vehicle signs it.
        let signed = signer.answer(answer(), Epoch([7; 16]), None);
        let word = Some("FLAT_TYRE".to_owned());
        let newer =
            Answer { proof: Some(Proof { newer_reason: word, ..signed.proof.clone().unwrap() }), ..signed };
        let mac =
            signer.secret.tag(&signed::answer(signer.vehicle, signer.key, &newer, &Epoch([7; 16]), None));
        let proof = newer.proof.clone().map(|proof| Proof { mac, ..proof });
        let text = serde_json::to_string(&Answer { proof, ..newer }).unwrap();
        assert!(text.contains(r#""REASON":"FLAT_TYRE""#), "{text}");
        let read: Answer = serde_json::from_str(&text).unwrap();
        assert!(read.reason.is_none() && signer.verifies_answer(&read));
        let other: Answer = serde_json::from_str(&text.replace("FLAT_TYRE", "FLAT_TIRE")).unwrap();
        assert!(!signer.verifies_answer(&other));
        assert!(serde_json::from_str::<Answer>(&text.replace("FLAT_TYRE", "FLAT TYRE")).is_err());
    });
}

#[test]
fn a_session_is_asked_for_and_opened_with_the_key_alone() {
    let nonce = Nonce([5; 16]);
    let request = with(|signer| signer.session_request(nonce));
    others(|signer| signer.verifies_session_request(&request));
    let other = SessionRequest { nonce: Nonce([6; 16]), ..request };
    assert!(!with(|signer| signer.verifies_session_request(&other)));

    let opened = with(|signer| signer.session_answer(nonce, Epoch([7; 16]), SessionId([1; 4]), 5));
    others(|signer| signer.verifies_session_answer(&opened));
    let changed = [
        SessionAnswer { nonce: Nonce([6; 16]), ..opened.clone() },
        SessionAnswer { epoch: Epoch([8; 16]), ..opened.clone() },
        SessionAnswer { sid: Some(SessionId([2; 4])), ..opened.clone() },
        SessionAnswer { sid: None, ..opened.clone() },
        SessionAnswer { clock: 6, ..opened.clone() },
        SessionAnswer { mac: None, ..opened.clone() },
        SessionAnswer { key: None, ..opened.clone() },
    ];
    for answer in changed {
        assert!(!with(|signer| signer.verifies_session_answer(&answer)), "{answer:?}");
    }
}
