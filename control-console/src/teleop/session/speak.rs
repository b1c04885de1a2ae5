//! What a session asks the vehicle, and how a setpoint is written down.

use super::{Action, Phase, TeleopSession};
use crate::clock::Moment;
use crate::transaction::{Form, VehicleSession};
use std::time::Duration;
use vehicle_protocol::{Command, Setpoint};

/// A vehicle that says nothing for so long is asked whether it is there; it is asked again as often.
const KNOCK_EVERY: Duration = Duration::from_millis(400);

impl TeleopSession {
    /// The message for a setpoint that leaves at `now`: dead when its hold would be over, wherever it is then.
    pub(super) fn seal(
        &mut self,
        now: Moment,
        channel: &mut VehicleSession,
        setpoint: Setpoint,
    ) -> Option<Action> {
        let (command, hold) = (Command::Drive(setpoint), self.timing().hold());
        channel.seal(now, command, Form::Timed, self.names.make(), hold).map(Action::Publish)
    }

    /// Asks for what has to be known, when it is time to.
    pub(super) fn ask(&mut self, now: Moment, channel: &mut VehicleSession) {
        if self.knock_due().is_some_and(|due| now >= due) {
            self.knocked = Some(now);
            self.question = Some((self.names.next_number(), now));
            let (command, id) = (Command::ReportStatus, self.names.make());
            let knock = channel.seal(now, command, Form::Identified, id, KNOCK_EVERY);
            self.actions.extend(knock.map(Action::Publish));
        }
    }

    pub(super) fn knock_due(&self) -> Option<Moment> {
        let up = self.link.filter(|_| self.open)?;
        let after = |pause: Duration| {
            let first = if self.knocked.is_some() { Moment::ZERO } else { up };
            self.knocked.map(|knocked| knocked.saturating_add(pause)).unwrap_or_default().max(first)
        };
        let first = match self.stick.phase() {
            _ if self.inquiry.is_some() => self.inquiry,
            Phase::Ready => self.shown.map(|_| self.since.saturating_add(self.charter.show)),
            Phase::Driving => Some(self.heard.saturating_add(KNOCK_EVERY)),
            Phase::Released | Phase::Hold if self.stick.halt().is_some() => {
                Some(self.heard.saturating_add(KNOCK_EVERY))
            }
            Phase::Released | Phase::Hold => None,
        };
        let first = first.map(|first| first.max(after(KNOCK_EVERY)));
        [first, self.charter.pulse.map(after)].into_iter().flatten().min()
    }
}
