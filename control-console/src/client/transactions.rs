//! The decisions of a client: sessions and pending commands with any number of vehicles. Pure; time is an argument.

use super::News;
use super::sessions::Sessions;
use crate::clock::Moment;
use crate::exit::{Exit, Fault};
use crate::transaction::{Action as Step, Input as Cue, PendingCommand, Purpose, Request, VehicleSession};
use std::collections::BTreeMap;
use vehicle_protocol::{
    Advice, CommandName, Description, Event as VehicleEvent, EventKind, Root, Topic, VehicleId,
};

/// Names a publish of a pending command: its number, and what it is for.
pub(super) type Ticket = (usize, Purpose);

/// Input of the client.
#[derive(Debug)]
pub(super) enum Input<'a> {
    /// CONNACK has come: publishes leave.
    Connected,
    /// Every subscription is granted.
    Subscribed,
    /// A subscription is refused.
    NotGranted(Fault),
    /// The connection is lost, for a reason that may pass.
    Lost(Advice),
    /// No connection can be had.
    Barred(Fault),
    /// The broker has acknowledged a publish.
    Acknowledged(Ticket),
    /// The connection had no room for a publish.
    Unsent(Ticket),
    /// It had no room for the request for a session.
    RequestUnsent(VehicleId),
    /// A message, and whether the broker had kept it.
    Message { vehicle: VehicleId, topic: Topic, payload: &'a [u8], retained: bool },
    /// A new command.
    Begin(Request),
    /// The same stop once more, for a vehicle that one is pending for.
    StopAgain(&'a VehicleId, CommandName),
    /// A session with this vehicle is wanted from now on.
    WantSession(&'a VehicleId),
    /// Time has passed.
    Tick,
    /// A signal: leave with this code.
    Leave(Exit),
}

/// A deed of the client, in order.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    /// A publish of a pending command; `announce` is told once the connection has taken it.
    Publish {
        ticket: Ticket,
        vehicle: VehicleId,
        topic: Topic,
        payload: Vec<u8>,
        announce: Option<CommandName>,
    },
    /// A request for a session.
    RequestSession { vehicle: VehicleId, payload: Vec<u8> },
    /// Something to tell who uses the client.
    Notify(News),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Connection {
    Down,
    Accepted,
    Subscribed,
}

/// Sessions and pending commands.
#[derive(Debug)]
pub(super) struct Transactions {
    root: Root,
    pub(super) sessions: Sessions,
    /// Commands that have not come to their end.
    pending: BTreeMap<usize, PendingCommand>,
    begun: usize,
    connection: Connection,
    actions: Vec<Action>,
}

impl Transactions {
    pub(super) fn new(root: Root, sessions: Sessions) -> Self {
        let (pending, connection, actions) = (BTreeMap::new(), Connection::Down, Vec::new());
        Self { root, sessions, pending, begun: 0, connection, actions }
    }

    pub(super) const fn root(&self) -> &Root {
        &self.root
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connection >= Connection::Accepted
    }

    fn is_up(&self) -> bool {
        self.connection == Connection::Subscribed
    }

    /// Tells whether a command of this name, or of any, is pending for a vehicle.
    pub(super) fn has_pending(&self, vehicle: &VehicleId, name: Option<CommandName>) -> bool {
        let is_it = |pending: &PendingCommand| {
            pending.topics().id() == vehicle && name.is_none_or(|name| pending.name() == name)
        };
        self.pending.values().any(is_it)
    }

    /// The next moment at which [`Input::Tick`] is wanted.
    pub(super) fn deadline(&self) -> Option<Moment> {
        let pending = self.pending.values().filter_map(PendingCommand::deadline);
        let sessions = self.sessions.iter().filter(|_| self.is_up()).filter_map(VehicleSession::deadline);
        pending.chain(sessions).min()
    }

    /// Handles one input; the actions are to be done in their order.
    pub(super) fn handle(&mut self, now: Moment, input: Input<'_>) -> Vec<Action> {
        match input {
            Input::Connected => {
                self.connection = Connection::Accepted;
                self.feed_all(now, Cue::Connected);
                self.notify(News::Connected);
            }
            Input::Subscribed => {
                self.connection = Connection::Subscribed;
                self.sessions.iter_mut().for_each(VehicleSession::ask_anew);
                self.feed_all(now, Cue::Up);
                self.notify(News::Up);
            }
            Input::NotGranted(fault) => {
                self.feed_all(now, Cue::NotGranted(&fault));
                self.notify(News::NotGranted(fault));
            }
            Input::Lost(why) => {
                self.connection = Connection::Down;
                self.feed_all(now, Cue::Down(&why.to_string()));
                self.notify(News::Down(why));
            }
            Input::Barred(fault) => {
                self.connection = Connection::Down;
                self.feed_all(now, Cue::Barred(&fault));
                self.notify(News::Barred(fault));
            }
            Input::Acknowledged((number, purpose)) => self.feed(now, number, Cue::Acknowledged(purpose)),
            Input::Unsent((number, purpose)) => self.feed(now, number, Cue::Unsent(purpose)),
            Input::RequestUnsent(vehicle) => self.sessions.session(&vehicle).unasked(now),
            Input::Message { vehicle, topic, payload, retained } => {
                self.receive(now, vehicle, topic, payload, retained);
            }
            Input::Begin(request) => self.begin(now, request),
            Input::StopAgain(vehicle, stop) => {
                let is_it =
                    |pending: &PendingCommand| pending.topics().id() == vehicle && pending.name() == stop;
                self.feed_where(now, is_it, Cue::Again);
                self.feed_about(now, vehicle, Cue::Overtaken(stop));
            }
            Input::WantSession(vehicle) => self.sessions.session(vehicle).want(),
            Input::Tick => self.feed_all(now, Cue::Tick),
            Input::Leave(exit) => {
                self.feed_all(now, Cue::Leave(exit));
                self.notify(News::Leave(exit));
            }
        }
        self.request_sessions(now);
        std::mem::take(&mut self.actions)
    }

    fn notify(&mut self, news: News) {
        self.actions.push(Action::Notify(news));
    }

    fn begin(&mut self, now: Moment, request: Request) {
        self.begun = self.begun.saturating_add(1);
        let (vehicle, name) = (request.topics.id().clone(), request.command.name());
        self.pending.insert(self.begun, PendingCommand::new(request, now));
        match self.connection {
            Connection::Down => {}
            Connection::Accepted => self.feed(now, self.begun, Cue::Connected),
            Connection::Subscribed => self.feed(now, self.begun, Cue::Up),
        }
        if name.is_stop() {
            self.feed_about(now, &vehicle, Cue::Overtaken(name));
        }
    }

    /// Asks for the sessions that are wanted and due.
    fn request_sessions(&mut self, now: Moment) {
        if !self.is_up() {
            return;
        }
        for session in self.sessions.iter_mut() {
            if let Some(payload) = session.ask(now) {
                self.actions.push(Action::RequestSession { vehicle: session.vehicle().clone(), payload });
            }
        }
    }

    fn receive(&mut self, now: Moment, vehicle: VehicleId, topic: Topic, payload: &[u8], retained: bool) {
        match topic {
            // A vehicle that nobody has spoken to from here has nothing to answer.
            Topic::Session | Topic::ExecutedCommands | Topic::Answers if !self.sessions.has(&vehicle) => {}
            Topic::Session => match self.sessions.session(&vehicle).agree(payload, now) {
                Ok(Some(agreement)) => {
                    self.feed_about(now, &vehicle, Cue::Agreed);
                    self.notify(News::Agreed(vehicle, agreement));
                }
                Ok(None) => {}
                Err(_) => self.feed_about(now, &vehicle, Cue::Unreadable),
            },
            Topic::ExecutedCommands | Topic::Answers => {
                match self.sessions.session(&vehicle).open(payload, now) {
                    Ok(None) => {}
                    Ok(Some(answer)) => {
                        self.feed_about(now, &vehicle, Cue::Answer(&answer));
                        self.notify(News::Answer(vehicle, answer));
                    }
                    Err(_) => self.feed_about(now, &vehicle, Cue::Unreadable),
                }
            }
            Topic::Presence
            | Topic::Status
            | Topic::Telemetry
            | Topic::Events
            | Topic::Description
            | Topic::Commands
            | Topic::Drive
            | Topic::SessionRequest => self.observe(now, vehicle, topic, payload, retained),
        }
    }

    /// Takes from a vehicle's state what commands need to know, and hands it on.
    fn observe(&mut self, now: Moment, vehicle: VehicleId, topic: Topic, payload: &[u8], retained: bool) {
        if topic == Topic::Presence
            && let Ok(presence) = serde_json::from_slice(payload)
        {
            self.sessions.apply_presence(&vehicle, presence);
        }
        if topic == Topic::Description
            && let Ok(Description { limits, .. }) = serde_json::from_slice(payload)
        {
            self.sessions.apply_limits(&vehicle, limits);
        }
        if topic == Topic::Events
            && let Ok(VehicleEvent { event: EventKind::Intrusion, cause: Some(cause), command: None, .. }) =
                serde_json::from_slice(payload)
        {
            self.feed_about(now, &vehicle, Cue::Refused(cause));
        }
        self.notify(News::Message { vehicle, topic, payload: payload.to_vec(), retained });
    }

    fn feed_about(&mut self, now: Moment, vehicle: &VehicleId, cue: Cue<'_>) {
        self.feed_where(now, |pending| pending.topics().id() == vehicle, cue);
    }

    fn feed_all(&mut self, now: Moment, cue: Cue<'_>) {
        self.feed_where(now, |_| true, cue);
    }

    /// Feeds those that fit, stops first: what others publish in the same step must not leave before them.
    fn feed_where(&mut self, now: Moment, fits: impl Fn(&PendingCommand) -> bool, cue: Cue<'_>) {
        let fitting = self.pending.iter().filter(|(_, pending)| fits(pending));
        let mut numbers: Vec<_> =
            fitting.map(|(number, pending)| (!pending.name().is_stop(), *number)).collect();
        numbers.sort_unstable();
        for (_, number) in numbers {
            self.feed(now, number, cue);
        }
    }

    fn feed(&mut self, now: Moment, number: usize, cue: Cue<'_>) {
        let Some(pending) = self.pending.get_mut(&number) else { return };
        let vehicle = pending.topics().id().clone();
        let steps = pending.handle(now, self.sessions.session(&vehicle), cue);
        let stop = Some(pending.name()).filter(|name| name.is_stop());
        for step in steps {
            match step {
                Step::Progress(answer) => self.notify(News::Progress(vehicle.clone(), answer)),
                Step::Finished(report) => {
                    self.pending.remove(&number);
                    self.notify(News::Finished(report));
                }
                Step::Publish(purpose, topic, payload) => {
                    let announce = stop.filter(|_| purpose == Purpose::Command);
                    let (ticket, vehicle) = ((number, purpose), vehicle.clone());
                    self.actions.push(Action::Publish { ticket, vehicle, topic, payload, announce });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
