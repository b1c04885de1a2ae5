//! One command that was sent, and what is known of it.

use super::vehicle_session::{Trust, VerifiedAnswer};
use crate::clock::Moment;
use std::time::Duration;
use vehicle_protocol::{Answer, CommandId, CommandName, SequenceRef};

/// An answer that nothing proves leaves the vehicle's own so long to come; that to a stop has all its time, or whoever can
/// publish could end its repetitions.
const DOUBT: Duration = Duration::from_secs(1);

/// By what an answer is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorrelationKey {
    /// By the ID. The name is compared too, since a CANCEL carries the ID of another command.
    Id(CommandId, CommandName),
    /// By the name alone: the plain form has no ID.
    Name(CommandName),
    /// By the vehicle's tag, over the place in our session or, for a stop without one, over the ID.
    Signed {
        /// The command.
        name: CommandName,
        /// Its ID.
        id: Option<CommandId>,
        /// Its sequence when it was first sent.
        first: Option<SequenceRef>,
        /// Its sequence when it was last sent.
        last: Option<SequenceRef>,
    },
}

/// The relation of an answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It is to another one.
    No,
    /// It says so, and nothing shows that the vehicle wrote it.
    Doubtful,
    /// It is.
    Yes,
}

impl CorrelationKey {
    /// The ID that was sent with it.
    #[must_use]
    pub const fn id(&self) -> Option<&CommandId> {
        match self {
            Self::Id(id, _) => Some(id),
            Self::Name(_) => None,
            Self::Signed { id, .. } => id.as_ref(),
        }
    }

    const fn is_of_a_stop(&self) -> bool {
        let (Self::Id(_, name) | Self::Name(name) | Self::Signed { name, .. }) = self;
        name.is_stop()
    }

    /// Tells whether it was sent at `newer` too.
    pub(super) fn send_again(&mut self, newer: Self) {
        match (&mut *self, &newer) {
            (Self::Signed { first: Some(first), last, .. }, Self::Signed { last: Some(newest), .. })
                if first.sid == newest.sid =>
            {
                *last = Some(*newest);
            }
            _ => *self = newer,
        }
    }

    /// Judges whether `heard` answers this command.
    #[must_use]
    pub fn matches(&self, heard: &VerifiedAnswer) -> Match {
        let answer = &heard.answer;
        let is = match self {
            Self::Id(id, name) => {
                answer.id.as_ref() == Some(id) && answer.command.is_none_or(|command| command == *name)
            }
            Self::Name(name) => answer.id.is_none() && answer.command == Some(*name),
            Self::Signed { name, id, first, last } => {
                return signed(heard, *name, id.as_ref(), *first, *last);
            }
        };
        if is { Match::Yes } else { Match::No }
    }
}

fn signed(
    heard: &VerifiedAnswer,
    name: CommandName,
    id: Option<&CommandId>,
    first: Option<SequenceRef>,
    last: Option<SequenceRef>,
) -> Match {
    let answer = &heard.answer;
    match heard.trust {
        Trust::Proven { place } => {
            let within = match (first, last, place) {
                (Some(first), Some(last), Some(place)) => {
                    place.sid == first.sid && (first.counter..=last.counter).contains(&place.counter)
                }
                (first, _, place) => first.is_none() && place.is_none() && id.is_some(),
            };
            if within && answer.id.as_ref() == id && answer.command == Some(name) {
                Match::Yes
            } else {
                Match::No
            }
        }
        Trust::Unproven => {
            let named = id.is_some() && answer.id.as_ref() == id;
            if named && answer.command.is_none_or(|command| command == name) {
                Match::Doubtful
            } else {
                Match::No
            }
        }
    }
}

/// The effect of an answer, or of time, on a record.
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
    /// Something came that may be anybody's.
    Doubted,
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
    mark: CorrelationKey,
    silence: Duration,
    sent: Moment,
    deadline: Moment,
    stage: Stage,
    /// The last answer that may be anybody's.
    doubtful: Option<Box<Answer>>,
}

impl Record {
    /// A command that is sent at `now` and may be met with silence for `silence` at most.
    #[must_use]
    pub fn sent(mark: CorrelationKey, silence: Duration, now: Moment) -> Self {
        Self {
            mark,
            silence,
            sent: now,
            deadline: now.saturating_add(silence),
            stage: Stage::Waiting,
            doubtful: None,
        }
    }

    /// Takes an answer.
    pub fn hear(&mut self, heard: &VerifiedAnswer, now: Moment) -> Change {
        let answer = &heard.answer;
        match self.mark.matches(heard) {
            Match::No => return Change::None,
            Match::Doubtful => {
                if self.doubtful.is_none() && answer.state.is_terminal() && !self.mark.is_of_a_stop() {
                    self.deadline = self.deadline.min(now.saturating_add(DOUBT));
                }
                self.doubtful = Some(Box::new(answer.clone()));
                return Change::Doubted;
            }
            Match::Yes => {}
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

    /// It has been sent once more, as `mark` says.
    pub fn send_again(&mut self, mark: CorrelationKey) {
        self.mark.send_again(mark);
    }

    /// Restarts the time that silence may last, because a person has asked for the same again.
    pub fn restart(&mut self, now: Moment) {
        self.deadline = now.saturating_add(self.silence);
        if self.stage == Stage::Unknown {
            self.stage = Stage::Waiting;
        }
    }

    /// The last answer without proof, which need not be the vehicle's.
    #[must_use]
    pub fn doubtful(&self) -> Option<&Answer> {
        self.doubtful.as_deref()
    }

    /// By what its answer is known.
    #[must_use]
    pub const fn mark(&self) -> &CorrelationKey {
        &self.mark
    }

    /// The moment at which silence has lasted too long, while an answer is awaited.
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
