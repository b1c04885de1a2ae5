//! Setpoints and questions to the vehicle, as messages.

use super::{StickPhase, TeleopAction, TeleopSession};
use crate::clock::Moment;
use crate::transaction::{Form, VehicleSession};
use std::time::Duration;
use vehicle_protocol::{Command, Setpoint};

/// A vehicle is asked for its status after so long without a message, and again as often.
const ASK_EVERY: Duration = Duration::from_millis(400);

impl TeleopSession {
    /// Encodes a setpoint that leaves at `now`; it expires with its hold, wherever it is then.
    pub(super) fn setpoint_message(
        &mut self,
        now: Moment,
        channel: &mut VehicleSession,
        setpoint: Setpoint,
    ) -> Option<TeleopAction> {
        let (command, hold) = (Command::Drive(setpoint), self.timing().hold());
        channel.seal(now, command, Form::Timed, self.ids.make(), hold).map(TeleopAction::Publish)
    }

    /// Asks the vehicle for its status, if that is due.
    pub(super) fn ask(&mut self, now: Moment, channel: &mut VehicleSession) {
        if self.question_due().is_some_and(|due| now >= due) {
            self.asked_at = Some(now);
            self.question = Some((self.ids.next_number(), now));
            let (command, id) = (Command::ReportStatus, self.ids.make());
            let question = channel.seal(now, command, Form::Identified, id, ASK_EVERY);
            self.actions.extend(question.map(TeleopAction::Publish));
        }
    }

    pub(super) fn question_due(&self) -> Option<Moment> {
        let up = self.link.filter(|_| self.open)?;
        let after = |pause: Duration| {
            let first = if self.asked_at.is_some() { Moment::ZERO } else { up };
            self.asked_at.map(|asked_at| asked_at.saturating_add(pause)).unwrap_or_default().max(first)
        };
        let first = match self.stick.phase() {
            _ if self.inquiry.is_some() => self.inquiry,
            StickPhase::Ready => {
                self.neutral_number.map(|_| self.since.saturating_add(self.config.neutral_for))
            }
            StickPhase::Driving => Some(self.received_at.saturating_add(ASK_EVERY)),
            StickPhase::Released | StickPhase::Hold if self.stick.halt().is_some() => {
                Some(self.received_at.saturating_add(ASK_EVERY))
            }
            StickPhase::Released | StickPhase::Hold => None,
        };
        let first = first.map(|first| first.max(after(ASK_EVERY)));
        [first, self.config.round_trip_every.map(after)].into_iter().flatten().min()
    }
}
