//! Answers.

use super::{PLAIN, SIGNED, WITHOUT_SESSION, bytes, id, mac, maybe, number, text};
use crate::answer::AnswerError;
use crate::cbor::{self, Item};
use crate::{
    Answer, AnswerForm, CommandId, CommandName, Epoch, KeyName, Mac, Proof, Reason, SequenceRef, SessionId,
    State,
};

/// Writes an answer; there is but the full form.
pub(crate) fn encode(answer: &Answer) -> Vec<u8> {
    let (kind, rest): (_, Vec<Item<'_>>) = match &answer.proof {
        None => (PLAIN, Vec::new()),
        Some(Proof { place: Some(place), mac, .. }) => {
            let place = [place.sid.0.as_slice().into(), place.counter.into()];
            (SIGNED, place.into_iter().chain([mac.0.as_slice().into()]).collect())
        }
        Some(Proof { key, epoch, place: None, mac, .. }) => {
            (WITHOUT_SESSION, vec![key.as_str().into(), epoch.0.as_slice().into(), mac.0.as_slice().into()])
        }
    };
    let mut items: Vec<Item<'_>> = vec![
        kind.into(),
        answer.command.map(CommandName::number).into(),
        answer.id.as_ref().map(CommandId::as_str).into(),
        answer.state.number().into(),
        answer.reason.map(Reason::number).into(),
        answer.detail.as_deref().into(),
        answer.progress.map(u64::from).into(),
        answer.clock.into(),
    ];
    items.extend(rest);
    cbor::encode(&items)
}

/// Reads an answer; `session` gives the key and the epoch of a session of the reader's own.
pub(crate) fn decode(
    bytes: &[u8],
    session: impl FnOnce(SessionId) -> Option<(KeyName, Epoch)>,
) -> Result<Answer, AnswerError> {
    let items = cbor::decode(bytes).ok_or(AnswerError::Compact)?;
    let [kind, command, named, state, reason, detail, progress, clock, rest @ ..] = items.as_slice() else {
        return Err(AnswerError::Compact);
    };
    let read = || {
        Some(Answer {
            form: AnswerForm::Full,
            // What a newer vehicle may say is passed over, as in JSON.
            command: maybe(command, number)?.and_then(CommandName::from_number),
            id: maybe(named, id)?,
            state: State::from_number(number(state)?)?,
            reason: maybe(reason, number)?.and_then(Reason::from_number),
            detail: maybe(detail, text)?.map(str::to_owned),
            progress: maybe(progress, |item| number(item)?.try_into().ok())?,
            clock: maybe(clock, number)?,
            proof: None,
        })
    };
    let answer = read().ok_or(AnswerError::Compact)?;
    Ok(Answer { proof: proof(number(kind), rest, session)?, ..answer })
}

fn proof(
    kind: Option<u64>,
    rest: &[Item<'_>],
    session: impl FnOnce(SessionId) -> Option<(KeyName, Epoch)>,
) -> Result<Option<Proof>, AnswerError> {
    match partial_proof(kind, rest).ok_or(AnswerError::Compact)? {
        PartialProof::None => Ok(None),
        PartialProof::Whole(proof) => Ok(Some(proof)),
        PartialProof::InSession(place, mac) => {
            let (key, epoch) = session(place.sid).ok_or(AnswerError::OtherSession(place.sid))?;
            Ok(Some(Proof { key, epoch, place: Some(place), mac, newer_reason: None }))
        }
    }
}

/// A proof as far as the bytes have it.
enum PartialProof {
    None,
    Whole(Proof),
    InSession(SequenceRef, Mac),
}

fn partial_proof(kind: Option<u64>, rest: &[Item<'_>]) -> Option<PartialProof> {
    Some(match (kind?, rest) {
        (PLAIN, []) => PartialProof::None,
        (SIGNED, [sid, counter, tag]) => {
            let place = SequenceRef { sid: SessionId(bytes(sid)?), counter: number(counter)? };
            PartialProof::InSession(place, mac(tag)?)
        }
        (WITHOUT_SESSION, [key, epoch, tag]) => PartialProof::Whole(Proof {
            key: text(key)?.parse().ok()?,
            epoch: Epoch(bytes(epoch)?),
            place: None,
            mac: mac(tag)?,
            newer_reason: None,
        }),
        _ => return None,
    })
}
