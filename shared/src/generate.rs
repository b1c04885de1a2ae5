//! Messages of all kinds, for the tests.

use crate::{
    Answer, AnswerForm, Command, CommandId, CommandName, Epoch, MAX_INTEGER, Mac, Mph, Parameter,
    ParameterKind, Reason, SessionId, Shape, Signature, SignedSession, State, json,
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

/// An argument in JSON, anywhere in its range.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "within 2^53 thousandths")]
fn argument(parameter: &Parameter) -> BoxedStrategy<String> {
    let value = match (parameter.kind, parameter.key) {
        (ParameterKind::Number { min, max, unit: "ms" }, _) => {
            (min as i64..=max.min(MAX_INTEGER as f64) as i64).prop_map(|n| n.to_string()).boxed()
        }
        (ParameterKind::Number { min, max, .. }, _) => ((min * 1000.0).round() as i64
            ..=(max * 1000.0) as i64)
            .prop_map(|n| serde_json::to_string(&Mph::from_thousandths(n)).unwrap())
            .boxed(),
        (ParameterKind::Text(_), "ID") => ids().prop_map(|id| serde_json::to_string(&id).unwrap()).boxed(),
        (ParameterKind::Text(_), _) => "[a-z0-9][a-z0-9-]{0,31}".prop_map(|name| format!("{name:?}")).boxed(),
    };
    let key = parameter.key;
    value.prop_map(move |value| format!(",\"{key}\":{value}")).boxed()
}

/// A command of one of these names, with arguments anywhere in their ranges.
fn named(names: Vec<CommandName>) -> impl Strategy<Value = Command> {
    select(names).prop_flat_map(|name| {
        let arguments: Vec<_> = name.parameters().iter().map(argument).collect();
        arguments.prop_map(move |arguments| {
            let text = format!("{{\"CMD\":\"{name}\"{}}}", arguments.concat());
            json::decode(text.as_bytes()).unwrap().command
        })
    })
}

/// Every command.
pub(crate) fn any_command() -> impl Strategy<Value = Command> {
    named(CommandName::ALL.to_vec())
}

/// Every command that fits any shape: not CANCEL, which always has an ID.
pub(crate) fn commands() -> impl Strategy<Value = Command> {
    named(CommandName::ALL.iter().copied().filter(|name| *name != CommandName::Cancel).collect())
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
