//! What an exchange makes of the vehicle's messages.

use super::{Deed, Exchange, Phase};
use crate::clock::Moment;
use crate::session::channel::{Channel, Heard};
use crate::session::record::Change;

impl Exchange {
    pub(super) fn hear_answer(&mut self, heard: &Heard, now: Moment, channel: &mut Channel) -> Vec<Deed> {
        let answer = &heard.answer;
        let change = self.record.as_mut().map_or(Change::None, |record| record.hear(answer, now));
        let companion = self.companion.as_mut().map_or(Change::None, |record| record.hear(answer, now));
        if let Some(clock) = answer.clock.filter(|_| change != Change::None || companion != Change::None) {
            channel.observe(clock, now);
        }
        match (change, self.phase) {
            (Change::Progress, _) => vec![Deed::Progress(answer.clone())],
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
}
