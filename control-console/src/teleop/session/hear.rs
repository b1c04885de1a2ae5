//! What a session makes of the vehicle's messages.

use super::{Action, Phase, Push, TeleopSession};
use crate::clock::Moment;
use crate::transaction::{Form, VehicleSession, VerifiedAnswer, is_about_keys};
use vehicle_protocol::{Answer, CommandName, Event, EventKind, Mode, Reason, State, Status};

impl TeleopSession {
    /// The vehicle itself has spoken.
    pub(super) fn hear(&mut self, now: Moment, channel: &mut VehicleSession) {
        self.heard = now;
        self.push(now, channel, Push::VerifiedAnswer);
    }

    /// There is a session, for the first time.
    pub(super) fn begin(&mut self, now: Moment, channel: &mut VehicleSession) {
        self.open = true;
        self.push(now, channel, Push::Up);
        self.actions.push(Action::Opened);
    }

    /// An emergency stop by whomever is one here too; it ends here when the vehicle shows that it has ended.
    pub(super) fn hear_status(&mut self, now: Moment, channel: &mut VehicleSession, payload: &[u8]) {
        let Ok(status) = serde_json::from_slice::<Status>(payload) else { return };
        let emergency = status.mode == Mode::EmergencyStop;
        if emergency != self.emergency {
            self.emergency = emergency;
            self.push(now, channel, if emergency { Push::EmergencyStop } else { Push::Cleared });
        }
    }

    pub(super) fn hear_answer(&mut self, now: Moment, channel: &mut VehicleSession, heard: &VerifiedAnswer) {
        let answer = &heard.answer;
        let number = answer.id.as_ref().and_then(|id| self.names.number(id));
        if channel.signs(Form::Timed) {
            if !channel.is_to_us(heard) {
                self.hear_doubtful(now, channel, answer, number);
                return;
            }
        } else if let Some(clock) = answer.clock.filter(|_| number.is_some()) {
            channel.observe(clock, now);
        }
        match (answer.command, number) {
            (Some(CommandName::ReportStatus), Some(number)) if answer.state == State::Succeeded => {
                self.hear_confirmation(now, channel, number);
            }
            (Some(CommandName::ReportStatus), _) => {}
            // What is signed has no name on the drive topic.
            (Some(CommandName::Drive | CommandName::Heartbeat), _) if channel.signs(Form::Timed) => {
                self.hear_refusal(now, channel, answer);
            }
            (_, Some(_)) => self.hear_refusal(now, channel, answer),
            (_, None) => {}
        }
    }

    /// Anybody may have written it. If the vehicle does not take our key any more, though, it can say so in no other way.
    fn hear_doubtful(
        &mut self,
        now: Moment,
        channel: &mut VehicleSession,
        answer: &Answer,
        number: Option<u64>,
    ) {
        if !is_about_keys(answer.reason) {
            return;
        }
        if number.is_some() {
            let said = answer.detail.clone().unwrap_or_default();
            self.push(now, channel, Push::Refused);
            self.actions.push(Action::Refused(answer.reason, Some(format!("unauthenticated: {said}"))));
        } else if answer.command == Some(CommandName::Drive) && self.inquiry.is_none() {
            self.inquiry = Some(now);
        }
    }

    /// Somebody's request for a session was refused; ours, if none is granted.
    pub(super) fn hear_event(&mut self, channel: &VehicleSession, payload: &[u8]) {
        let Ok(event) = serde_json::from_slice::<Event>(payload) else { return };
        let about_keys = event.event == EventKind::Intrusion && is_about_keys(event.cause);
        if about_keys && event.command.is_none() && channel.key().is_some() && !self.is_open() {
            let said = "unauthenticated: a request for a session was refused";
            self.actions.push(Action::Refused(event.cause, Some(said.to_owned())));
        }
    }

    /// The vehicle went on to answer what was sent after the setpoints, and had refused none of them.
    fn hear_confirmation(&mut self, now: Moment, channel: &mut VehicleSession, number: u64) {
        if let Some((_, asked)) = self.question.take_if(|(asked, _)| *asked == number) {
            let round_trip = now.saturating_sub(asked);
            self.actions.push(Action::RoundTrip(round_trip));
            if self.charter.pulse.is_some() {
                self.push(now, channel, Push::RoundTrip(round_trip));
            }
        }
        if self.stick.phase() == Phase::Ready && self.shown.is_some_and(|shown| number > shown) {
            self.push(now, channel, Push::Taken);
        }
        self.inquiry = None;
        self.actions.push(Action::Confirmed(number));
    }

    fn hear_refusal(&mut self, now: Moment, channel: &mut VehicleSession, answer: &Answer) {
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
        self.actions.push(Action::Refused(reason, answer.detail.clone()));
    }
}
