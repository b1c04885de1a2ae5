//! The gate: is it a command, for me, fresh, and not seen before?
//!
//! Whether the vehicle may obey in its present state is decided behind it. Stops pass before everything that could hold a
//! command back: expiry, order and the memory of IDs.

use crate::control::dedup_cache::DedupCaches;
use crate::control::keyring::{KeySlot, Keyring};
use crate::control::order::{Order, Party, Proven, Refusal, Reply, ReplyTo};
use crate::control::sessions::{Sessions, Unusable};
use crate::control::{Moment, Received, SafetyChecks};
use std::time::Duration;
use vehicle_protocol::{
    AnswerForm, Command, CommandId, CommandName, Encoding, Envelope, Epoch, KeyName, Reason, Refused,
    SequenceRef, SessionId, Shape, Signature, SignedSession, Topic, encoding,
};

/// The gate's verdict on a message.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// To be obeyed, if the vehicle's state allows it.
    Admit(Order),
    /// An authentic stop that may be an old one: the vehicle comes to a halt, and no more.
    Halt(Order, Refusal),
    /// Seen before: answered with how it stands, not executed again.
    Repeat(Reply),
    /// Not to be obeyed.
    Refuse(Refused, ReplyTo, Blame),
}

/// On whose account a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blame {
    /// Nobody can have meant it.
    Unread,
    /// A sender who signs nothing.
    Unsigned,
    /// The holder of a key.
    Key(KeySlot),
    /// Whoever names a key and has not got it.
    BadTag(KeySlot),
    /// Whoever names a key that is not enrolled.
    UnknownKey,
}

impl Blame {
    /// On the account of an authentic sender.
    pub(super) const fn of(party: Party) -> Self {
        match party.key() {
            Some(key) => Self::Key(key),
            None => Self::Unsigned,
        }
    }
}

/// The gate: keys, sessions and remembered IDs.
#[derive(Debug)]
pub(super) struct Gate {
    epoch: Epoch,
    checks: SafetyChecks,
    pub(super) keyring: Keyring,
    pub(super) sessions: Sessions,
    pub(super) memories: DedupCaches,
    /// Expiry of the newest timed setpoint and heartbeat.
    newest_setpoint: Option<Moment>,
    newest_beat: Option<Moment>,
}

/// A refusal, and on whose account.
type Refusing = (Refusal, Blame);

impl Gate {
    pub(super) fn new(epoch: Epoch, checks: SafetyChecks, keyring: Keyring) -> Self {
        Self {
            epoch,
            checks,
            keyring,
            sessions: Sessions::new(epoch),
            memories: DedupCaches::default(),
            newest_setpoint: None,
            newest_beat: None,
        }
    }

    /// Begins a new epoch: of the old one nothing counts but the keys.
    pub(super) fn renew(&mut self, epoch: Epoch) {
        (self.epoch, self.sessions, self.memories) = (epoch, Sessions::new(epoch), DedupCaches::default());
        (self.newest_setpoint, self.newest_beat) = (None, None);
    }

    /// Judges a message on the topics for commands.
    pub(super) fn judge(&mut self, now: Moment, received: &Received) -> Verdict {
        let encoding = Encoding::of(&received.payload);
        let envelope = match encoding::decode(&received.payload, |sid| self.session(sid)) {
            Ok(envelope) => envelope,
            Err(refused) => {
                let address = ReplyTo { form: AnswerForm::Full, encoding, proof: None };
                let refused = self.retained_first(received, refused);
                let unread = matches!(refused.reason, Reason::Malformed | Reason::Retained);
                let blame = if unread || refused.command.is_none() { Blame::Unread } else { Blame::Unsigned };
                return Verdict::Refuse(refused, address, blame);
            }
        };
        let form = if envelope.shape == Shape::Plain { AnswerForm::Plain } else { AnswerForm::Full };
        let mut address = ReplyTo { form, encoding, proof: None };
        let (name, id) = (envelope.command.name(), envelope.shape.id().cloned());
        self.pass(now, received, envelope, &mut address).unwrap_or_else(|(refusal, blame)| {
            let Refusal { reason, detail } = refusal;
            Verdict::Refuse(Refused { command: Some(name), id, reason, detail }, address, blame)
        })
    }

    /// The owner of a session, which the compact form leaves out.
    fn session(&self, sid: SessionId) -> Option<(KeyName, Epoch)> {
        let key = self.sessions.key_of(sid)?;
        Some((self.keyring.name(key)?.clone(), self.epoch))
    }

    /// Refuses a retained message, before anything else is looked at.
    fn retained_first(&self, received: &Received, refused: Refused) -> Refused {
        if received.retained && self.checks.retained {
            Refused { reason: Reason::Retained, ..refused }
        } else {
            refused
        }
    }

    /// Judges a command; once it is known to be authentic, `address` says so.
    fn pass(
        &mut self,
        now: Moment,
        received: &Received,
        envelope: Envelope,
        address: &mut ReplyTo,
    ) -> Result<Verdict, Refusing> {
        let name = envelope.command.name();
        if received.retained && self.checks.retained {
            let refusal =
                Refusal::new(Reason::Retained, "a command is never retained; publish it without the flag");
            return Err((refusal, Blame::Unread));
        }
        if let Shape::Signed(signature) = &envelope.shape {
            let key = self.authenticate(&envelope, signature)?;
            let place =
                signature.session.map(|session| SequenceRef { sid: session.sid, counter: session.counter });
            address.proof = Some(Proven { key, place });
            let judged = belongs(name, received.topic)
                .and_then(|()| self.signed(now, envelope.command, signature.clone(), key, *address));
            return judged.map_err(|refusal| (refusal, Blame::Key(key)));
        }
        let judged = belongs(name, received.topic)
            .and_then(|()| self.unsigned(now, envelope.command, &envelope.shape, *address));
        judged.map_err(|refusal| (refusal, Blame::Unsigned))
    }

    /// The key that has signed a command. Nothing is remembered of one that is not authentic.
    fn authenticate(&self, envelope: &Envelope, signature: &Signature) -> Result<KeySlot, Refusing> {
        let key = self.keyring.find(&signature.key).ok_or_else(|| {
            (Refusal::new(Reason::UnknownKey, "no such key is enrolled here"), Blame::UnknownKey)
        })?;
        let is_authentic = !self.checks.mac
            || self.keyring.signer(key).is_some_and(|signer| signer.verifies_command(envelope));
        if is_authentic {
            return Ok(key);
        }
        Err((Refusal::new(Reason::BadMac, "the tag is not this key's over this command"), Blame::BadTag(key)))
    }

    fn unsigned(
        &mut self,
        now: Moment,
        command: Command,
        shape: &Shape,
        address: ReplyTo,
    ) -> Result<Verdict, Refusal> {
        let name = command.name();
        if !self.keyring.takes_unsigned(name) {
            return Err(Refusal::new(Reason::Unsigned, "this vehicle takes it only with a key's signature"));
        }
        let (id, expires) = (shape.id().cloned(), shape.expires());
        let order = order(command, id, expires, address, Party::Unsigned);
        if name.is_stop() {
            return Ok(Verdict::Admit(order));
        }
        self.check_epoch(shape)?;
        // What is remembered is answered with how it stands even after its EXP: that was about its beginning.
        if let Some(reply) = self.recall(&order) {
            return Ok(Verdict::Repeat(reply));
        }
        self.check_expiry(now, name, expires)?;
        self.check_order(&order)?;
        self.check_room(now, &order)?;
        Ok(Verdict::Admit(order))
    }

    /// Judges an authentic command.
    fn signed(
        &mut self,
        now: Moment,
        command: Command,
        signature: Signature,
        key: KeySlot,
        address: ReplyTo,
    ) -> Result<Verdict, Refusal> {
        let name = command.name();
        let Signature { session, id, .. } = signature;
        let party = Party::Signed { key, sid: session.map(|session| session.sid) };
        let order = order(command, id, session.map(|session| session.expires), address, party);
        let Some(session) = session else {
            let stale = Refusal::new(Reason::BadEpoch, "signed without a session");
            return if name.is_stop() { Ok(Verdict::Halt(order, stale)) } else { Err(stale) };
        };
        // A counter is used up by the first command that has it, refused or not: what is refused now must not act later.
        let counted = self.count(now, name, key, session);
        if name.is_stop() {
            let fresh = counted.and_then(|()| self.check_expiry(now, name, Some(session.expires)));
            return Ok(match fresh {
                Ok(()) => Verdict::Admit(order),
                Err(stale) => Verdict::Halt(order, stale),
            });
        }
        if let Some(reply) = self.recall(&order).filter(|_| is_in_session(&counted)) {
            return Ok(Verdict::Repeat(reply));
        }
        // The counter first: of a command that has come before, EXPIRED would say that it was never begun.
        counted?;
        self.check_expiry(now, name, Some(session.expires))?;
        if !self.keyring.may(key, name) {
            return Err(Refusal::new(Reason::Forbidden, "the role of this key does not allow it"));
        }
        self.check_room(now, &order)?;
        Ok(Verdict::Admit(order))
    }

    /// Uses up the counter of an authentic command.
    fn count(
        &mut self,
        now: Moment,
        name: CommandName,
        key: KeySlot,
        session: SignedSession,
    ) -> Result<(), Refusal> {
        let SignedSession { sid, epoch, counter, .. } = session;
        if self.checks.epoch && epoch != self.epoch {
            return Err(other_boot());
        }
        match self.sessions.take(now, key, sid, name.stream(), counter) {
            Err(Unusable::Session) => {
                Err(Refusal::new(Reason::BadEpoch, "this session is not open; ask for a new one"))
            }
            Err(Unusable::Counter) if self.checks.counter => Err(Refusal::new(
                Reason::BadCounter,
                "a command with this CTR has come before, or it comes too long after newer ones",
            )),
            Ok(()) | Err(Unusable::Counter) => Ok(()),
        }
    }

    fn check_epoch(&self, shape: &Shape) -> Result<(), Refusal> {
        match shape {
            Shape::Timed { epoch, .. } if self.checks.epoch && *epoch != self.epoch => Err(other_boot()),
            Shape::Plain | Shape::Identified(_) | Shape::Timed { .. } | Shape::Signed(_) => Ok(()),
        }
    }

    fn check_expiry(&self, now: Moment, name: CommandName, expires: Option<u64>) -> Result<(), Refusal> {
        expires.filter(|_| self.checks.expiry).map_or(Ok(()), |last| check_expiry(now, name, last))
    }

    fn check_room(&mut self, now: Moment, order: &Order) -> Result<(), Refusal> {
        let is_timed = remembered(order) && order.id.is_some() && order.expires.is_some();
        if !is_timed || self.memories.of(order.party.sender()).has_room(now) {
            return Ok(());
        }
        Err(Refusal::new(Reason::Busy, "too many timed commands at once; send again in a while"))
    }

    fn recall(&mut self, order: &Order) -> Option<Reply> {
        let id = order.id.as_ref().filter(|_| remembered(order) && self.checks.counter)?;
        let answer = self.memories.of(order.party.sender()).recall(id)?;
        Some(Reply { answer, address: order.address, party: order.party })
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
            (Some(id), None) => self.memories.of(order.party.sender()).is_new_in_stream(id),
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
            self.memories.of(order.party.sender()).insert(order);
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

fn order(
    command: Command,
    id: Option<CommandId>,
    expires: Option<u64>,
    address: ReplyTo,
    party: Party,
) -> Order {
    // EXP is the last millisecond at which it may be begun.
    let expires = expires.map(|last| Moment::from_millis(last.saturating_add(1)));
    Order { command, id, address, party, expires }
}

fn other_boot() -> Refusal {
    Refusal::new(Reason::BadEpoch, "another boot of this vehicle; ask for a session again")
}

/// Tells whether the session of a command is open here, its counter known or not.
fn is_in_session(counted: &Result<(), Refusal>) -> bool {
    !matches!(counted, Err(Refusal { reason: Reason::BadEpoch, .. }))
}

/// The answer to a refused message.
pub(super) fn refusal_reply(refused: Refused, address: ReplyTo, blame: Blame) -> Reply {
    let Refused { command, id, reason, detail } = refused;
    let answer = Refusal::new(reason, detail).outcome().answer(command, id, address.form);
    let party = match blame {
        Blame::Key(key) => {
            let sid = address.proof.and_then(|proof| proof.place).map(|place| place.sid);
            Party::Signed { key, sid }
        }
        Blame::Unread | Blame::Unsigned | Blame::BadTag(_) | Blame::UnknownKey => Party::Unsigned,
    };
    Reply { answer, address, party }
}
