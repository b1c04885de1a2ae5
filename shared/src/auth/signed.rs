//! The values that a tag covers, in the order of section 4 of the contract. The second word keeps a tag of one kind of
//! message from passing for another's.

use crate::cbor::Item;
use crate::command::arguments;
use crate::{
    Answer, Command, CommandId, CommandName, Epoch, KeyName, Nonce, PROTOCOL_VERSION, Reason, SequenceRef,
    SessionAnswer, SignedSession, VehicleId,
};

pub(super) fn command<'v>(
    vehicle: &'v VehicleId,
    key: &'v KeyName,
    command: &'v Command,
    id: Option<&'v CommandId>,
    session: Option<&'v SignedSession>,
) -> [Item<'v>; 12] {
    [
        PROTOCOL_VERSION.into(),
        "command".into(),
        vehicle.as_str().into(),
        session.map(|session| session.epoch.0.as_slice()).into(),
        key.as_str().into(),
        session.map(|session| session.sid.0.as_slice()).into(),
        command.name().stream().as_str().into(),
        session.map(|session| session.counter).into(),
        session.map(|session| session.expires).into(),
        id.map(CommandId::as_str).into(),
        command.name().as_str().into(),
        Item::List(arguments::items(command)),
    ]
}

/// The command that an answer belongs to is named by SID, stream and CTR, so its EXP and arguments are not repeated.
pub(super) fn answer<'v>(
    vehicle: &'v VehicleId,
    key: &'v KeyName,
    answer: &'v Answer,
    epoch: &'v Epoch,
    place: Option<&'v SequenceRef>,
) -> [Item<'v>; 15] {
    let newer_reason = answer.proof.as_ref().and_then(|proof| proof.newer_reason.as_deref());
    [
        PROTOCOL_VERSION.into(),
        "answer".into(),
        vehicle.as_str().into(),
        epoch.0.as_slice().into(),
        key.as_str().into(),
        place.map(|place| place.sid.0.as_slice()).into(),
        answer.command.map(|name| name.stream().as_str()).into(),
        place.map(|place| place.counter).into(),
        answer.id.as_ref().map(CommandId::as_str).into(),
        answer.command.map(CommandName::as_str).into(),
        answer.state.as_str().into(),
        answer.reason.map(Reason::as_str).or(newer_reason).into(),
        answer.detail.as_deref().into(),
        answer.progress.map(u64::from).into(),
        answer.clock.into(),
    ]
}

pub(super) fn session_request<'v>(
    vehicle: &'v VehicleId,
    key: &'v KeyName,
    nonce: &'v Nonce,
) -> [Item<'v>; 5] {
    [
        PROTOCOL_VERSION.into(),
        "session-request".into(),
        vehicle.as_str().into(),
        key.as_str().into(),
        nonce.0.as_slice().into(),
    ]
}

pub(super) fn session_answer<'v>(
    vehicle: &'v VehicleId,
    key: &'v KeyName,
    answer: &'v SessionAnswer,
) -> [Item<'v>; 8] {
    [
        PROTOCOL_VERSION.into(),
        "session-answer".into(),
        vehicle.as_str().into(),
        answer.epoch.0.as_slice().into(),
        key.as_str().into(),
        answer.sid.as_ref().map(|sid| sid.0.as_slice()).into(),
        answer.nonce.0.as_slice().into(),
        answer.clock.into(),
    ]
}
