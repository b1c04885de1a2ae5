//! Messages from the broker: commands and requests for a session.

use super::Vehicle;
use crate::control::admit::{Blame, Verdict, refusal_reply};
use crate::control::mode::{DriveSource, Driving, Mode};
use crate::control::order::{Order, Party, Reply};
use crate::control::report::{Allowed, Kind};
use crate::control::{Moment, Policy, Received, Report};
use vehicle_protocol::{Answer, CommandName, KeyName, Reason, SessionAnswer, SessionRequest, Topic};

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
            Verdict::Halt(order, stale) => self.halt(now, order, stale),
            Verdict::Repeat(reply) => {
                let blame = Blame::of(reply.party);
                if self.reporter.may_refuse(now, blame, Kind::Command) == Allowed::Yes {
                    self.send(now, reply);
                }
            }
            Verdict::Refuse(refused, address, blame) => {
                let stream = received.topic == Topic::Drive
                    && refused.command.is_none_or(CommandName::is_on_drive_topic);
                let stop = refused.command.is_some_and(CommandName::is_stop);
                let kind = match (stream, stop) {
                    (true, _) => Kind::Stream,
                    (false, true) => Kind::Stop,
                    (false, false) => Kind::Command,
                };
                self.refuse(now, refusal_reply(refused, address, blame), blame, kind);
            }
        }
    }

    /// Counts what is not obeyed, and says why, as often as that may be said.
    fn refuse(&mut self, now: Moment, reply: Reply, blame: Blame, kind: Kind) {
        let Answer { command, reason, .. } = reply.answer;
        let reason = reason.unwrap_or(Reason::Malformed);
        self.reporter.refused(now, reason, command);
        if command.is_some() {
            self.record(now, &reply);
        }
        self.tell_refusal(now, reply, reason, blame, kind);
    }

    /// Says why something is not done, as often as that may be said.
    pub(super) fn tell_refusal(
        &mut self,
        now: Moment,
        mut reply: Reply,
        reason: Reason,
        blame: Blame,
        kind: Kind,
    ) {
        match self.reporter.may_refuse(now, blame, kind) {
            Allowed::Yes => self.send(now, reply),
            Allowed::Notice if kind != Kind::Stream => {
                reply.answer.reason = Some(Reason::RateLimited);
                reply.answer.detail =
                    Some(format!("too many refusals in a second, of which no more are told; here {reason}"));
                self.send(now, reply);
            }
            Allowed::Notice | Allowed::No => {}
        }
    }

    /// Obeys, or says why not.
    fn consider(&mut self, now: Moment, order: Order) {
        let answer_to = order.clone();
        match self.execute(now, order) {
            Ok(()) if shows_an_operator(&answer_to) => self.hear(now, answer_to.party),
            Ok(()) => {}
            Err(refusal) => {
                let name = answer_to.name();
                debug_assert!(!name.is_stop(), "a stop is never refused");
                let reply = answer_to.reply(refusal.outcome());
                let kind = if name.is_on_drive_topic() { Kind::Stream } else { Kind::Command };
                self.refuse(now, reply, Blame::of(answer_to.party), kind);
            }
        }
    }

    /// Renews what `party` began.
    fn hear(&mut self, now: Moment, party: Party) {
        self.control.hear(now, party);
        let timeout = self.setup.timing.operator_timeout;
        if let Mode::Driving(Driving { lease, way: DriveSource::Maneuvers(_) }) = &mut self.mode {
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
        let answer = match (&request.key, &request.mac) {
            (None, None) => self.open_unsigned(now, &request),
            (Some(key), Some(_)) => self.open_signed(now, key, &request),
            (Some(_), None) | (None, Some(_)) => Err(Reason::Malformed),
        };
        match answer {
            Ok(answer) => self.reporter.push(Report::Session(answer)),
            Err(reason) => self.reporter.refused(now, reason, None),
        }
    }

    fn open_unsigned(&mut self, now: Moment, request: &SessionRequest) -> Result<SessionAnswer, Reason> {
        if self.gate.keyring.policy() == Policy::Refuse {
            return Err(Reason::Unsigned);
        }
        self.may_open(now, Blame::Unsigned)?;
        Ok(SessionAnswer {
            key: None,
            nonce: request.nonce,
            epoch: self.setup.epoch,
            sid: None,
            clock: now.clock(),
            mac: None,
        })
    }

    fn open_signed(
        &mut self,
        now: Moment,
        name: &KeyName,
        request: &SessionRequest,
    ) -> Result<SessionAnswer, Reason> {
        let key = self.gate.keyring.find(name).ok_or(Reason::UnknownKey)?;
        let signer = self.gate.keyring.signer(key).ok_or(Reason::UnknownKey)?;
        if self.checks.mac && !signer.verifies_session_request(request) {
            return Err(Reason::BadMac);
        }
        self.may_open(now, Blame::Key(key))?;
        let sid = self.gate.sessions.open(now, key, request.nonce).ok_or(Reason::Busy)?;
        let signer = self.gate.keyring.signer(key).ok_or(Reason::UnknownKey)?;
        Ok(signer.session_answer(request.nonce, self.setup.epoch, sid, now.clock()))
    }

    /// Authentic requests, too, can be sent without end: by whoever has recorded them.
    fn may_open(&mut self, now: Moment, blame: Blame) -> Result<(), Reason> {
        match self.reporter.may_refuse(now, blame, Kind::Session) {
            Allowed::Yes => Ok(()),
            Allowed::Notice | Allowed::No => Err(Reason::RateLimited),
        }
    }
}

/// Whether somebody must be there who sent it. What only asks or lets go must not keep a dead driver's vehicle moving, and
/// a plain PARK_IN_SAFE_PLACE may be a last will.
fn shows_an_operator(order: &Order) -> bool {
    let will = order.name() == CommandName::ParkInSafePlace && order.is_plain();
    !will && !matches!(order.name(), CommandName::ReportStatus | CommandName::ReleaseControl)
}
