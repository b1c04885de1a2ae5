//! Carries any number of exchanges over one link until each has its end.

mod sessions;

use crate::clock::{Clock, Moment};
use crate::exit::{Exit, Fault};
use crate::link::{self, Event, Link, Message, QoS, Subscriptions};
use crate::options::Options;
use crate::random;
use crate::signals::Signals;
use crate::transaction::{
    Action, Agreement, Form, Input, PendingCommand, Purpose, Report, Request, Sealed, VehicleSession,
    VerifiedAnswer,
};
use sessions::Sessions;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use vehicle_protocol::{
    Answer, Command, CommandId, CommandName, Description, Event as VehicleEvent, EventKind, OperatorName,
    Root, Topic, Topics, VehicleId,
};

/// A publish: for which exchange and what for, if it is for one.
type Ticket = Option<(usize, Purpose)>;

/// What a client tells.
#[derive(Clone, Debug)]
pub enum News {
    /// The broker has accepted the connection; stops leave from now on.
    Connected,
    /// The link is there, and subscribed.
    Up,
    /// The broker refuses a subscription; the connection stays for stops.
    NotGranted(Fault),
    /// All that the broker had kept should have come by now.
    Settled,
    /// The link is lost, for a reason that may pass.
    Down(String),
    /// The link can't be had.
    Barred(Fault),
    /// A vehicle has granted a session, or told its clock.
    Agreed(VehicleId, Agreement),
    /// A vehicle's answer, whoever it is for.
    Answer(VehicleId, VerifiedAnswer),
    /// Another message of a vehicle.
    Message {
        /// The vehicle.
        vehicle: VehicleId,
        /// The topic.
        topic: Topic,
        /// What it says.
        payload: Vec<u8>,
        /// Whether the broker had kept it.
        retained: bool,
    },
    /// A stop was handed to a connection, for the first time or once more.
    StopPublished(VehicleId, CommandName),
    /// A vehicle is at it.
    Progress(VehicleId, Answer),
    /// An exchange has come to its end.
    Finished(Report),
    /// A signal asks to leave with this code.
    Leave(Exit),
    /// The moment that was waited for.
    Time,
}

/// Link, clock, signals and exchanges.
#[derive(Debug)]
pub struct CommandClient {
    /// The clock of this process.
    pub clock: Clock,
    link: Link<Ticket>,
    signals: Signals,
    root: Root,
    channels: Sessions,
    /// Those that have not come to their end.
    exchanges: BTreeMap<usize, PendingCommand>,
    begun: usize,
    connected: bool,
    up: bool,
    news: VecDeque<News>,
}

impl CommandClient {
    /// Begins to connect.
    ///
    /// # Errors
    /// If the settings make no connection possible.
    pub fn start(options: &Options, subscriptions: Subscriptions) -> Result<Self, Fault> {
        Self::start_as(options, subscriptions, None)
    }

    /// Begins to connect, and shows as long as the link is there that this operator is: who holds control must be seen to
    /// leave.
    ///
    /// # Errors
    /// If the settings make no connection possible.
    pub fn start_as(
        options: &Options,
        subscriptions: Subscriptions,
        operator: Option<&OperatorName>,
    ) -> Result<Self, Fault> {
        Ok(Self {
            clock: Clock::start(),
            signals: Signals::listen()?,
            link: Link::open_as(options.endpoint.clone(), subscriptions, operator)?,
            root: options.root.clone(),
            channels: Sessions::new(options, random::nonce()?),
            exchanges: BTreeMap::new(),
            begun: 0,
            connected: false,
            up: false,
            news: VecDeque::new(),
        })
    }

    /// Begins an exchange; its end will be among the news.
    ///
    /// # Errors
    /// If the system has no random numbers, or the vehicle's key can't be used; a stop, and a question that waits for no
    /// session, then leave without.
    pub fn begin(
        &mut self,
        vehicle: &VehicleId,
        command: Command,
        form: Form,
        id: Option<CommandId>,
        silence: Duration,
    ) -> Result<(), Fault> {
        let asks = command.name() == CommandName::ReportStatus && form == Form::Identified;
        let blocked = form != Form::Plain && !command.name().is_stop() && !asks;
        if let Some(fault) = self.channels.trouble(vehicle).filter(|_| blocked) {
            return Err(fault.clone());
        }
        let id = id.map_or_else(random_id, Ok)?;
        let companion = random_id()?;
        let topics = self.topics(vehicle);
        let errand = Request { topics, command, form, id, companion, silence };
        self.begun = self.begun.saturating_add(1);
        self.exchanges.insert(self.begun, PendingCommand::new(errand, self.clock.now()));
        if self.up {
            self.feed(self.begun, Input::Up);
            self.ask();
        } else if self.connected {
            self.feed(self.begun, Input::Connected);
        }
        Ok(())
    }

    /// Publishes a pending stop of this vehicle once more, now; tells whether there is one.
    pub fn stop_again(&mut self, vehicle: &VehicleId, stop: CommandName) -> bool {
        let pending =
            |exchange: &PendingCommand| exchange.topics().id() == vehicle && exchange.name() == stop;
        let numbers = self.numbers(pending);
        for number in &numbers {
            self.feed(*number, Input::Again);
        }
        !numbers.is_empty()
    }

    /// Whether the broker has accepted the connection, so that a stop leaves at once.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.connected
    }

    /// Forgets a vehicle that nothing is pending with.
    pub fn forget(&mut self, vehicle: &VehicleId) {
        if !self.exchanges.values().any(|exchange| exchange.topics().id() == vehicle) {
            self.channels.forget(vehicle);
        }
    }

    /// The topics of a vehicle.
    #[must_use]
    pub fn topics(&self, vehicle: &VehicleId) -> Topics {
        self.root.vehicle(vehicle.clone())
    }

    /// The one channel to a vehicle; what is said on it is published by [`Self::publish`].
    pub fn channel(&mut self, vehicle: &VehicleId) -> &mut VehicleSession {
        self.channels.of(vehicle)
    }

    /// Goes on with the session in which this person was last in control of a vehicle, and leaves it to the next program;
    /// before anything is said to it.
    pub fn go_on(&mut self, vehicle: &VehicleId) {
        self.channels.go_on(vehicle);
    }

    /// Why the key of a vehicle can't be used, if there is one that can't; nothing is signed for it then.
    pub fn trouble(&mut self, vehicle: &VehicleId) -> Option<&Fault> {
        self.channels.trouble(vehicle)
    }

    /// Asks a vehicle for a session, and keeps to it as long as this client lives.
    pub fn want_session(&mut self, vehicle: &VehicleId) {
        self.channel(vehicle).want();
        self.ask();
    }

    /// Publishes what belongs to no exchange; tells whether the link could take it.
    #[must_use]
    pub fn publish(&mut self, vehicle: &VehicleId, sealed: Sealed) -> bool {
        let topic = self.topics(vehicle).of(sealed.topic);
        self.link.publish(None, &topic, qos(sealed.topic), sealed.payload)
    }

    /// Waits for news, or until `moment`.
    pub async fn next(&mut self, moment: Option<Moment>) -> News {
        loop {
            if let Some(news) = self.news.pop_front() {
                return news;
            }
            let due = self.deadline();
            tokio::select! {
                event = self.link.next() => self.on_link(event),
                exit = self.signals.next() => {
                    self.feed_all(Input::Leave(exit));
                    self.news.push_back(News::Leave(exit));
                }
                () = self.clock.reach(due) => {
                    self.feed_all(Input::Tick);
                    self.ask();
                }
                () = self.clock.reach(moment) => return News::Time,
            }
        }
    }

    /// Takes leave of the broker.
    pub async fn close(self) {
        self.link.close().await;
    }

    fn deadline(&self) -> Option<Moment> {
        let exchanges = self.exchanges.values().filter_map(PendingCommand::deadline);
        let channels = self.channels.iter().filter(|_| self.up).filter_map(VehicleSession::deadline);
        exchanges.chain(channels).min()
    }

    /// Sends the requests for sessions that are due.
    fn ask(&mut self) {
        if !self.up {
            return;
        }
        let now = self.clock.now();
        for channel in self.channels.iter_mut() {
            let Some(request) = channel.ask(now) else { continue };
            let topic = self.root.vehicle(channel.vehicle().clone()).of(Topic::SessionRequest);
            if !self.link.publish(None, &topic, qos(Topic::SessionRequest), request) {
                channel.unasked(now);
            }
        }
    }

    fn on_link(&mut self, event: Event<Ticket>) {
        match event {
            Event::Connected => {
                self.connected = true;
                self.feed_all(Input::Connected);
                self.news.push_back(News::Connected);
            }
            Event::NotGranted(failure) => {
                let fault = link::fault(&failure);
                self.feed_all(Input::NotGranted(&fault));
                self.news.push_back(News::NotGranted(fault));
            }
            Event::Up => {
                self.up = true;
                self.channels.iter_mut().for_each(VehicleSession::ask_anew);
                self.feed_all(Input::Up);
                self.ask();
                self.news.push_back(News::Up);
            }
            Event::Settled => self.news.push_back(News::Settled),
            Event::Down(failure) => {
                (self.connected, self.up) = (false, false);
                let why = failure.to_string();
                self.feed_all(Input::Down(&why));
                self.news.push_back(News::Down(why));
            }
            Event::Barred(fault, _) => {
                (self.connected, self.up) = (false, false);
                self.feed_all(Input::Barred(&fault));
                self.news.push_back(News::Barred(fault));
            }
            Event::Acknowledged(None) => {}
            Event::Acknowledged(Some((exchange, purpose))) => {
                self.feed(exchange, Input::Acknowledged(purpose));
            }
            Event::Message(message) => {
                let Some((vehicle, topic)) = self.root.parse(&message.topic) else { return };
                if message.retained && !topic.is_retained() {
                    tracing::warn!(
                        "dropped a retained message on {}: an old one may be no answer",
                        message.topic
                    );
                    return;
                }
                self.on_message(vehicle, topic, message);
            }
        }
    }

    fn on_message(&mut self, vehicle: VehicleId, topic: Topic, message: Message) {
        let now = self.clock.now();
        let Message { payload, retained, .. } = message;
        #[expect(clippy::wildcard_enum_match_arm, reason = "the others are for those who asked for them")]
        match topic {
            // A vehicle that nobody has spoken to from here has nothing to answer.
            Topic::Session | Topic::ExecutedCommands | Topic::Answers if !self.channels.has(&vehicle) => {}
            Topic::Session => match self.channel(&vehicle).agree(&payload, now) {
                Ok(Some(agreement)) => {
                    self.feed_about(&vehicle, Input::Agreed);
                    self.news.push_back(News::Agreed(vehicle, agreement));
                }
                Ok(None) => {}
                Err(_) => self.feed_about(&vehicle, Input::Unreadable),
            },
            Topic::ExecutedCommands | Topic::Answers => match self.channel(&vehicle).open(&payload, now) {
                Ok(None) => {}
                Ok(Some(heard)) => {
                    self.feed_about(&vehicle, Input::Answer(&heard));
                    self.news.push_back(News::Answer(vehicle, heard));
                }
                Err(_) => self.feed_about(&vehicle, Input::Unreadable),
            },
            _ => {
                if topic == Topic::Presence
                    && let Ok(presence) = serde_json::from_slice(&payload)
                {
                    self.channels.see(&vehicle, presence);
                }
                if topic == Topic::Description
                    && let Ok(description) = serde_json::from_slice::<Description>(&payload)
                {
                    self.channel(&vehicle).describe(description.limits);
                }
                if topic == Topic::Events
                    && let Ok(VehicleEvent {
                        event: EventKind::Intrusion,
                        cause: Some(cause),
                        command: None,
                        ..
                    }) = serde_json::from_slice(&payload)
                {
                    self.feed_about(&vehicle, Input::Refused(cause));
                }
                self.news.push_back(News::Message { vehicle, topic, payload, retained });
            }
        }
    }

    fn feed_about(&mut self, vehicle: &VehicleId, input: Input<'_>) {
        for number in self.numbers(|exchange| exchange.topics().id() == vehicle) {
            self.feed(number, input);
        }
    }

    fn feed_all(&mut self, input: Input<'_>) {
        for number in self.numbers(|_| true) {
            self.feed(number, input);
        }
    }

    fn numbers(&self, wanted: impl Fn(&PendingCommand) -> bool) -> Vec<usize> {
        self.exchanges.iter().filter(|(_, exchange)| wanted(exchange)).map(|(number, _)| *number).collect()
    }

    fn feed(&mut self, number: usize, input: Input<'_>) {
        let now = self.clock.now();
        let Some(exchange) = self.exchanges.get_mut(&number) else { return };
        let mut finished = false;
        let channel = self.channels.of(exchange.topics().id());
        for action in exchange.handle(now, channel, input) {
            match action {
                Action::Progress(answer) => {
                    let vehicle = exchange.topics().id().clone();
                    self.news.push_back(News::Progress(vehicle, answer));
                }
                Action::Finished(report) => {
                    finished = true;
                    self.news.push_back(News::Finished(report));
                }
                Action::Publish(purpose, topic, payload) => {
                    let path = exchange.topics().of(topic);
                    tracing::debug!("publish {path} {}", String::from_utf8_lossy(&payload));
                    if !self.link.publish(Some((number, purpose)), &path, qos(topic), payload) {
                        // Nothing but a later tick or link follows from this.
                        let _ = exchange.handle(now, channel, Input::Unsent(purpose));
                    } else if purpose == Purpose::Command && exchange.name().is_stop() {
                        let vehicle = exchange.topics().id().clone();
                        self.news.push_back(News::StopPublished(vehicle, exchange.name()));
                    }
                }
            }
        }
        if finished {
            self.exchanges.remove(&number);
        }
    }
}

/// A setpoint that is lost is followed by another; one that is repeated would be old.
fn qos(topic: Topic) -> QoS {
    if topic == Topic::Drive { QoS::AtMostOnce } else { QoS::AtLeastOnce }
}

fn random_id() -> Result<CommandId, Fault> {
    let name = random::name()?;
    name.parse().map_err(|_| Fault::new(Exit::Other, "a random name is no ID", "report this"))
}
