//! The whole conversation about one command, as a state machine.

mod conclude;
mod hear;
mod speak;

use super::record::Record;
use super::report::Report;
use super::vehicle_session::{Form, VehicleSession, VerifiedAnswer};
use crate::clock::Moment;
use crate::exit::{Exit, Fault};
use std::time::Duration;
use vehicle_protocol::{Answer, Command, CommandId, CommandName, Reason, Topic, Topics};

/// Interval at which an unanswered stop is repeated.
const STOP_EVERY: Duration = Duration::from_millis(500);
/// Time until a publish is tried again that the link had no room for.
const NO_ROOM: Duration = Duration::from_millis(20);
/// After a rumour that our key is not taken, a session has so long to be granted.
const RUMOUR: Duration = Duration::from_secs(2);
/// Time that the BRAKE that follows a signal may take to reach the broker.
const BRAKE_WITHIN: Duration = Duration::from_secs(1);

/// A command and its vehicle, with every random name that it needs.
#[derive(Clone, Debug)]
pub struct Request {
    /// The vehicle's topics.
    pub topics: Topics,
    /// The command.
    pub command: Command,
    /// In which shape.
    pub form: Form,
    /// The command's ID.
    pub id: CommandId,
    /// An ID for the command that this one may take with it: a BRAKE, or what shows that a DRIVE has arrived.
    pub companion: CommandId,
    /// The longest silence.
    pub silence: Duration,
}

/// The purpose of a publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The command itself.
    Command,
    /// A question that is answered where the command itself is not.
    Companion,
    /// To renew what the command began.
    Heartbeat,
    /// To end it, because this program ends.
    Brake,
}

/// An input of a pending command.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Publishes leave from now on; whether the subscriptions are granted is not known yet.
    Connected,
    /// The link is there and subscribed.
    Up,
    /// The broker refuses a subscription, so that answers may not come.
    NotGranted(&'a Fault),
    /// The link is lost, for a reason that may pass.
    Down(&'a str),
    /// The link can't be had.
    Barred(&'a Fault),
    /// The broker has taken a publish.
    Acknowledged(Purpose),
    /// A publish never left.
    Unsent(Purpose),
    /// The vehicle has granted a session, or told its clock.
    Agreed,
    /// An answer of the vehicle, whoever it is for.
    Answer(&'a VerifiedAnswer),
    /// One of its answers that can't be read.
    Unreadable,
    /// The vehicle is said to have refused somebody's request for a session.
    Refused(Reason),
    /// A person has asked for the same stop again.
    Again,
    /// A stop of this name was asked for after this command.
    Overtaken(CommandName),
    /// Time has passed.
    Tick,
    /// A signal: leave with this code.
    Leave(Exit),
}

/// An action of a pending command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A publish, at QoS 0 on the drive topic and at QoS 1 elsewhere, never retained.
    Publish(Purpose, Topic, Vec<u8>),
    /// The vehicle is at it.
    Progress(Answer),
    /// The end; nothing follows.
    Finished(Report),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Connecting,
    Opening,
    Awaiting,
    Leaving(Exit),
    Finished,
}

/// The connection as far as a command needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    Down,
    /// The broker has answered CONNACK; a stop can leave.
    Accepted,
    /// Answers can be heard.
    Subscribed,
}

/// One command on its way.
#[derive(Debug)]
pub struct PendingCommand {
    errand: Request,
    phase: Phase,
    /// The end of the phase; the record has a deadline of its own.
    until: Moment,
    connection: Connection,
    /// Set once answers could be heard.
    was_up: bool,
    last_failure: Option<String>,
    /// The subscription that the broker refused to a stop, which goes out all the same.
    not_granted: Option<Fault>,
    record: Option<Record>,
    companion: Option<Record>,
    /// A stop that was sent before there was a session; it brakes, and no more.
    first: Option<Record>,
    /// The reason that an event gives about our key; anybody can have written that.
    rumour: Option<Reason>,
    acknowledged: bool,
    /// The moment of the next repetition.
    again: Option<Moment>,
    unreadable: u32,
}

impl PendingCommand {
    /// An exchange that begins at `now`, before there is a link.
    #[must_use]
    pub fn new(errand: Request, now: Moment) -> Self {
        Self {
            until: now.saturating_add(errand.silence),
            errand,
            phase: Phase::Connecting,
            connection: Connection::Down,
            was_up: false,
            last_failure: None,
            not_granted: None,
            record: None,
            companion: None,
            first: None,
            rumour: None,
            acknowledged: false,
            again: None,
            unreadable: 0,
        }
    }

    /// The vehicle that it is about.
    #[must_use]
    pub const fn topics(&self) -> &Topics {
        &self.errand.topics
    }

    /// The command that it is about.
    #[must_use]
    pub const fn name(&self) -> CommandName {
        self.errand.command.name()
    }

    /// The moment of the next [`Input::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let patience = match self.phase {
            Phase::Finished => return None,
            Phase::Connecting | Phase::Opening | Phase::Leaving(_) => Some(self.until),
            Phase::Awaiting if self.only_brakes() => Some(self.until),
            Phase::Awaiting => self.waiting_for().and_then(Record::deadline),
        };
        let again = if self.may_publish() { self.again } else { None };
        [patience, again].into_iter().flatten().min()
    }

    /// Takes one input and says what is to be done.
    pub fn handle(&mut self, now: Moment, channel: &mut VehicleSession, input: Input<'_>) -> Vec<Action> {
        if self.phase == Phase::Finished {
            return Vec::new();
        }
        match input {
            Input::Connected => {
                self.connection = Connection::Accepted;
                if self.name().is_stop() { self.resume(now, channel) } else { Vec::new() }
            }
            Input::Up => {
                (self.connection, self.was_up) = (Connection::Subscribed, true);
                self.resume(now, channel)
            }
            Input::NotGranted(fault) if self.name().is_stop() => {
                self.not_granted = Some(fault.clone());
                Vec::new()
            }
            Input::Down(why) => {
                self.connection = Connection::Down;
                self.last_failure = Some(why.to_owned());
                Vec::new()
            }
            Input::NotGranted(fault) | Input::Barred(fault) => vec![self.barred(fault)],
            Input::Acknowledged(purpose) => self.acknowledge(purpose),
            Input::Unsent(purpose) => {
                self.unsent(purpose, now);
                Vec::new()
            }
            Input::Agreed if self.phase == Phase::Opening => self.dispatch(now, channel),
            // Until now it was a stop without a session, if it was signed.
            Input::Agreed if self.is_up() && self.first.is_some() && self.phase == Phase::Awaiting => {
                self.repeat_stop(now, channel)
            }
            Input::Refused(reason) => {
                self.suspect(reason, now, channel);
                Vec::new()
            }
            Input::Answer(heard) => self.hear_answer(heard, now, channel),
            Input::Unreadable => {
                self.unreadable = self.unreadable.saturating_add(1);
                Vec::new()
            }
            Input::Again => self.press_again(now, channel),
            Input::Overtaken(stop) => self.overtaken(stop).into_iter().collect(),
            Input::Tick => self.tick(now, channel),
            Input::Leave(exit) => self.leave(exit, now, channel),
            Input::Agreed => Vec::new(),
        }
    }

    /// Begins once there is a connection, or goes on where repeating is harmless.
    fn resume(&mut self, now: Moment, channel: &mut VehicleSession) -> Vec<Action> {
        match self.phase {
            Phase::Connecting
                if channel.needs_session(self.name(), self.errand.form) && !channel.is_ready(now) =>
            {
                channel.want();
                self.phase = Phase::Opening;
                self.until = now.saturating_add(self.errand.silence);
                Vec::new()
            }
            Phase::Connecting => self.dispatch(now, channel),
            Phase::Awaiting if self.name().is_stop() => self.repeat_stop(now, channel),
            Phase::Leaving(_) => self.brake(now, channel),
            Phase::Opening | Phase::Awaiting | Phase::Finished => Vec::new(),
        }
    }

    const fn is_up(&self) -> bool {
        matches!(self.connection, Connection::Subscribed)
    }

    /// Tells whether this command may be published: a stop waits for no subscription.
    const fn may_publish(&self) -> bool {
        match self.connection {
            Connection::Down => false,
            Connection::Accepted => self.name().is_stop(),
            Connection::Subscribed => true,
        }
    }

    /// Publishes a stop once more, at once if there is a connection, and restarts its time.
    fn press_again(&mut self, now: Moment, channel: &mut VehicleSession) -> Vec<Action> {
        self.until = now.saturating_add(self.errand.silence);
        for record in [&mut self.record, &mut self.first].into_iter().flatten() {
            record.restart(now);
        }
        if self.may_publish() && self.name().is_stop() { self.resume(now, channel) } else { Vec::new() }
    }

    fn tick(&mut self, now: Moment, channel: &mut VehicleSession) -> Vec<Action> {
        if self.is_over(now) {
            return vec![self.give_up(channel)];
        }
        if !self.may_publish() || self.again.is_none_or(|again| now < again) {
            return Vec::new();
        }
        match self.phase {
            Phase::Awaiting if self.name().is_stop() => self.repeat_stop(now, channel),
            Phase::Awaiting => self.heartbeat(now, channel),
            Phase::Connecting | Phase::Opening | Phase::Leaving(_) | Phase::Finished => Vec::new(),
        }
    }

    fn is_over(&mut self, now: Moment) -> bool {
        match self.phase {
            Phase::Connecting | Phase::Opening | Phase::Leaving(_) => now >= self.until,
            Phase::Awaiting if self.only_brakes() => now >= self.until,
            Phase::Awaiting => {
                let records = [&mut self.companion, &mut self.record, &mut self.first];
                let waiting = records.into_iter().flatten().next();
                waiting.is_some_and(|record| record.pass(now) == super::Change::Unknown)
            }
            Phase::Finished => false,
        }
    }

    /// Tells whether the stop without a session is answered, and none was sent in a session.
    fn only_brakes(&self) -> bool {
        self.record.is_none() && self.first.as_ref().is_some_and(|first| first.answer().is_some())
    }

    /// The record whose silence counts: what is not answered itself has a companion that is.
    fn waiting_for(&self) -> Option<&Record> {
        self.companion.as_ref().or(self.record.as_ref()).or(self.first.as_ref())
    }

    fn acknowledge(&mut self, purpose: Purpose) -> Vec<Action> {
        match (purpose, self.phase) {
            (Purpose::Brake, Phase::Leaving(exit)) => vec![self.left(exit, "BRAKE was sent first")],
            (Purpose::Command | Purpose::Companion, _) => {
                self.acknowledged = true;
                Vec::new()
            }
            (Purpose::Heartbeat | Purpose::Brake, _) => Vec::new(),
        }
    }

    /// A command that never left may be sent when the link is back; what may be repeated is, soon.
    fn unsent(&mut self, purpose: Purpose, now: Moment) {
        if self.name().is_stop() {
            self.again = Some(now.saturating_add(NO_ROOM));
        } else if purpose == Purpose::Command && self.phase == Phase::Awaiting && !self.acknowledged {
            (self.record, self.companion, self.again) = (None, None, None);
            self.phase = Phase::Connecting;
            self.until = now.saturating_add(self.errand.silence);
        }
    }

    /// Others may have been refused; but if no session follows, it was probably ours.
    fn suspect(&mut self, reason: Reason, now: Moment, channel: &VehicleSession) {
        let about_keys = matches!(reason, Reason::UnknownKey | Reason::BadMac);
        if about_keys
            && self.phase == Phase::Opening
            && channel.signs(self.errand.form)
            && self.rumour.is_none()
        {
            self.rumour = Some(reason);
            self.until = self.until.min(now.saturating_add(RUMOUR));
        }
    }

    fn leave(&mut self, exit: Exit, now: Moment, channel: &mut VehicleSession) -> Vec<Action> {
        match self.phase {
            Phase::Awaiting if self.name().is_motion() => {
                self.phase = Phase::Leaving(exit);
                self.again = None;
                self.until = now.saturating_add(BRAKE_WITHIN);
                if self.is_up() { self.brake(now, channel) } else { Vec::new() }
            }
            Phase::Leaving(_) => vec![self.left(exit, "a second signal came before BRAKE was on its way")],
            Phase::Connecting | Phase::Opening | Phase::Awaiting | Phase::Finished => {
                vec![self.left(exit, "ended by a signal")]
            }
        }
    }
}
