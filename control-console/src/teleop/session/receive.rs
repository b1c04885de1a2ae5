//! Answers, status and events of the vehicle.

use super::{StickInput, StickPhase, TeleopAction, TeleopSession};
use crate::clock::Moment;
use crate::transaction::{Form, VehicleSession, VerifiedAnswer, is_about_keys};
use vehicle_protocol::{Answer, CommandName, Event, EventKind, Mode, Reason, State, Status};

impl TeleopSession {
    /// Records that the vehicle itself has sent a message.
    pub(super) fn receive(&mut self, now: Moment, channel: &mut VehicleSession) {
        self.received_at = now;
        self.move_stick(now, channel, StickInput::VehicleReported);
    }

    /// Begins with the first session.
    pub(super) fn open_session(&mut self, now: Moment, channel: &mut VehicleSession) {
        self.open = true;
        self.move_stick(now, channel, StickInput::LinkUp);
        self.actions.push(TeleopAction::SessionOpened);
    }

    /// Follows the vehicle into an emergency stop, by whomever it was asked for, and out of it.
    pub(super) fn receive_status(&mut self, now: Moment, channel: &mut VehicleSession, payload: &[u8]) {
        let Ok(status) = serde_json::from_slice::<Status>(payload) else { return };
        let emergency = status.mode == Mode::EmergencyStop;
        if emergency != self.emergency {
            self.emergency = emergency;
            self.move_stick(
                now,
                channel,
                if emergency { StickInput::EmergencyStop } else { StickInput::EmergencyStopCleared },
            );
        }
    }

    pub(super) fn receive_answer(
        &mut self,
        now: Moment,
        channel: &mut VehicleSession,
        heard: &VerifiedAnswer,
    ) {
        let answer = &heard.answer;
        let number = answer.id.as_ref().and_then(|id| self.ids.number(id));
        if channel.signs(Form::Timed) {
            if !channel.is_to_us(heard) {
                self.receive_unauthenticated(now, channel, answer, number);
                return;
            }
        } else if let Some(clock) = answer.clock.filter(|_| number.is_some()) {
            channel.observe(clock, now);
        }
        match (answer.command, number) {
            (Some(CommandName::ReportStatus), Some(number)) if answer.state == State::Succeeded => {
                self.confirm(now, channel, number);
            }
            (Some(CommandName::ReportStatus), _) => {}
            // What is signed has no name on the drive topic.
            (Some(CommandName::Drive | CommandName::Heartbeat), _) if channel.signs(Form::Timed) => {
                self.receive_refusal(now, channel, answer);
            }
            (_, Some(_)) => self.receive_refusal(now, channel, answer),
            (_, None) => {}
        }
    }

    /// Handles an answer that anybody may have written. A vehicle that no longer accepts our key can say so in no other way.
    fn receive_unauthenticated(
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
            self.move_stick(now, channel, StickInput::Refused);
            self.actions.push(TeleopAction::Refused(answer.reason, Some(format!("unauthenticated: {said}"))));
        } else if answer.command == Some(CommandName::Drive) && self.inquiry.is_none() {
            self.inquiry = Some(now);
        }
    }

    /// Handles an event: if somebody's request for a session was refused, it was ours as long as none is granted.
    pub(super) fn receive_event(&mut self, channel: &VehicleSession, payload: &[u8]) {
        let Ok(event) = serde_json::from_slice::<Event>(payload) else { return };
        let about_keys = event.event == EventKind::Intrusion && is_about_keys(event.cause);
        if about_keys && event.command.is_none() && channel.key().is_some() && !self.is_open() {
            let said = "unauthenticated: a request for a session was refused";
            self.actions.push(TeleopAction::Refused(event.cause, Some(said.to_owned())));
        }
    }

    /// Handles the answer to a question: the vehicle has passed the setpoints before it, and had refused none of them.
    fn confirm(&mut self, now: Moment, channel: &mut VehicleSession, number: u64) {
        if let Some((_, asked)) = self.question.take_if(|(asked, _)| *asked == number) {
            let round_trip = now.saturating_sub(asked);
            self.actions.push(TeleopAction::RoundTrip(round_trip));
            if self.config.round_trip_every.is_some() {
                self.move_stick(now, channel, StickInput::RoundTrip(round_trip));
            }
        }
        if self.stick.phase() == StickPhase::Ready
            && self.neutral_number.is_some_and(|neutral| number > neutral)
        {
            self.move_stick(now, channel, StickInput::NeutralAccepted);
        }
        self.inquiry = None;
        self.actions.push(TeleopAction::Confirmed(number));
    }

    fn receive_refusal(&mut self, now: Moment, channel: &mut VehicleSession, answer: &Answer) {
        let reason = answer.reason;
        // While neutral is shown, these pass: the clock was not known well enough, or the stream of an earlier console
        // has an EXP that ours has yet to reach.
        let passes = matches!(reason, Some(Reason::BadEpoch | Reason::Expired | Reason::BadCounter))
            && self.stick.phase() == StickPhase::Ready;
        if passes {
            self.neutral_number = None;
        } else {
            self.move_stick(now, channel, StickInput::Refused);
        }
        // Whatever comes next begins with the clock of the boot that is.
        if matches!(reason, Some(Reason::BadEpoch | Reason::Expired)) {
            channel.doubt();
        }
        self.actions.push(TeleopAction::Refused(reason, answer.detail.clone()));
    }
}
