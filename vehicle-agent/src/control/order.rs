//! A command that has passed the gate, and what can be said against one.

use crate::control::keyring::KeySlot;
use crate::control::{Cause, Moment};
use vehicle_protocol::{
    Answer, AnswerForm, Command, CommandId, CommandName, Encoding, Reason, SequenceRef, SessionId, State,
};

/// The sender of commands. All unsigned senders count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    /// Whoever reaches the broker.
    Unsigned,
    /// One session of a key; a stop may come without.
    Signed { key: KeySlot, sid: Option<SessionId> },
}

/// The owner of IDs: sessions of one key share theirs, so that a console may ask again in a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sender {
    Unsigned,
    Key(KeySlot),
}

impl Party {
    pub(super) const fn sender(self) -> Sender {
        match self {
            Self::Unsigned => Sender::Unsigned,
            Self::Signed { key, .. } => Sender::Key(key),
        }
    }

    pub(super) const fn key(self) -> Option<KeySlot> {
        match self {
            Self::Unsigned => None,
            Self::Signed { key, .. } => Some(key),
        }
    }
}

/// The form and encoding of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReplyTo {
    pub(super) form: AnswerForm,
    pub(super) encoding: Encoding,
    /// To an authentic command, with a tag.
    pub(super) proof: Option<Proven>,
}

/// Inputs of an answer's tag, besides the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proven {
    pub(super) key: KeySlot,
    /// SID and CTR of the command; a stop may come without.
    pub(super) place: Option<SequenceRef>,
}

/// An answer on its way, and to whom; CLOCK and the tag are set when it is sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) answer: Answer,
    pub(super) address: ReplyTo,
    pub(super) party: Party,
}

/// A command that is mine, fresh and not a repetition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    pub(super) command: Command,
    pub(super) id: Option<CommandId>,
    pub(super) address: ReplyTo,
    pub(super) party: Party,
    /// From this moment on it may no longer be begun.
    pub(super) expires: Option<Moment>,
}

impl Order {
    pub(super) const fn name(&self) -> CommandName {
        self.command.name()
    }

    pub(super) fn is_plain(&self) -> bool {
        self.address.form == AnswerForm::Plain
    }

    /// Tells whether it is the same stop once more.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        self.name().is_stop()
            && (self.name(), &self.id, self.address) == (other.name(), &other.id, other.address)
    }

    pub(super) fn cause(&self) -> Cause {
        Cause::Command(self.name(), self.id.clone())
    }

    /// An answer to it.
    pub(super) fn reply(&self, outcome: Outcome) -> Reply {
        let answer = outcome.answer(Some(self.name()), self.id.clone(), self.address.form);
        Reply { answer, address: self.address, party: self.party }
    }
}

/// The state of a command, under way or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) state: State,
    pub(super) reason: Option<Reason>,
    pub(super) detail: Option<String>,
}

impl Outcome {
    pub(super) const SUCCEEDED: Self = Self { state: State::Succeeded, reason: None, detail: None };
    pub(super) const EXECUTING: Self = Self { state: State::Executing, reason: None, detail: None };
    pub(super) const CANCELED: Self = Self { state: State::Canceled, reason: None, detail: None };
    pub(super) const EXPIRED: Self =
        Self { state: State::Expired, reason: Some(Reason::Expired), detail: None };

    /// The answer that says so.
    pub(super) fn answer(
        self,
        command: Option<CommandName>,
        id: Option<CommandId>,
        form: AnswerForm,
    ) -> Answer {
        let Self { state, reason, detail } = self;
        Answer { form, command, id, state, reason, detail, progress: None, clock: None, proof: None }
    }

    pub(super) const fn failed(reason: Reason) -> Self {
        Self { state: State::Failed, reason: Some(reason), detail: None }
    }

    pub(super) fn superseded(by: CommandName) -> Self {
        Self { state: State::Superseded, reason: None, detail: Some(format!("by {by}")) }
    }
}

/// The reason for which a command is not begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) reason: Reason,
    pub(super) detail: String,
}

impl Refusal {
    pub(super) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    pub(super) fn outcome(self) -> Outcome {
        let state = if self.reason == Reason::Expired { State::Expired } else { State::Rejected };
        Outcome { state, reason: Some(self.reason), detail: Some(self.detail) }
    }
}
