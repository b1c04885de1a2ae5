//! The gate: is it a command, for me, fresh, and not seen before?
//!
//! Whether the vehicle may obey in its present state is decided behind it. Stops pass before everything that could hold a
//! command back: expiry, order and the memory of IDs.

use crate::control::memory::Memory;
use crate::control::order::{Order, Outcome, Party, Refusal};
use crate::control::{Checks, Moment, Received};
use std::time::Duration;
use vehicle_protocol::{
    Answer, AnswerForm, Command, CommandName, Envelope, Epoch, Reason, Refused, Shape, Topic, json,
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
    /// Expiry of the newest timed setpoint and heartbeat.
    newest_setpoint: Option<Moment>,
    newest_beat: Option<Moment>,
}

impl Gate {
    pub(super) fn new(epoch: Epoch, checks: Checks) -> Self {
        Self { epoch, checks, memory: Memory::default(), newest_setpoint: None, newest_beat: None }
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
        let (name, id) = (command.name(), shape.id().cloned());
        self.pass(now, received, command, &shape).map_err(|Refusal { reason, detail }| Refused {
            command: Some(name),
            id,
            reason,
            detail,
        })
    }

    fn pass(
        &mut self,
        now: Moment,
        received: &Received,
        command: Command,
        shape: &Shape,
    ) -> Result<Verdict, Refusal> {
        let name = command.name();
        if received.retained && self.checks.retained {
            return Err(Refusal::new(
                Reason::Retained,
                "a command is never retained; publish it without the flag",
            ));
        }
        belongs(name, received.topic)?;
        if matches!(shape, Shape::Signed(_)) {
            return Err(Refusal::new(Reason::UnknownKey, "no key is enrolled here"));
        }
        let form = if *shape == Shape::Plain { AnswerForm::Plain } else { AnswerForm::Full };
        // EXP is the last millisecond at which it may be begun.
        let expires = shape.expires().map(|last| Moment::from_millis(last.saturating_add(1)));
        let order = Order { command, id: shape.id().cloned(), form, party: Party::Unsigned, expires };
        if name.is_stop() {
            return Ok(Verdict::Admit(order));
        }
        self.check_epoch(shape)?;
        // What is remembered is answered with how it stands even after its EXP: that was about its beginning.
        if let Some(answer) = self.recall(&order) {
            return Ok(Verdict::Repeat(answer));
        }
        if let Some(last) = shape.expires().filter(|_| self.checks.expiry) {
            check_expiry(now, name, last)?;
        }
        self.check_order(&order)?;
        if remembered(&order) && order.expires.is_some() && !self.memory.has_room(now) {
            return Err(Refusal::new(Reason::Busy, "too many timed commands at once; send again in a while"));
        }
        Ok(Verdict::Admit(order))
    }

    fn check_epoch(&self, shape: &Shape) -> Result<(), Refusal> {
        match shape {
            Shape::Timed { epoch, .. } if self.checks.epoch && *epoch != self.epoch => {
                Err(Refusal::new(Reason::BadEpoch, "another boot of this vehicle; ask for a session again"))
            }
            Shape::Plain | Shape::Identified(_) | Shape::Timed { .. } | Shape::Signed(_) => Ok(()),
        }
    }

    fn recall(&self, order: &Order) -> Option<Answer> {
        let id = order.id.as_ref().filter(|_| remembered(order) && self.checks.counter)?;
        self.memory.recall(id)
    }

    /// Setpoints and heartbeats never come twice and never an older after a newer one, as far as they can be told apart.
    fn check_order(&mut self, order: &Order) -> Result<(), Refusal> {
        if !order.name().is_on_drive_topic() || !self.checks.counter {
            return Ok(());
        }
        let newest = if order.name() == CommandName::Drive {
            &mut self.newest_setpoint
        } else {
            &mut self.newest_beat
        };
        let rises = match (&order.id, order.expires) {
            (_, Some(expires)) => newest.replace(expires.max(newest.unwrap_or_default())) < Some(expires),
            (Some(id), None) => self.memory.is_new_in_stream(id),
            (None, None) => true,
        };
        if rises {
            return Ok(());
        }
        Err(Refusal::new(
            Reason::BadCounter,
            "it or a newer one has come before; EXP must rise, and an ID be new",
        ))
    }

    /// Remembers a command that the vehicle has begun.
    pub(super) fn remember(&mut self, order: &Order) {
        if remembered(order) {
            self.memory.insert(order);
        }
    }
}

/// Whether a repetition of it is answered from memory: not that of a stop, which is applied again, nor of a setpoint or
/// heartbeat, which have no answer; and a CANCEL has no ID of its own.
fn remembered(order: &Order) -> bool {
    let name = order.name();
    !name.is_stop() && !name.is_on_drive_topic() && name != CommandName::Cancel
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
        proof: None,
    }
}
