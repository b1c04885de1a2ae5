//! What a helm makes of the vehicle's messages.

use super::{Deed, Helm, Phase, Push};
use crate::clock::Moment;
use crate::drive::stamp::Stamp;
use vehicle_protocol::{Answer, CommandName, Mode, Presence, Reason, SessionAnswer, State, Status, Topic};

impl Helm {
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
            Topic::Status => self.hear_status(now, payload),
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
        if answer.nonce != self.charter.nonce {
            return;
        }
        self.outdated = false;
        if let Some(stamp) = &mut self.stamp {
            stamp.renew(answer.epoch, answer.clock, now);
        } else {
            self.stamp = Some(Stamp::new(answer.epoch, answer.clock, now));
            self.push(now, Push::Up);
            self.deeds.push(Deed::Opened);
        }
    }

    /// An emergency stop by whomever is one here too; it ends here when the vehicle shows that it has ended.
    fn hear_status(&mut self, now: Moment, payload: &[u8]) {
        let Ok(status) = serde_json::from_slice::<Status>(payload) else { return };
        let emergency = status.mode == Mode::EmergencyStop;
        if emergency != self.emergency {
            self.emergency = emergency;
            self.push(now, if emergency { Push::EmergencyStop } else { Push::Cleared });
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
        if let Some((_, asked)) = self.question.take_if(|(asked, _)| *asked == number) {
            let round_trip = now.saturating_sub(asked);
            self.deeds.push(Deed::RoundTrip(round_trip));
            if self.charter.pulse.is_some() {
                self.push(now, Push::RoundTrip(round_trip));
            }
        }
        if self.stick.phase() == Phase::Ready && self.shown.is_some_and(|shown| number > shown) {
            self.push(now, Push::Taken);
        }
        self.inquiry = None;
        self.deeds.push(Deed::Confirmed(number));
    }

    fn hear_refusal(&mut self, now: Moment, answer: Answer) {
        let reason = answer.reason;
        // While neutral is shown, these pass: the clock was not known well enough, or the stream of an earlier console
        // has an EXP that ours has yet to reach.
        let passes = matches!(reason, Some(Reason::BadEpoch | Reason::Expired | Reason::BadCounter))
            && self.stick.phase() == Phase::Ready;
        if passes {
            self.shown = None;
        } else {
            self.push(now, Push::Refused);
        }
        // Whatever comes next begins with the clock of the boot that is.
        self.outdated |= matches!(reason, Some(Reason::BadEpoch | Reason::Expired));
        self.deeds.push(Deed::Refused(reason, answer.detail));
    }
}
