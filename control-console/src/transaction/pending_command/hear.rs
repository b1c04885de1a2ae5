//! Answers to a pending command.

use super::{Action, PendingCommand, Phase};
use crate::clock::Moment;
use crate::transaction::record::{Change, Match, Record};
use crate::transaction::vehicle_session::{Trust, VehicleSession, VerifiedAnswer};
use vehicle_protocol::{Reason, State};

impl PendingCommand {
    pub(super) fn hear_answer(
        &mut self,
        heard: &VerifiedAnswer,
        now: Moment,
        channel: &mut VehicleSession,
    ) -> Vec<Action> {
        let answer = &heard.answer;
        if self.is_stale(heard) {
            // It brakes; the next one is sent in a session that is open.
            channel.doubt();
            return Vec::new();
        }
        let change = self.record.as_mut().map_or(Change::None, |record| record.hear(heard, now));
        let companion = self.companion.as_mut().map_or(Change::None, |record| record.hear(heard, now));
        let first = self.first.as_mut().map_or(Change::None, |record| record.hear(heard, now));
        let ours = change != Change::None || companion != Change::None;
        if let Some(clock) = answer.clock.filter(|_| ours && !channel.signs(self.errand.form)) {
            channel.observe(clock, now);
        }
        match (change, self.phase) {
            (Change::Progress, _) => vec![Action::Progress(answer.clone())],
            // What comes while BRAKE is on its way is remembered for the report.
            (Change::Answered | Change::Corrected, Phase::Awaiting) => vec![self.answered()],
            _ if self.phase == Phase::Awaiting
                && matches!(companion, Change::Answered | Change::Corrected) =>
            {
                vec![self.unrefused()]
            }
            _ if first == Change::Progress => vec![Action::Progress(answer.clone())],
            _ => Vec::new(),
        }
    }

    /// Tells whether the vehicle has taken our stop for one that may be old.
    fn is_stale(&self, heard: &VerifiedAnswer) -> bool {
        let answer = &heard.answer;
        let ours = |record: &Record| record.mark().matches(heard) == Match::Yes;
        self.name().is_stop()
            && answer.state != State::Succeeded
            && matches!(heard.trust, Trust::Proven { place: Some(_) })
            && matches!(answer.reason, Some(Reason::BadEpoch | Reason::BadCounter | Reason::Expired))
            && self.record.as_ref().is_some_and(ours)
    }
}
