//! A command that has passed the gate, and what can be said against one.

use crate::control::{Cause, Moment};
use vehicle_protocol::{Answer, AnswerForm, Command, CommandId, CommandName, Reason, State};

/// Who sends commands. All unsigned senders count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    /// Whoever reaches the broker.
    Unsigned,
}

impl Party {
    /// The name that status shows.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
        }
    }
}

/// A command that is mine, fresh and not a repetition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    pub(super) command: Command,
    pub(super) id: Option<CommandId>,
    pub(super) form: AnswerForm,
    pub(super) party: Party,
    /// From this moment on it may no longer be begun.
    pub(super) expires: Option<Moment>,
}

impl Order {
    pub(super) const fn name(&self) -> CommandName {
        self.command.name()
    }

    /// Whether it is the same stop once more.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        self.name().is_stop() && (self.name(), &self.id, self.form) == (other.name(), &other.id, other.form)
    }

    pub(super) fn cause(&self) -> Cause {
        Cause::Command(self.name(), self.id.clone())
    }

    /// An answer to it; CLOCK is set when it is sent.
    pub(super) fn answer(&self, outcome: Outcome) -> Answer {
        Answer {
            form: self.form,
            command: Some(self.name()),
            id: self.id.clone(),
            state: outcome.state,
            reason: outcome.reason,
            detail: outcome.detail,
            progress: None,
            clock: None,
            proof: None,
        }
    }
}

/// How a command stands or ended.
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

    pub(super) const fn failed(reason: Reason) -> Self {
        Self { state: State::Failed, reason: Some(reason), detail: None }
    }

    pub(super) fn superseded(by: CommandName) -> Self {
        Self { state: State::Superseded, reason: None, detail: Some(format!("by {by}")) }
    }
}

/// Why a command is not begun.
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
