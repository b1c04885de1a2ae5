//! How a command is written down.

use super::VehicleSession;
use crate::clock::Moment;
use crate::transaction::record::CorrelationKey;
use std::time::Duration;
use vehicle_protocol::encoding::{Encoding, encode};
use vehicle_protocol::{
    Command, CommandId, CommandName, Envelope, SequenceRef, Shape, SignedSession, Stream, Topic,
};

/// In which of the shapes a command is sent. Where there is a key, all but the plain ones are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As the oldest vehicles know it; never signed.
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
    pub mark: CorrelationKey,
}

impl VehicleSession {
    /// Whether what is sent in this form is signed.
    #[must_use]
    pub const fn signs(&self, form: Form) -> bool {
        self.key.is_some() && !matches!(form, Form::Plain)
    }

    /// Whether a command can leave only after a session was granted.
    #[must_use]
    pub const fn needs_session(&self, name: CommandName, form: Form) -> bool {
        let timed = matches!(form, Form::Timed) && !matches!(name, CommandName::Heartbeat);
        !name.is_stop() && (timed || self.signs(form))
    }

    /// Writes down a command that dies `life` after `now`, where its form has an expiry; nothing if it needs a session and
    /// none was ever granted. A stop in a session that may be over is signed without one.
    pub fn seal(
        &mut self,
        now: Moment,
        command: Command,
        form: Form,
        id: Option<CommandId>,
        life: Duration,
    ) -> Option<Sealed> {
        let name = command.name();
        let topic = if name.is_on_drive_topic() { Topic::Drive } else { Topic::Commands };
        let (envelope, mark) = if self.signs(form) {
            self.sign(now, command, id, life)?
        } else {
            self.stamp(now, command, form, id, life)?
        };
        let encoding = if envelope.shape == Shape::Plain { Encoding::Json } else { self.encoding };
        Some(Sealed { topic, payload: encode(&envelope, encoding), mark })
    }

    fn stamp(
        &mut self,
        now: Moment,
        command: Command,
        form: Form,
        id: Option<CommandId>,
        life: Duration,
    ) -> Option<(Envelope, CorrelationKey)> {
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
            (Command::Cancel(id), _) | (_, Some(id)) => CorrelationKey::Id(id.clone(), name),
            (_, None) => CorrelationKey::Name(name),
        };
        Some((Envelope { command, shape }, mark))
    }

    fn sign(
        &mut self,
        now: Moment,
        command: Command,
        id: Option<CommandId>,
        life: Duration,
    ) -> Option<(Envelope, CorrelationKey)> {
        let name = command.name();
        let id = if let Command::Cancel(id) = &command {
            Some(id.clone())
        } else {
            // What goes on the drive topic is not answered, and a refusal names its place.
            id.filter(|_| !name.is_on_drive_topic())
        };
        let session =
            if name.is_stop() && !self.is_ready(now) { None } else { self.next_place(now, name, life) };
        if session.is_none() && !name.is_stop() {
            return None;
        }
        let place = session.map(|session| SequenceRef { sid: session.sid, counter: session.counter });
        let mark = CorrelationKey::Signed { name, id: id.clone(), first: place, last: place };
        let envelope = self.key.as_ref()?.signer().command(command, id, session);
        Some((envelope, mark))
    }

    /// Takes the next place in the session.
    fn next_place(&mut self, now: Moment, name: CommandName, life: Duration) -> Option<SignedSession> {
        let agreed = self.agreed.as_mut()?;
        let counter = match name.stream() {
            Stream::Commands => &mut agreed.commands,
            Stream::Drive => &mut agreed.drive,
        };
        *counter = counter.saturating_add(1);
        let counter = *counter;
        let (epoch, expires) = (agreed.clock.epoch(), agreed.clock.expiry(now, life));
        Some(SignedSession { sid: agreed.sid?, epoch, counter, expires })
    }
}
