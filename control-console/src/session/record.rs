//! One command that was sent, and what is known of it.

use crate::clock::Moment;
use std::time::Duration;
use vehicle_protocol::{Answer, CommandId, CommandName};

/// By what an answer is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// By the ID. The name is compared too, since a CANCEL carries the ID of another command.
    Id(CommandId, CommandName),
    /// By the name alone: the plain form has no ID.
    Name(CommandName),
}

impl Mark {
    /// The ID that was sent with it.
    #[must_use]
    pub const fn id(&self) -> Option<&CommandId> {
        match self {
            Self::Id(id, _) => Some(id),
            Self::Name(_) => None,
        }
    }

    /// Whether `answer` answers this command.
    #[must_use]
    pub fn matches(&self, answer: &Answer) -> bool {
        match self {
            Self::Id(id, name) => {
                answer.id.as_ref() == Some(id) && answer.command.is_none_or(|command| command == *name)
            }
            Self::Name(name) => answer.id.is_none() && answer.command == Some(*name),
        }
    }
}

/// What an answer or the passing of time has done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: it is for somebody else.
    None,
    /// The command is under way.
    Progress,
    /// The one terminal answer has come.
    Answered,
    /// It has come after the outcome was called unknown.
    Corrected,
    /// Another terminal answer; the first one counts.
    Repeated,
    /// No answer came in time.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    Unknown,
    Answered { answer: Box<Answer>, at: Moment },
}

/// A command from the moment it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    mark: Mark,
    silence: Duration,
    sent: Moment,
    deadline: Moment,
    stage: Stage,
}

impl Record {
    /// A command that is sent at `now` and may be met with silence for `silence` at most.
    #[must_use]
    pub fn sent(mark: Mark, silence: Duration, now: Moment) -> Self {
        Self { mark, silence, sent: now, deadline: now.saturating_add(silence), stage: Stage::Waiting }
    }

    /// Takes an answer.
    pub fn hear(&mut self, answer: &Answer, now: Moment) -> Change {
        if !self.mark.matches(answer) {
            return Change::None;
        }
        let change = match (&self.stage, answer.state.is_terminal()) {
            (Stage::Answered { .. }, _) => return Change::Repeated,
            (Stage::Waiting | Stage::Unknown, false) => {
                self.deadline = now.saturating_add(self.silence);
                self.stage = Stage::Waiting;
                return Change::Progress;
            }
            (Stage::Waiting, true) => Change::Answered,
            (Stage::Unknown, true) => Change::Corrected,
        };
        self.stage = Stage::Answered { answer: Box::new(answer.clone()), at: now };
        change
    }

    /// Lets time pass.
    pub fn pass(&mut self, now: Moment) -> Change {
        if self.stage == Stage::Waiting && now >= self.deadline {
            self.stage = Stage::Unknown;
            Change::Unknown
        } else {
            Change::None
        }
    }

    /// By what its answer is known.
    #[must_use]
    pub const fn mark(&self) -> &Mark {
        &self.mark
    }

    /// When silence will have lasted too long, while an answer is awaited.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        (self.stage == Stage::Waiting).then_some(self.deadline)
    }

    /// The terminal answer, if it has come.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match &self.stage {
            Stage::Answered { answer, .. } => Some(answer),
            Stage::Waiting | Stage::Unknown => None,
        }
    }

    /// The time from sending to the terminal answer.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Answered { at, .. } => Some(at.saturating_sub(self.sent)),
            Stage::Waiting | Stage::Unknown => None,
        }
    }
}
