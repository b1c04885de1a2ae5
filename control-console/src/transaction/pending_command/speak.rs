//! Publishes of a pending command.

use super::{Action, PendingCommand, Phase, Purpose, Request, STOP_EVERY};
use crate::clock::Moment;
use crate::transaction::record::Record;
use crate::transaction::vehicle_session::{Form, Sealed, VehicleSession};
use vehicle_protocol::{Command, CommandId, CommandName};

impl PendingCommand {
    /// Sends the command: the only place that does, and for all but stops only once.
    pub(super) fn dispatch(&mut self, now: Moment, channel: &mut VehicleSession) -> Vec<Action> {
        let Request { command, id, silence, .. } = self.errand.clone();
        let name = command.name();
        if name.is_stop() && channel.signs(self.errand.form) {
            self.phase = Phase::Awaiting;
            self.until = now.saturating_add(silence);
            return self.repeat_stop(now, channel);
        }
        let Some(sealed) = self.seal(now, channel, command, id) else { return Vec::new() };
        self.record = Some(Record::sent(sealed.mark.clone(), silence, now));
        self.phase = Phase::Awaiting;
        self.again = None;
        let mut actions = vec![publish(Purpose::Command, sealed)];
        if name.is_on_drive_topic() {
            actions.extend(self.accompany(now, channel));
        } else {
            let every = if name.is_stop() {
                Some(STOP_EVERY)
            } else {
                name.is_motion().then(|| channel.heartbeat_interval())
            };
            self.again = every.map(|every| now.saturating_add(every));
        }
        actions
    }

    /// Publishes the question that is answered in place of a command that is not.
    fn accompany(&mut self, now: Moment, channel: &mut VehicleSession) -> Option<Action> {
        let (command, id) = (Command::ReportStatus, self.errand.companion.clone());
        let form = if self.errand.form == Form::Plain { Form::Plain } else { Form::Identified };
        let sealed = channel.seal(now, command, form, Some(id), CommandName::ReportStatus.longest_life())?;
        self.companion = Some(Record::sent(sealed.mark.clone(), self.errand.silence, now));
        Some(publish(Purpose::Companion, sealed))
    }

    pub(super) fn repeat_stop(&mut self, now: Moment, channel: &mut VehicleSession) -> Vec<Action> {
        self.again = Some(now.saturating_add(STOP_EVERY));
        let Request { command, id, companion, silence, .. } = self.errand.clone();
        // What is signed without a session brakes at once; it takes one in a session to do all that the stop asks for.
        let first = channel.signs(self.errand.form) && !channel.is_ready(now);
        if first {
            channel.want();
        }
        let Some(sealed) = self.seal(now, channel, command, if first { companion } else { id }) else {
            return Vec::new();
        };
        let record = if first { &mut self.first } else { &mut self.record };
        match record {
            Some(record) => record.send_again(sealed.mark.clone()),
            None => *record = Some(Record::sent(sealed.mark.clone(), silence, now)),
        }
        vec![publish(Purpose::Command, sealed)]
    }

    pub(super) fn heartbeat(&mut self, now: Moment, channel: &mut VehicleSession) -> Vec<Action> {
        self.again = Some(now.saturating_add(channel.heartbeat_interval()));
        let sealed = channel.heartbeat(now, self.errand.form);
        sealed.map(|sealed| publish(Purpose::Heartbeat, sealed)).into_iter().collect()
    }

    /// Brakes what the command has set in motion.
    pub(super) fn brake(&self, now: Moment, channel: &mut VehicleSession) -> Vec<Action> {
        let sealed = self.seal(now, channel, Command::Brake, self.errand.companion.clone());
        sealed.map(|sealed| publish(Purpose::Brake, sealed)).into_iter().collect()
    }

    fn seal(
        &self,
        now: Moment,
        channel: &mut VehicleSession,
        command: Command,
        id: CommandId,
    ) -> Option<Sealed> {
        let life = command.name().longest_life();
        channel.seal(now, command, self.errand.form, Some(id), life)
    }
}

fn publish(purpose: Purpose, sealed: Sealed) -> Action {
    Action::Publish(purpose, sealed.topic, sealed.payload)
}
