//! What an exchange makes of the vehicle's messages.

use super::{Deed, Exchange, Phase};
use crate::clock::Moment;
use crate::session::record::Change;
use crate::session::vehicle_clock::VehicleClock;
use vehicle_protocol::{Answer, Presence, SessionAnswer, Topic};

impl Exchange {
    pub(super) fn hear(&mut self, topic: Topic, payload: &[u8], now: Moment) -> Vec<Deed> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other topic says anything about a command")]
        match topic {
            Topic::Presence => {
                self.hear_presence(payload);
                Vec::new()
            }
            Topic::Session => self.hear_session(payload, now),
            Topic::ExecutedCommands => self.hear_answer(payload, now),
            _ => Vec::new(),
        }
    }

    fn hear_presence(&mut self, payload: &[u8]) {
        let Ok(presence) = serde_json::from_slice::<Presence>(payload) else {
            return;
        };
        if self.presence.is_none_or(|known| presence.replaces(&known)) {
            self.presence = Some(presence);
        }
    }

    fn hear_session(&mut self, payload: &[u8], now: Moment) -> Vec<Deed> {
        match serde_json::from_slice::<SessionAnswer>(payload) {
            Ok(answer) if answer.nonce == self.errand.nonce && self.phase == Phase::Opening => {
                self.clock = Some(VehicleClock::heard(answer.epoch, answer.clock, now));
                self.dispatch(now)
            }
            // Somebody else's, or the answer to a repeated request.
            Ok(_) => Vec::new(),
            Err(_) => self.count_unreadable(),
        }
    }

    fn hear_answer(&mut self, payload: &[u8], now: Moment) -> Vec<Deed> {
        let Ok(answer) = serde_json::from_slice::<Answer>(payload) else {
            return self.count_unreadable();
        };
        let change = self.record.as_mut().map_or(Change::None, |record| record.hear(&answer, now));
        let companion = self.companion.as_mut().map_or(Change::None, |record| record.hear(&answer, now));
        match (change, self.phase) {
            (Change::Progress, _) => vec![Deed::Progress(answer)],
            // What comes while BRAKE is on its way is remembered for the report.
            (Change::Answered | Change::Corrected, Phase::Awaiting) => vec![self.answered()],
            _ if self.phase == Phase::Awaiting
                && matches!(companion, Change::Answered | Change::Corrected) =>
            {
                vec![self.unrefused()]
            }
            _ => Vec::new(),
        }
    }

    fn count_unreadable(&mut self) -> Vec<Deed> {
        self.unreadable = self.unreadable.saturating_add(1);
        Vec::new()
    }
}
