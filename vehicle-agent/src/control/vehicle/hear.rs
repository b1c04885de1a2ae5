//! What comes from the broker: commands and requests for a session.

use super::Vehicle;
use crate::control::admit::{Verdict, refusal_answer};
use crate::control::mode::{Driving, Mode, Way};
use crate::control::order::{Order, Party};
use crate::control::{Moment, Received, Report};
use vehicle_protocol::{AnswerForm, CommandName, Reason, Refused, SessionAnswer, SessionRequest, Topic};

impl Vehicle {
    pub(super) fn receive(&mut self, now: Moment, received: &Received) {
        self.reporter.received();
        match received.topic {
            Topic::Commands | Topic::Drive => self.command(now, received),
            Topic::SessionRequest => self.open_session(now, received),
            Topic::ExecutedCommands
            | Topic::Answers
            | Topic::Session
            | Topic::Presence
            | Topic::Status
            | Topic::Telemetry
            | Topic::Events
            | Topic::Description => {}
        }
    }

    fn command(&mut self, now: Moment, received: &Received) {
        match self.gate.judge(now, received) {
            Verdict::Admit(order) => self.consider(now, order),
            Verdict::Repeat(answer) => self.reporter.answer(now, answer),
            Verdict::Refuse(refused, form) => self.refuse(now, received, refused, form),
        }
    }

    fn refuse(&mut self, now: Moment, received: &Received, refused: Refused, form: AnswerForm) {
        let stream =
            received.topic == Topic::Drive && refused.command.is_none_or(CommandName::is_on_drive_topic);
        let unread = refused.command.is_none() || refused.reason == Reason::Malformed || received.retained;
        self.reporter.refused(now, refused.reason, refused.command);
        self.reporter.refusal(now, refusal_answer(refused, form), stream, unread);
    }

    /// Obeys, or says why not.
    fn consider(&mut self, now: Moment, order: Order) {
        let answer_to = order.clone();
        match self.obey(now, order) {
            Ok(()) if shows_an_operator(&answer_to) => self.hear(now, answer_to.party),
            Ok(()) => {}
            Err(refusal) => {
                let name = answer_to.name();
                debug_assert!(!name.is_stop(), "a stop is never refused");
                self.reporter.refused(now, refusal.reason, Some(name));
                let answer = answer_to.answer(refusal.outcome());
                self.reporter.refusal(now, answer, name.is_on_drive_topic(), false);
            }
        }
    }

    /// Renews what `party` began.
    fn hear(&mut self, now: Moment, party: Party) {
        self.control.hear(now, party);
        let timeout = self.setup.timing.operator_timeout;
        if let Mode::Driving(Driving { lease, way: Way::Discrete(_) }) = &mut self.mode {
            if lease.party == party {
                lease.until = now.after(timeout);
            }
        }
    }

    fn open_session(&mut self, now: Moment, received: &Received) {
        if received.retained && self.checks.retained {
            self.reporter.refused(now, Reason::Retained, None);
            return;
        }
        let Ok(request) = serde_json::from_slice::<SessionRequest>(&received.payload) else {
            self.reporter.refused(now, Reason::Malformed, None);
            return;
        };
        if request.key.is_some() || request.mac.is_some() {
            self.reporter.refused(now, Reason::UnknownKey, None);
            return;
        }
        self.reporter.push(Report::Session(SessionAnswer {
            key: None,
            nonce: request.nonce,
            epoch: self.setup.epoch,
            sid: None,
            clock: now.clock(),
            mac: None,
        }));
    }
}

/// Whether somebody must be there who sent it. What only asks or lets go must not keep a dead driver's vehicle moving, and
/// a plain PARK_IN_SAFE_PLACE may be a last will.
fn shows_an_operator(order: &Order) -> bool {
    let will = order.name() == CommandName::ParkInSafePlace && order.form == AnswerForm::Plain;
    !will && !matches!(order.name(), CommandName::ReportStatus | CommandName::ReleaseControl)
}
