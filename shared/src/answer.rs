//! The answers of a vehicle to commands.

use crate::word::{known, words};
use crate::{CommandId, CommandName, Epoch, KeyName, Mac, SessionId};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

words! {
    /// The state of a command; all but EXECUTING are terminal.
    State {
        /// Under way.
        0 Executing = "EXECUTING",
        /// Done.
        1 Succeeded = "SUCCEEDED",
        /// Not begun.
        2 Rejected = "REJECTED",
        /// Begun and not finished.
        3 Failed = "FAILED",
        /// Too late to begin.
        4 Expired = "EXPIRED",
        /// Ended by CANCEL.
        5 Canceled = "CANCELED",
        /// Ended by a later command.
        6 Superseded = "SUPERSEDED",
    }
}

impl State {
    /// True if no further answer follows.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Executing)
    }
}

words! {
    /// Why a command was refused or ended, or why a vehicle stopped.
    #[expect(missing_docs, reason = "PROTOCOL.md has the table")]
    Reason {
        0 Unsupported = "UNSUPPORTED",
        1 Malformed = "MALFORMED",
        2 OutOfRange = "OUT_OF_RANGE",
        3 EngineOff = "ENGINE_OFF",
        4 Moving = "MOVING",
        5 NotMoving = "NOT_MOVING",
        6 NotNeutral = "NOT_NEUTRAL",
        7 NotFound = "NOT_FOUND",
        8 EmergencyStopped = "EMERGENCY_STOPPED",
        9 Failsafe = "FAILSAFE",
        10 NotInControl = "NOT_IN_CONTROL",
        11 Forbidden = "FORBIDDEN",
        12 Unsigned = "UNSIGNED",
        13 BadMac = "BAD_MAC",
        14 UnknownKey = "UNKNOWN_KEY",
        15 BadEpoch = "BAD_EPOCH",
        16 BadCounter = "BAD_COUNTER",
        17 Expired = "EXPIRED",
        18 TtlTooLong = "TTL_TOO_LONG",
        19 Retained = "RETAINED",
        20 Busy = "BUSY",
        21 RateLimited = "RATE_LIMITED",
        22 Timeout = "TIMEOUT",
        23 ActuatorFault = "ACTUATOR_FAULT",
        24 LinkLost = "LINK_LOST",
        25 OperatorLost = "OPERATOR_LOST",
        26 HoldLapsed = "HOLD_LAPSED",
        27 GuardLost = "GUARD_LOST",
        28 ClockGap = "CLOCK_GAP",
        29 LowBattery = "LOW_BATTERY",
        30 ShuttingDown = "SHUTTING_DOWN",
    }
}

/// The two forms of an answer in section 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerForm {
    /// To a plain command: a success is the one key that existing clients wait for.
    Plain,
    /// To every other command, and every failure.
    #[default]
    Full,
}

/// An answer to one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The form it takes on the wire.
    pub form: AnswerForm,
    /// The command that it answers; absent when it could not be read.
    pub command: Option<CommandName>,
    /// The ID that it answers.
    pub id: Option<CommandId>,
    /// The state of the command.
    pub state: State,
    /// Why, unless it succeeded or goes on.
    pub reason: Option<Reason>,
    /// More, for people.
    pub detail: Option<String>,
    /// Percent done, 0 to 100.
    pub progress: Option<u8>,
    /// The vehicle's CLOCK in milliseconds when it was written.
    pub clock: Option<u64>,
    /// Proof that the vehicle wrote it; on each answer to a signed command whose key and tag were good.
    pub proof: Option<Proof>,
}

/// The signed command that an answer belongs to, and the tag over the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The key that signed the command, and this answer to it.
    pub key: KeyName,
    /// The vehicle's boot when the answer was written.
    pub epoch: Epoch,
    /// The command's place in its session; absent for a stop without one.
    pub place: Option<SequenceRef>,
    /// The tag.
    pub mac: Mac,
    /// REASON in JSON, where it is a word of a newer vehicle that this version does not know: the tag is over it all the
    /// same.
    pub newer_reason: Option<String>,
}

/// The place of a signed command in its session; together with the stream it names the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SequenceRef {
    /// SID.
    pub sid: SessionId,
    /// CTR.
    pub counter: u64,
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let succeeded = if self.state == State::Succeeded { self.command } else { None };
        let mut map = serializer.serialize_map(None)?;
        if self.form == AnswerForm::Full || succeeded.is_none() {
            entry(&mut map, "CMD", self.command)?;
            entry(&mut map, "ID", self.id.as_ref())?;
            map.serialize_entry("STATE", &self.state)?;
            let proof = self.proof.as_ref();
            let newer = proof.and_then(|proof| proof.newer_reason.as_deref());
            entry(&mut map, "REASON", self.reason.map(Reason::as_str).or(newer))?;
            entry(&mut map, "DETAIL", self.detail.as_ref())?;
            entry(&mut map, "PROGRESS", self.progress)?;
            entry(&mut map, "CLOCK", self.clock)?;
            let place = proof.and_then(|proof| proof.place);
            entry(&mut map, "KEY", proof.map(|proof| &proof.key))?;
            entry(&mut map, "SID", place.map(|place| place.sid))?;
            entry(&mut map, "EPOCH", proof.map(|proof| proof.epoch))?;
            entry(&mut map, "CTR", place.map(|place| place.counter))?;
            entry(&mut map, "MAC", proof.map(|proof| proof.mac))?;
        }
        entry(&mut map, "SUCCESSFULLY_PROCESSED_COMMAND", succeeded)?;
        map.end()
    }
}

fn entry<M: SerializeMap, T: Serialize>(map: &mut M, key: &str, value: Option<T>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(key, &value))
}

/// An answer as it may come from an older or newer vehicle: unknown keys, commands and reasons are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Received {
    #[serde(default, deserialize_with = "known")]
    cmd: Option<CommandName>,
    #[serde(default)]
    id: Option<CommandId>,
    #[serde(default)]
    state: Option<State>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    progress: Option<u8>,
    #[serde(default)]
    clock: Option<u64>,
    #[serde(default)]
    key: Option<KeyName>,
    #[serde(default)]
    sid: Option<SessionId>,
    #[serde(default)]
    epoch: Option<Epoch>,
    #[serde(default)]
    ctr: Option<u64>,
    #[serde(default)]
    mac: Option<Mac>,
    #[serde(default, rename = "SUCCESSFULLY_PROCESSED_COMMAND")]
    succeeded: Option<CommandName>,
}

impl Received {
    /// The proof; half of one is no answer, lest it pass for an unsigned one by a slip.
    fn proof(&mut self) -> Result<Option<Proof>, &'static str> {
        let place = match (self.sid, self.ctr) {
            (Some(sid), Some(counter)) => Some(SequenceRef { sid, counter }),
            (None, None) => None,
            _ => return Err("SID and CTR come together"),
        };
        match (self.key.take(), self.epoch, self.mac) {
            (Some(key), Some(epoch), Some(mac)) => {
                let newer_reason = self.reason.take_if(|word| Reason::from_word(word).is_none());
                // Nothing that JSON could write in two ways, so that no bit turns over unnoticed.
                if newer_reason.as_ref().is_some_and(|word| !word.bytes().all(is_of_a_word)) {
                    return Err("REASON is of capital letters, digits and _");
                }
                Ok(Some(Proof { key, epoch, place, mac, newer_reason }))
            }
            (None, None, None) if place.is_none() => Ok(None),
            _ => Err("KEY, EPOCH and MAC come together, and with SID and CTR"),
        }
    }
}

const fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut received = Received::deserialize(deserializer)?;
        let proof = received.proof().map_err(serde::de::Error::custom)?;
        let succeeded = if received.state == Some(State::Succeeded) { received.cmd } else { None };
        let another =
            received.succeeded.is_some_and(|name| received.cmd.is_some_and(|command| command != name));
        if another || (proof.is_some() && received.succeeded != succeeded) {
            let detail = "SUCCESSFULLY_PROCESSED_COMMAND stands beside the same CMD, with SUCCEEDED";
            return Err(serde::de::Error::custom(detail));
        }
        let form = if received.state.is_some() { AnswerForm::Full } else { AnswerForm::Plain };
        let state = received.state.or(received.succeeded.map(|_| State::Succeeded));
        Ok(Self {
            form,
            command: received.cmd.or(received.succeeded),
            id: received.id,
            state: state.ok_or_else(|| serde::de::Error::missing_field("STATE"))?,
            reason: received.reason.as_deref().and_then(Reason::from_word),
            detail: received.detail,
            progress: received.progress,
            clock: received.clock,
            proof,
        })
    }
}

/// Why bytes are no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Nearly JSON.
    #[error("not an answer in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Nearly compact.
    #[error("not an answer in the compact form")]
    Compact,
    /// To a command of another session.
    #[error("an answer to session {0}, which is not ours")]
    OtherSession(SessionId),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn succeeded(form: AnswerForm) -> Answer {
        Answer {
            form,
            command: Some(CommandName::LockDoors),
            id: None,
            state: State::Succeeded,
            reason: None,
            detail: None,
            progress: None,
            clock: Some(5),
            proof: None,
        }
    }

    #[test]
    fn a_plain_success_is_the_one_key_that_existing_clients_wait_for() {
        let text = serde_json::to_string(&succeeded(AnswerForm::Plain)).unwrap();
        assert_eq!(text, r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"LOCK_DOORS"}"#);
        let back: Answer = serde_json::from_str(&text).unwrap();
        assert_eq!((back.command, back.state), (Some(CommandName::LockDoors), State::Succeeded));
    }

    #[test]
    fn a_plain_failure_has_the_full_form() {
        let failed =
            Answer { state: State::Rejected, reason: Some(Reason::Moving), ..succeeded(AnswerForm::Plain) };
        let text = serde_json::to_string(&failed).unwrap();
        assert_eq!(text, r#"{"CMD":"LOCK_DOORS","STATE":"REJECTED","REASON":"MOVING","CLOCK":5}"#);
    }

    #[test]
    fn a_proof_that_is_half_stripped_is_no_answer() {
        let whole = r#"{"CMD":"PARK","STATE":"SUCCEEDED","KEY":"tablet","SID":"00ff1a2b","EPOCH":"3f9c2b7a51d04e8896aa0c1d2e3f4051","CTR":7,"MAC":"0123456789abcdef","SUCCESSFULLY_PROCESSED_COMMAND":"PARK"}"#;
        let answer: Answer = serde_json::from_str(whole).unwrap();
        assert_eq!(serde_json::to_string(&answer).unwrap(), whole);
        for key in [
            r#""KEY":"tablet","#,
            r#""SID":"00ff1a2b","#,
            r#""EPOCH":"3f9c2b7a51d04e8896aa0c1d2e3f4051","#,
            r#""CTR":7,"#,
            r#""MAC":"0123456789abcdef","#,
        ] {
            assert!(serde_json::from_str::<Answer>(&whole.replace(key, "")).is_err(), "{key}");
        }
    }

    #[test]
    fn what_no_tag_covers_agrees_with_what_it_covers() {
        let rest = r#""KEY":"tablet","EPOCH":"3f9c2b7a51d04e8896aa0c1d2e3f4051","MAC":"0123456789abcdef""#;
        let succeeded = format!(r#"{{"CMD":"PARK","STATE":"SUCCEEDED",{rest}"#);
        let failed = format!(r#"{{"CMD":"PARK","STATE":"FAILED",{rest}"#);
        for (good, text) in [
            (true, format!(r#"{succeeded},"SUCCESSFULLY_PROCESSED_COMMAND":"PARK"}}"#)),
            (false, format!(r#"{succeeded},"SUCCESSFULLY_PROCESSED_COMMAND":"BRAKE"}}"#)),
            (false, format!("{succeeded}}}")),
            (false, format!(r#"{failed},"SUCCESSFULLY_PROCESSED_COMMAND":"PARK"}}"#)),
            (true, format!("{failed}}}")),
        ] {
            assert_eq!(serde_json::from_str::<Answer>(&text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn an_answer_that_names_two_commands_is_none() {
        for (good, command) in [(true, "PARK"), (false, "BRAKE")] {
            let text = format!(
                r#"{{"CMD":"PARK","STATE":"SUCCEEDED","SUCCESSFULLY_PROCESSED_COMMAND":"{command}"}}"#
            );
            assert_eq!(serde_json::from_str::<Answer>(&text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn an_answer_of_a_newer_vehicle_is_still_read() {
        let text = r#"{"CMD":"WASH","STATE":"FAILED","REASON":"FLAT_TYRE","WHEEL":3}"#;
        let answer: Answer = serde_json::from_str(text).unwrap();
        assert_eq!((answer.command, answer.state, answer.reason), (None, State::Failed, None));
    }
}
