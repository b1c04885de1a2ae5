//! The envelope of a command: sender, ID, expiry and signature.

use crate::{Command, CommandId, CommandName, Epoch, KeyName, Mac, Reason, SessionId};

/// A command in one of the four shapes of section 3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The command.
    pub command: Command,
    /// Its ID, expiry and signature, as far as it has them.
    pub shape: Shape,
}

impl Envelope {
    /// The ID under which the command is sent and answered; that of a CANCEL is its argument.
    #[must_use]
    pub fn id(&self) -> Option<&CommandId> {
        if let Command::Cancel(target) = &self.command { Some(target) } else { self.shape.id() }
    }
}

/// The four shapes of a command; what fits none of them is MALFORMED and never taken for a simpler one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing but the command.
    Plain,
    /// With an ID to answer to.
    Identified(CommandId),
    /// With an ID and an expiry.
    Timed {
        /// Names the command.
        id: CommandId,
        /// The boot whose clock `expires` is read on.
        epoch: Epoch,
        /// EXP: the last millisecond of the vehicle's CLOCK at which it may be executed.
        expires: u64,
    },
    /// With a tag over all of it.
    Signed(Signature),
}

impl Shape {
    /// The ID under which the command is answered.
    #[must_use]
    pub const fn id(&self) -> Option<&CommandId> {
        match self {
            Self::Plain => None,
            Self::Identified(id) | Self::Timed { id, .. } => Some(id),
            Self::Signed(signature) => signature.id.as_ref(),
        }
    }

    /// EXP, where there is one, in milliseconds of the vehicle's CLOCK.
    #[must_use]
    pub const fn expires(&self) -> Option<u64> {
        match self {
            Self::Timed { expires, .. }
            | Self::Signed(Signature { session: Some(SignedSession { expires, .. }), .. }) => Some(*expires),
            Self::Plain | Self::Identified(_) | Self::Signed(_) => None,
        }
    }
}

/// The signature of a command: key, session, counter and tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The key that signed.
    pub key: KeyName,
    /// The session; only a stop may come without.
    pub session: Option<SignedSession>,
    /// The tag.
    pub mac: Mac,
    /// Names the command, if it has a name.
    pub id: Option<CommandId>,
}

/// The place of a signed command in its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedSession {
    /// SID.
    pub sid: SessionId,
    /// The boot in which the session was opened.
    pub epoch: Epoch,
    /// CTR: its number in the session and stream, from 1.
    pub counter: u64,
    /// EXP in milliseconds of the vehicle's CLOCK.
    pub expires: u64,
}

/// Bytes that are no command, and as much of them as an answer can name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Refused {
    /// The command, if that much could be read.
    pub command: Option<CommandName>,
    /// Its ID, if that much could be read.
    pub id: Option<CommandId>,
    /// MALFORMED, UNSUPPORTED or OUT_OF_RANGE.
    pub reason: Reason,
    /// The fault, for people.
    pub detail: String,
}
