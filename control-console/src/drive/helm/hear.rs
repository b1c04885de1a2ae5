//! What a helm makes of the vehicle's messages.

use super::{Deed, Helm, Phase, Push};
use crate::clock::Moment;
use crate::session::{Channel, Heard};
use vehicle_protocol::{Answer, CommandName, Mode, Reason, State, Status};

impl Helm {
    /// The vehicle itself has spoken.
    pub(super) fn hear(&mut self, now: Moment, channel: &mut Channel) {
        self.heard = now;
        self.push(now, channel, Push::Heard);
    }

    /// There is a session, for the first time.
    pub(super) fn begin(&mut self, now: Moment, channel: &mut Channel) {
        self.open = true;
        self.push(now, channel, Push::Up);
        self.deeds.push(Deed::Opened);
    }

    /// An emergency stop by whomever is one here too; it ends here when the vehicle shows that it has ended.
    pub(super) fn hear_status(&mut self, now: Moment, channel: &mut Channel, payload: &[u8]) {
        let Ok(status) = serde_json::from_slice::<Status>(payload) else { return };
        let emergency = status.mode == Mode::EmergencyStop;
        if emergency != self.emergency {
            self.emergency = emergency;
            self.push(now, channel, if emergency { Push::EmergencyStop } else { Push::Cleared });
        }
    }

    pub(super) fn hear_answer(&mut self, now: Moment, channel: &mut Channel, heard: &Heard) {
        let answer = &heard.answer;
        let Some(number) = answer.id.as_ref().and_then(|id| self.names.number(id)) else { return };
        if let Some(clock) = answer.clock {
            channel.observe(clock, now);
        }
        match answer.command {
            Some(CommandName::ReportStatus) if answer.state == State::Succeeded => {
                self.hear_confirmation(now, channel, number);
            }
            Some(CommandName::ReportStatus) => {}
            _ => self.hear_refusal(now, channel, answer),
        }
    }

    /// The vehicle went on to answer what was sent after the setpoints, and had refused none of them.
    fn hear_confirmation(&mut self, now: Moment, channel: &mut Channel, number: u64) {
        if let Some((_, asked)) = self.question.take_if(|(asked, _)| *asked == number) {
            let round_trip = now.saturating_sub(asked);
            self.deeds.push(Deed::RoundTrip(round_trip));
            if self.charter.pulse.is_some() {
                self.push(now, channel, Push::RoundTrip(round_trip));
            }
        }
        if self.stick.phase() == Phase::Ready && self.shown.is_some_and(|shown| number > shown) {
            self.push(now, channel, Push::Taken);
        }
        self.inquiry = None;
        self.deeds.push(Deed::Confirmed(number));
    }

    fn hear_refusal(&mut self, now: Moment, channel: &mut Channel, answer: &Answer) {
        let reason = answer.reason;
        // While neutral is shown, these pass: the clock was not known well enough, or the stream of an earlier console
        // has an EXP that ours has yet to reach.
        let passes = matches!(reason, Some(Reason::BadEpoch | Reason::Expired | Reason::BadCounter))
            && self.stick.phase() == Phase::Ready;
        if passes {
            self.shown = None;
        } else {
            self.push(now, channel, Push::Refused);
        }
        // Whatever comes next begins with the clock of the boot that is.
        if matches!(reason, Some(Reason::BadEpoch | Reason::Expired)) {
            channel.doubt();
        }
        self.deeds.push(Deed::Refused(reason, answer.detail.clone()));
    }
}
