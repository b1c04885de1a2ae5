//! The ends of a drive.

use super::{ScriptAction, ScriptedDrive, Stage};
use crate::exit::{Exit, Fault};
use crate::teleop::report::{Outcome, Report, after_refusal};
use crate::teleop::stick::Halt;
use crate::transaction::{self, VehicleSession};
use vehicle_protocol::{PresenceState, Reason, State};

impl ScriptedDrive {
    /// Ends the drive; without any setpoint that left, its outcome is NOT_SENT.
    fn finish(&mut self, exit: Exit, outcome: Outcome, detail: Option<String>, next_step: Option<String>) {
        let reason = self.refusal.as_ref().and_then(|(reason, _)| *reason);
        self.stage = Stage::Finished;
        self.actions.push(ScriptAction::Finished(Report {
            vehicle: self.session.vehicle().clone(),
            outcome: if self.sent == 0 { Outcome::NotSent } else { outcome },
            reason: reason.filter(|_| matches!(outcome, Outcome::Rejected | Outcome::Failed)),
            detail,
            setpoints_sent: self.sent,
            refused: self.refused,
            driven: self.driven,
            next_step,
            exit,
        }));
    }

    /// Ends a drive that was driven and released without a refusal.
    pub(super) fn succeeded(&mut self) {
        self.finish(Exit::Done, Outcome::Succeeded, None, None);
    }

    /// Ends a drive for which there can't be a link.
    pub(super) fn barred(&mut self, fault: &Fault) {
        if !matches!(self.stage, Stage::Braking(_)) {
            let step = Some(fault.advice.next_step.clone());
            self.finish(fault.exit, Outcome::Unknown, Some(fault.advice.what.clone()), step);
        }
    }

    /// Ends the drive if the vehicle does not allow the timing that was asked for.
    pub(super) fn is_refused(&mut self, channel: &VehicleSession) -> bool {
        let Err(why) = self.timing.within(channel.limits()) else { return false };
        let step = "leave out --hold-ms and --period: they then follow the vehicle's limits";
        self.finish(Exit::RefusedHere, Outcome::Rejected, Some(why), Some(step.to_owned()));
        true
    }

    /// Ends a drive by a signal, where no BRAKE can or need be sent.
    pub(super) fn left(&mut self, exit: Exit) {
        let detail = if self.session.is_up() {
            "ended by a signal"
        } else {
            "ended by a signal, without a link to say BRAKE"
        };
        self.finish(exit, Outcome::Unknown, Some(detail.to_owned()), None);
    }

    /// Ends a drive after the BRAKE that follows a signal, answered or not.
    pub(super) fn braked(&mut self, report: &transaction::Report) {
        let Stage::Braking(exit) = self.stage else { return };
        if report.outcome == transaction::Outcome::Answered(State::Succeeded) {
            self.finish(exit, Outcome::Canceled, Some("stopped, by BRAKE".to_owned()), None);
        } else {
            let how = report.detail.as_deref().unwrap_or("no answer");
            let detail = format!("BRAKE: {how}; {}", self.stops_by_itself());
            self.finish(exit, Outcome::Unknown, Some(detail), Some(self.watch()));
        }
    }

    /// Ends a drive whose stick was halted, once the zeros have left.
    pub(super) fn halted(&mut self, halt: Halt, channel: &VehicleSession) {
        let id = self.session.vehicle().clone();
        match halt {
            Halt::Refused => self.turned_down(),
            Halt::InputInterrupted => {
                self.refusal = Some((Some(Reason::HoldLapsed), None));
                let detail = format!(
                    "input was interrupted: this program was held up for longer than a hold; {}",
                    self.stops_by_itself()
                );
                let step = after_refusal(&id, Some(Reason::HoldLapsed));
                self.finish(Exit::NotSucceeded, Outcome::Failed, Some(detail), Some(step));
            }
            // Nothing in this program halts the stick so; should that change, the report is still true.
            Halt::Stopped | Halt::Disarmed | Halt::EmergencyStop => {
                self.finish(Exit::NotSucceeded, Outcome::Failed, Some("stopped here".to_owned()), None);
            }
            Halt::VehicleSilent => {
                let away = away(channel).map(|why| format!(" ({why})")).unwrap_or_default();
                let detail = format!("no message came from {id}{away}; {}", self.stops_by_itself());
                self.finish(Exit::NoAnswer, Outcome::Unknown, Some(detail), Some(self.watch()));
            }
            Halt::LinkLost => {
                let why = self.last_failure.clone().unwrap_or_default();
                let detail = format!("the link was lost ({why}); {}", self.stops_by_itself());
                let step = if self.session.is_up() { "drive again; that begins at neutral" } else { BROKER };
                self.finish(Exit::BrokerNotReached, Outcome::Unknown, Some(detail), Some(step.to_owned()));
            }
        }
    }

    fn turned_down(&mut self) {
        let (reason, detail) = self.refusal.clone().unwrap_or_default();
        let outcome = if self.driven.is_zero() { Outcome::Rejected } else { Outcome::Failed };
        let step = after_refusal(self.session.vehicle(), reason);
        self.finish(transaction::exit_of(reason), outcome, detail, Some(step));
    }

    /// Ends a drive that has waited for too long.
    pub(super) fn give_up(&mut self, channel: &VehicleSession) {
        if !self.session.is_up() {
            let why =
                self.last_failure.clone().unwrap_or_else(|| "the broker did not answer in time".to_owned());
            self.finish(Exit::BrokerNotReached, Outcome::Unknown, Some(why), Some(BROKER.to_owned()));
            return;
        }
        if matches!(self.stage, Stage::Opening | Stage::ShowingNeutral) && self.refusal.is_some() {
            self.turned_down();
            return;
        }
        let id = self.session.vehicle();
        let (away, opening) = (away(channel), self.stage == Stage::Opening);
        let detail = match (&away, opening) {
            (Some(why), _) => format!("{id} is not there: {why}"),
            (None, true) => format!("{id} did not answer the request for a session"),
            (None, false) => format!("{id} did not confirm that it was released; {}", self.stops_by_itself()),
        };
        let (exit, step) = match away {
            Some(_) if opening => (Exit::VehicleAway, "control-console fleet".to_owned()),
            _ => (Exit::NoAnswer, self.watch()),
        };
        self.finish(exit, Outcome::Unknown, Some(detail), Some(step));
    }

    fn stops_by_itself(&self) -> String {
        let hold = self.session.timing().hold_ms();
        format!("the vehicle stops by itself {hold} ms after the last setpoint, and does not go on by itself")
    }

    fn watch(&self) -> String {
        format!("see what it does: control-console watch {}", self.session.vehicle())
    }
}

fn away(channel: &VehicleSession) -> Option<&'static str> {
    match channel.presence() {
        Some(PresenceState::Offline) => Some("it left in order"),
        Some(PresenceState::ConnectionBroken) => Some("its connection to the broker broke"),
        None if !channel.is_agreed() => Some("unknown on this broker, or this login may not read its topics"),
        Some(PresenceState::Online | PresenceState::Sleeping) | None => None,
    }
}

const BROKER: &str = "is the broker running there? control-console config shows the address in force";
