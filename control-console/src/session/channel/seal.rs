//! How a command is written down.

use super::Channel;
use crate::clock::Moment;
use crate::session::record::Mark;
use std::time::Duration;
use vehicle_protocol::{Command, CommandId, CommandName, Envelope, Shape, Topic, json};

/// In which of the shapes a command is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As the oldest vehicles know it.
    Plain,
    /// With an ID.
    Identified,
    /// With an ID and an expiry, after a session.
    Timed,
}

/// A command as it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Where it belongs.
    pub topic: Topic,
    /// What is published.
    pub payload: Vec<u8>,
    /// By what its answer is known.
    pub mark: Mark,
}

impl Channel {
    /// Whether a command can leave only after a session was granted.
    #[must_use]
    pub const fn needs_session(&self, name: CommandName, form: Form) -> bool {
        matches!(form, Form::Timed) && !name.is_stop() && !matches!(name, CommandName::Heartbeat)
    }

    /// Writes down a command that dies `life` after `now`, where its form has an expiry; nothing if it needs a session and
    /// none was ever granted.
    pub fn seal(
        &mut self,
        now: Moment,
        command: Command,
        form: Form,
        id: Option<CommandId>,
        life: Duration,
    ) -> Option<Sealed> {
        let name = command.name();
        let shape = match (form, id) {
            (Form::Plain, _) | (_, None) => Shape::Plain,
            (_, Some(_)) if name == CommandName::Heartbeat => Shape::Plain,
            (Form::Timed, Some(id)) if self.needs_session(name, form) => {
                let clock = self.agreed.as_ref()?.clock;
                let mut expires = clock.expiry(now, life);
                if name.is_on_drive_topic() {
                    // The lower bound of the clock never falls, but two setpoints may fall into one millisecond.
                    expires = expires.max(self.newest.saturating_add(1));
                    self.newest = expires;
                }
                Shape::Timed { id, epoch: clock.epoch(), expires }
            }
            (Form::Identified | Form::Timed, Some(id)) => Shape::Identified(id),
        };
        let mark = match (&command, shape.id()) {
            // The ID of a CANCEL is an argument, and comes back in any form.
            (Command::Cancel(id), _) | (_, Some(id)) => Mark::Id(id.clone(), name),
            (_, None) => Mark::Name(name),
        };
        let topic = if name.is_on_drive_topic() { Topic::Drive } else { Topic::Commands };
        let payload = json::encode(&Envelope { command, shape }).into_bytes();
        Some(Sealed { topic, payload, mark })
    }
}
