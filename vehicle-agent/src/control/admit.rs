//! The gate: is it a command, for me, fresh, and not seen before?
//!
//! Whether the vehicle may obey in its present state is decided behind it. Stops pass before everything that could hold a
//! command back: expiry, order and the memory of IDs.

use crate::control::memory::Memory;
use crate::control::order::{Order, Outcome, Party, Refusal};
use crate::control::{Checks, Moment, Received};
use std::time::Duration;
use vehicle_protocol::{
    Answer, AnswerForm, CommandName, Envelope, Epoch, Reason, Refused, Shape, Topic, json,
};

/// What the gate makes of a message.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// To be obeyed, if the vehicle's state allows it.
    Admit(Order),
    /// Seen before: answered with how it stands, not executed again.
    Repeat(Answer),
    /// Not to be obeyed.
    Refuse(Refused, AnswerForm),
}

/// What the gate remembers.
#[derive(Debug)]
pub(super) struct Gate {
    epoch: Epoch,
    checks: Checks,
    pub(super) memory: Memory,
    /// EXP of the newest timed setpoint: an older one never comes after it.
    newest_setpoint: Option<u64>,
}

impl Gate {
    pub(super) fn new(epoch: Epoch, checks: Checks) -> Self {
        Self { epoch, checks, memory: Memory::default(), newest_setpoint: None }
    }

    /// Judges a message on the topics for commands.
    pub(super) fn judge(&mut self, now: Moment, received: &Received) -> Verdict {
        let envelope = match json::decode(&received.payload) {
            Ok(envelope) => envelope,
            Err(refused) => return Verdict::Refuse(self.retained_first(received, refused), AnswerForm::Full),
        };
        let form = if envelope.shape == Shape::Plain { AnswerForm::Plain } else { AnswerForm::Full };
        match self.admit(now, received, envelope) {
            Ok(verdict) => verdict,
            Err(refused) => Verdict::Refuse(refused, form),
        }
    }

    /// That it was retained is the first thing wrong with a retained message.
    fn retained_first(&self, received: &Received, refused: Refused) -> Refused {
        if received.retained && self.checks.retained {
            Refused { reason: Reason::Retained, ..refused }
        } else {
            refused
        }
    }

    fn admit(&mut self, now: Moment, received: &Received, envelope: Envelope) -> Result<Verdict, Refused> {
        let Envelope { command, shape } = envelope;
        let name = command.name();
        let id = shape.id().cloned();
        let refuse = |refusal: Refusal| Refused {
            command: Some(name),
            id: id.clone(),
            reason: refusal.reason,
            detail: refusal.detail,
        };
        if received.retained && self.checks.retained {
            return Err(refuse(Refusal::new(
                Reason::Retained,
                "a command is never retained; publish it without the flag",
            )));
        }
        belongs(name, received.topic).map_err(refuse)?;
        if matches!(shape, Shape::Signed(_)) {
            return Err(refuse(Refusal::new(Reason::UnknownKey, "no key is enrolled here")));
        }
        let form = if shape == Shape::Plain { AnswerForm::Plain } else { AnswerForm::Full };
        let expires = shape.expires().map(Moment::from_millis);
        let order = Order { command, id: id.clone(), form, party: Party::Unsigned, expires };
        if name.is_stop() {
            return Ok(Verdict::Admit(order));
        }
        if let Shape::Timed { epoch, expires, .. } = &shape {
            self.check_fresh(now, name, *epoch, *expires).map_err(refuse)?;
        }
        self.check_new(now, order).map_err(refuse)
    }

    fn check_fresh(
        &mut self,
        now: Moment,
        name: CommandName,
        epoch: Epoch,
        expires: u64,
    ) -> Result<(), Refusal> {
        if self.checks.epoch && epoch != self.epoch {
            return Err(Refusal::new(
                Reason::BadEpoch,
                "another boot of this vehicle; ask for a session again",
            ));
        }
        if self.checks.expiry {
            check_expiry(now, name, expires)?;
        }
        if name == CommandName::Drive && self.checks.counter {
            if self.newest_setpoint.is_some_and(|newest| expires <= newest) {
                return Err(Refusal::new(
                    Reason::BadCounter,
                    "a newer setpoint has come before; EXP must rise",
                ));
            }
            self.newest_setpoint = Some(expires);
        }
        Ok(())
    }

    fn check_new(&mut self, now: Moment, order: Order) -> Result<Verdict, Refusal> {
        // Setpoints and heartbeats are kept apart by their expiry, and CANCEL names another command's ID.
        let remembered = !order.name().is_on_drive_topic() && order.name() != CommandName::Cancel;
        let Some(id) = order.id.as_ref().filter(|_| remembered && self.checks.counter) else {
            return Ok(Verdict::Admit(order));
        };
        if let Some(answer) = self.memory.recall(id) {
            return Ok(Verdict::Repeat(answer));
        }
        if order.expires.is_some() && !self.memory.has_room(now) {
            return Err(Refusal::new(Reason::Busy, "too many timed commands at once; send again in a while"));
        }
        Ok(Verdict::Admit(order))
    }

    /// Remembers a command that the vehicle has begun.
    pub(super) fn remember(&mut self, order: &Order) {
        if !order.name().is_on_drive_topic() && order.name() != CommandName::Cancel {
            self.memory.insert(order);
        }
    }
}

/// Setpoints and heartbeats have a topic of their own. A stop is taken wherever it comes: refusing one helps nobody.
fn belongs(name: CommandName, topic: Topic) -> Result<(), Refusal> {
    if name.is_stop() || name.is_on_drive_topic() == (topic == Topic::Drive) {
        return Ok(());
    }
    let right = if name.is_on_drive_topic() { Topic::Drive } else { Topic::Commands };
    Err(Refusal::new(Reason::Unsupported, format!("{name} belongs on the topic {right}")))
}

fn check_expiry(now: Moment, name: CommandName, expires: u64) -> Result<(), Refusal> {
    let Some(left) = expires.checked_sub(now.clock()) else {
        return Err(Refusal::new(Reason::Expired, "it came after its EXP"));
    };
    let longest = name.longest_life();
    if Duration::from_millis(left) > longest {
        let detail = format!("EXP is at most {} ms after CLOCK", longest.as_millis());
        return Err(Refusal::new(Reason::TtlTooLong, detail));
    }
    Ok(())
}

/// The answer to a refused message.
pub(super) fn refusal_answer(refused: Refused, form: AnswerForm) -> Answer {
    let Outcome { state, reason, detail } = Refusal::new(refused.reason, refused.detail).outcome();
    Answer {
        form,
        command: refused.command,
        id: refused.id,
        state,
        reason,
        detail,
        progress: None,
        clock: None,
    }
}
