//! The end of a pending command.

use super::{Action, PendingCommand, Phase};
use crate::exit::{Exit, Fault};
use crate::transaction::record::Record;
use crate::transaction::report::{Outcome, Report, exit_of, next_step};
use crate::transaction::vehicle_session::{Form, VehicleSession};
use vehicle_protocol::{Command, CommandName, PresenceState, Reason, State, VehicleId};

impl PendingCommand {
    /// The report of what is known so far.
    fn finish(&mut self, exit: Exit, detail: Option<String>, next_step: Option<String>) -> Action {
        self.phase = Phase::Finished;
        let answer = self.record.as_ref().and_then(Record::answer);
        let outcome = match (answer, &self.record) {
            (Some(answer), _) => Outcome::Answered(answer.state),
            (None, None) if self.first.is_none() => Outcome::NotSent,
            (None, _) => Outcome::Unknown,
        };
        let identified = match &self.record {
            Some(record) => record.mark().id().is_some(),
            None => self.errand.form != Form::Plain || matches!(self.errand.command, Command::Cancel(_)),
        };
        Action::Finished(Report {
            vehicle: self.errand.topics.id().clone(),
            command: self.name(),
            id: identified.then(|| self.errand.id.clone()),
            outcome,
            reason: answer.and_then(|answer| answer.reason),
            detail: answer.and_then(|answer| answer.detail.clone()).or(detail),
            round_trip: self.record.as_ref().and_then(Record::round_trip),
            next_step,
            exit,
        })
    }

    /// The terminal answer has come.
    pub(super) fn answered(&mut self) -> Action {
        let answer = self.record.as_ref().and_then(Record::answer);
        if answer.is_some_and(|answer| answer.state == State::Succeeded) {
            return self.finish(Exit::Done, None, None);
        }
        let reason = answer.and_then(|answer| answer.reason);
        let step = next_step(self.errand.topics.id(), self.name(), reason);
        self.finish(exit_of(reason), None, Some(step))
    }

    /// Concludes from the answer to its companion that a command without an answer of its own was not refused.
    pub(super) fn unrefused(&mut self) -> Action {
        let round_trip = self.companion.as_ref().and_then(Record::round_trip);
        let companion = self.companion.as_ref().and_then(Record::answer).map(|answer| answer.state);
        let action = self.finish(Exit::Done, None, None);
        let Action::Finished(report) = action else { return action };
        let how = "it is not answered when it works; the vehicle went on to answer what was sent after it";
        let taken = companion == Some(State::Succeeded);
        Action::Finished(Report {
            outcome: if taken { Outcome::Answered(State::Succeeded) } else { Outcome::Unknown },
            detail: Some(
                if taken { how } else { "the vehicle refuses to say whether it arrived" }.to_owned(),
            ),
            round_trip,
            exit: if taken { Exit::Done } else { Exit::NoAnswer },
            next_step: (!taken).then(|| self.watch()),
            ..report
        })
    }

    /// The link can't be had.
    pub(super) fn barred(&mut self, fault: &Fault) -> Action {
        self.finish(fault.exit, Some(fault.advice.what.clone()), Some(fault.advice.next_step.clone()))
    }

    /// Ends a command that still waits for a session or a connection when a stop comes after it: sent later, it would be
    /// sealed with a fresh counter, and the vehicle would take it for a wish that is newer than the stop.
    pub(super) fn overtaken(&mut self, stop: CommandName) -> Option<Action> {
        let name = self.name();
        let undoes_a_stop =
            name.is_motion() || matches!(name, CommandName::ClearEmergencyStop | CommandName::TurnOnEngine);
        let waits = matches!(self.phase, Phase::Connecting | Phase::Opening);
        (undoes_a_stop && waits).then(|| {
            let detail = format!("{stop} was asked for before it could be sent");
            self.finish(
                Exit::RefusedHere,
                Some(detail),
                Some("send it again if it is still wanted".to_owned()),
            )
        })
    }

    /// A signal has ended it.
    pub(super) fn left(&mut self, exit: Exit, detail: &str) -> Action {
        self.finish(exit, Some(detail.to_owned()), None)
    }

    /// Silence has lasted too long.
    pub(super) fn give_up(&mut self, channel: &VehicleSession) -> Action {
        match self.phase {
            Phase::Leaving(exit) => self.left(
                exit,
                "BRAKE did not reach the broker; the vehicle stops by itself without its operator",
            ),
            Phase::Connecting => self.unreached(),
            Phase::Opening if !self.is_up() => self.unreached(),
            Phase::Opening | Phase::Awaiting | Phase::Finished => self.unanswered(channel),
        }
    }

    fn unreached(&mut self) -> Action {
        let why = self.last_failure.clone().unwrap_or_else(|| "the broker did not answer in time".to_owned());
        let step = "is the broker running there? control-console config shows the address in force";
        self.finish(Exit::BrokerNotReached, Some(why), Some(step.to_owned()))
    }

    fn unanswered(&mut self, channel: &VehicleSession) -> Action {
        if let Some((reason, detail)) = self.doubtful() {
            return self.doubted(reason, &detail);
        }
        if let Some(fault) = self.not_granted.take().filter(|_| !self.only_brakes()) {
            let detail = format!(
                "{}; it was published, and the vehicle may or may not have stopped",
                fault.advice.what
            );
            return self.finish(Exit::NoAnswer, Some(detail), Some(fault.advice.next_step));
        }
        let id = self.errand.topics.id();
        let away = self.away(channel).filter(|_| !self.only_brakes());
        let mut detail = match (&away, self.phase) {
            (Some(why), _) => why.clone(),
            (None, Phase::Opening) => opening(id, channel),
            (None, _) if self.only_brakes() => {
                format!("{id} brakes, and has not confirmed more than that")
            }
            (None, _) if !self.was_up => {
                "the broker has not granted the subscription to answers; the vehicle may or may not have acted"
                    .to_owned()
            }
            (None, _) if !self.acknowledged && !self.name().is_on_drive_topic() => {
                "the broker did not confirm the command; the vehicle may or may not have acted".to_owned()
            }
            (None, _) => "no answer in time; the vehicle may or may not have acted".to_owned(),
        };
        if self.unreadable > 0 {
            detail = format!("{detail}; {} of its answers could not be read", self.unreadable);
        }
        if channel.forged() > 0 {
            detail = format!("{detail}; {} answers were forged by somebody else", channel.forged());
        }
        let step = if away.is_some() { "control-console fleet".to_owned() } else { self.watch() };
        let exit = if away.is_some() { Exit::VehicleAway } else { Exit::NoAnswer };
        self.finish(exit, Some(detail), Some(step))
    }

    /// Finds an answer without proof, which need not be the vehicle's.
    fn doubtful(&self) -> Option<(Option<Reason>, String)> {
        let records = [&self.record, &self.companion, &self.first];
        let answer = records.into_iter().flatten().find_map(Record::doubtful);
        let told = answer.map(|answer| {
            let what = answer.reason.map_or_else(|| answer.state.to_string(), |reason| reason.to_string());
            let detail = answer.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
            (answer.reason, format!("{what}{detail}"))
        });
        told.or_else(|| self.rumour.map(|reason| (Some(reason), reason.to_string())))
    }

    /// An answer came without the vehicle's tag, and none with it.
    fn doubted(&mut self, reason: Option<Reason>, said: &str) -> Action {
        let id = self.errand.topics.id().clone();
        let sent = self.record.is_some() || self.first.is_some();
        let truth = if sent { "; the vehicle may or may not have acted" } else { "" };
        let detail = format!("unauthenticated, so perhaps not from {id}: {said}{truth}");
        let (exit, step) = if exit_of(reason) == Exit::NotAuthorised {
            (Exit::NotAuthorised, next_step(&id, self.name(), reason))
        } else {
            (Exit::NoAnswer, self.watch())
        };
        self.finish(exit, Some(detail), Some(step))
    }

    /// Explains the silence by the vehicle's presence, if that can.
    fn away(&self, channel: &VehicleSession) -> Option<String> {
        let id = self.errand.topics.id();
        match channel.presence() {
            Some(PresenceState::Offline) => Some(format!("{id} is offline: it left in order")),
            Some(PresenceState::ConnectionBroken) => {
                Some(format!("{id} is offline: its connection to the broker broke"))
            }
            Some(PresenceState::Online | PresenceState::Sleeping) => None,
            // Without its subscription nobody can say which vehicles this broker knows.
            None if !self.was_up => None,
            // Vehicles that know only the plain form say nothing of their presence; others have just been heard.
            None if self.errand.form == Form::Plain || channel.is_agreed() || channel.forged() > 0 => None,
            None => Some(format!(
                "no vehicle {id} is known on this broker, or this login may not read its topics"
            )),
        }
    }

    fn watch(&self) -> String {
        format!("see what it did: control-console watch {}", self.errand.topics.id())
    }
}

fn opening(id: &VehicleId, channel: &VehicleSession) -> String {
    let key = channel.key().map(|key| format!("; does it know the key {key}?")).unwrap_or_default();
    format!("{id} did not answer the request for a session{key}")
}
