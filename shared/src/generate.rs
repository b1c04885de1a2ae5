//! Messages of all kinds, for the tests.

use crate::{
    Answer, AnswerForm, Command, CommandId, CommandName, Degrees, DegreesPerSecond, Epoch, HornDuration,
    KeyName, MAX_INTEGER, Mac, Mph, Reason, SessionId, Setpoint, Shape, Signature, SignedSession, State,
    json,
};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn counts() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..100_000, 0u64..=MAX_INTEGER]
}

pub(crate) fn ids() -> impl Strategy<Value = CommandId> {
    "[ -~äß]{1,64}".prop_map(|id| id.parse().unwrap())
}

fn epochs() -> impl Strategy<Value = Epoch> {
    any::<[u8; 16]>().prop_map(Epoch)
}

pub(crate) fn sessions() -> impl Strategy<Value = SignedSession> {
    (any::<[u8; 4]>(), epochs(), counts(), counts()).prop_map(|(sid, epoch, counter, expires)| {
        SignedSession { sid: SessionId(sid), epoch, counter, expires }
    })
}

/// Answers that are not yet signed.
pub(crate) fn answers() -> impl Strategy<Value = Answer> {
    let about = (of(select(CommandName::ALL)), of(ids()), select(State::ALL));
    let more = (of(select(Reason::ALL)), of(any::<String>()), of(0u8..=100), of(counts()));
    (about, more).prop_map(|((command, id, state), (reason, detail, progress, clock))| Answer {
        form: AnswerForm::Full,
        command,
        id,
        state,
        reason,
        detail,
        progress,
        clock,
        proof: None,
    })
}

pub(crate) fn commands() -> impl Strategy<Value = Command> {
    let thousandths = 0i64..1_000_000;
    prop_oneof![
        prop::sample::select(CommandName::ALL).prop_filter_map("takes an argument", |name| {
            json::decode(format!(r#"{{"CMD":"{name}"}}"#).as_bytes()).ok().map(|envelope| envelope.command)
        }),
        (1i64..=360_000).prop_map(|n| Command::RotateLeft(Degrees::from_thousandths(n))),
        thousandths.clone().prop_map(|n| Command::SetMaxSpeed(Mph::from_thousandths(n))),
        (thousandths, -3_600_000i64..=3_600_000, 100u64..10_000).prop_map(|(speed, rate, hold_ms)| {
            let (speed, turn_rate) =
                (Mph::from_thousandths(-speed), DegreesPerSecond::from_thousandths(rate));
            Command::Drive(Setpoint { speed, turn_rate, hold_ms })
        }),
        (1u64..=5000).prop_map(|duration_ms| Command::Horn(HornDuration(duration_ms))),
        "[a-z0-9][a-z0-9-]{0,31}".prop_map(|key| Command::RevokeKey(key.parse::<KeyName>().unwrap())),
    ]
}

pub(crate) fn shapes() -> impl Strategy<Value = Shape> {
    let signature =
        (sessions(), any::<[u8; 8]>(), proptest::option::of(ids())).prop_map(|(session, mac, id)| {
            Shape::Signed(Signature {
                key: "driver".parse().unwrap(),
                session: Some(session),
                mac: Mac(mac),
                id,
            })
        });
    prop_oneof![
        Just(Shape::Plain),
        ids().prop_map(Shape::Identified),
        (ids(), epochs(), counts()).prop_map(|(id, epoch, expires)| Shape::Timed { id, epoch, expires }),
        signature,
    ]
}
