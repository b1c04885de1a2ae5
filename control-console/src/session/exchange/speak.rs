//! What an exchange publishes.

use super::{Deed, Errand, Exchange, Form, HEARTBEAT_EVERY, Phase, Purpose, REQUEST_EVERY, STOP_EVERY};
use crate::clock::Moment;
use crate::session::record::{Key, Record};
use vehicle_protocol::{Command, Envelope, SessionRequest, Shape, Topic, json};

impl Exchange {
    pub(super) fn request(&mut self, now: Moment) -> Deed {
        self.again = Some(now.saturating_add(REQUEST_EVERY));
        let request = SessionRequest { key: None, nonce: self.errand.nonce, mac: None };
        // A struct of strings always serialises.
        let text = serde_json::to_string(&request).unwrap_or_default();
        Deed::Publish(Purpose::Session, Topic::SessionRequest, text)
    }

    /// Sends the command: the only place that does, and for all but stops only once.
    pub(super) fn dispatch(&mut self, now: Moment) -> Vec<Deed> {
        let Errand { command, id, silence, .. } = self.errand.clone();
        let name = command.name();
        let (shape, key) = match (self.errand.form, self.clock) {
            (Form::Plain, _) if !matches!(command, Command::Cancel(_)) => (Shape::Plain, Key::Name(name)),
            (Form::Timed, Some(clock)) => {
                let expires = clock.expiry(now, name.longest_life());
                (Shape::Timed { id: id.clone(), epoch: clock.epoch(), expires }, Key::Id(id, name))
            }
            _ => (Shape::Identified(id.clone()), Key::Id(id, name)),
        };
        self.text = json::encode(&Envelope { command, shape });
        self.record = Some(Record::sent(key, silence, now));
        self.phase = Phase::Awaiting;
        self.again = None;
        if !name.is_on_drive_topic() {
            let every =
                if name.is_stop() { Some(STOP_EVERY) } else { name.is_motion().then_some(HEARTBEAT_EVERY) };
            self.again = every.map(|every| now.saturating_add(every));
            return vec![Deed::Publish(Purpose::Command, Topic::Commands, self.text.clone())];
        }
        let drive = Deed::Publish(Purpose::Command, Topic::Drive, self.text.clone());
        vec![drive, self.accompany(now)]
    }

    /// What is answered in place of a command that is not.
    fn accompany(&mut self, now: Moment) -> Deed {
        let (asking, id) = (Command::ReportStatus, self.errand.companion.clone());
        let (shape, key) = match self.errand.form {
            Form::Plain => (Shape::Plain, Key::Name(asking.name())),
            Form::Identified | Form::Timed => (Shape::Identified(id.clone()), Key::Id(id, asking.name())),
        };
        self.companion = Some(Record::sent(key, self.errand.silence, now));
        let text = json::encode(&Envelope { command: asking, shape });
        Deed::Publish(Purpose::Companion, Topic::Commands, text)
    }

    pub(super) fn repeat_stop(&mut self, now: Moment) -> Deed {
        self.again = Some(now.saturating_add(STOP_EVERY));
        Deed::Publish(Purpose::Command, Topic::Commands, self.text.clone())
    }

    pub(super) fn heartbeat(&mut self, now: Moment) -> Deed {
        self.again = Some(now.saturating_add(HEARTBEAT_EVERY));
        let text = json::encode(&Envelope { command: Command::Heartbeat, shape: Shape::Plain });
        Deed::Publish(Purpose::Heartbeat, Topic::Drive, text)
    }

    pub(super) fn brake(&self) -> Deed {
        let shape = match self.errand.form {
            Form::Plain => Shape::Plain,
            Form::Identified | Form::Timed => Shape::Identified(self.errand.companion.clone()),
        };
        let text = json::encode(&Envelope { command: Command::Brake, shape });
        Deed::Publish(Purpose::Brake, Topic::Commands, text)
    }
}
