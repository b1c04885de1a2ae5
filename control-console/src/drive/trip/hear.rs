//! What a trip makes of the vehicle's messages.

use super::{Push, Stage, Trip};
use crate::clock::Moment;
use crate::drive::stamp::Stamp;
use vehicle_protocol::{Answer, CommandName, Presence, Reason, SessionAnswer, State, Topic};

impl Trip {
    pub(super) fn hear(&mut self, now: Moment, topic: Topic, payload: &[u8]) {
        if topic == Topic::Presence {
            // The broker may be speaking in the vehicle's place.
            self.hear_presence(payload);
            return;
        }
        self.heard = now;
        #[expect(clippy::wildcard_enum_match_arm, reason = "of the others it counts that they came")]
        match topic {
            Topic::Session => self.hear_session(now, payload),
            Topic::ExecutedCommands => self.hear_answer(now, payload),
            _ => {}
        }
        self.push(now, Push::Heard);
    }

    fn hear_presence(&mut self, payload: &[u8]) {
        let Ok(presence) = serde_json::from_slice::<Presence>(payload) else { return };
        if self.presence.is_none_or(|known| presence.replaces(&known)) {
            self.presence = Some(presence);
        }
    }

    fn hear_session(&mut self, now: Moment, payload: &[u8]) {
        let Ok(answer) = serde_json::from_slice::<SessionAnswer>(payload) else { return };
        if answer.nonce != self.plan.nonce {
            return;
        }
        self.outdated = false;
        match &mut self.stamp {
            Some(stamp) => stamp.renew(answer.epoch, answer.clock, now),
            None => self.stamp = Some(Stamp::new(answer.epoch, answer.clock, now)),
        }
        if self.stage == Stage::Opening {
            self.enter(now, Stage::Showing);
            self.push(now, Push::Arm);
            self.push(now, Push::Up);
            self.push(now, Push::Hand(Some(self.plan.wish)));
        }
    }

    fn hear_answer(&mut self, now: Moment, payload: &[u8]) {
        let Ok(answer) = serde_json::from_slice::<Answer>(payload) else { return };
        let Some(number) = answer.id.as_ref().and_then(|id| self.names.number(id)) else { return };
        if let (Some(stamp), Some(clock)) = (&mut self.stamp, answer.clock) {
            stamp.observe(clock, now);
        }
        match answer.command {
            Some(CommandName::ReportStatus) if answer.state == State::Succeeded => {
                self.hear_confirmation(now, number);
            }
            Some(CommandName::ReportStatus) => {}
            _ => self.hear_refusal(now, answer),
        }
    }

    /// The vehicle went on to answer what was sent after the setpoints, and had refused none of them.
    fn hear_confirmation(&mut self, now: Moment, number: u64) {
        if number < self.counts_from {
            return;
        }
        if self.stage == Stage::Showing {
            self.push(now, Push::Taken);
            if self.stick.phase() == super::Phase::Driving {
                self.enter(now, Stage::Driving);
            }
        } else if self.stage == Stage::Confirming {
            self.succeeded();
        }
    }

    fn hear_refusal(&mut self, now: Moment, answer: Answer) {
        self.refused = self.refused.saturating_add(1);
        let reason = answer.reason;
        self.refusal = Some((reason, answer.detail));
        // While neutral is shown, these pass: the clock was not known well enough, or the stream of an earlier console
        // has an EXP that ours has yet to reach.
        let passes = matches!(reason, Some(Reason::BadEpoch | Reason::Expired | Reason::BadCounter))
            && self.stage == Stage::Showing;
        if !passes {
            self.push(now, Push::Refused);
            return;
        }
        self.outdated |= reason != Some(Reason::BadCounter);
        self.counts_from = self.names.next_number();
        self.knocked = Some(now);
    }
}
