//! Commands to any number of vehicles over one connection: the async shell around `transactions`, which decides.

mod session_store;
mod sessions;
mod transactions;

use crate::clock::{Clock, Moment};
use crate::exit::{Exit, Fault};
use crate::link::{self, Event, Link, QoS, Subscriptions};
use crate::options::Options;
use crate::random;
use crate::signals::Signals;
use crate::transaction::{Agreement, Form, Report, Request, Sealed, VehicleSession, VerifiedAnswer};
use session_store::SessionFile;
use sessions::Sessions;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;
use transactions::{Action, Input, Ticket, Transactions};
use vehicle_protocol::{
    Advice, Answer, Command, CommandId, CommandName, OperatorName, Topic, Topics, VehicleId,
};

/// News from a client.
#[derive(Clone, Debug, PartialEq)]
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
    Down(Advice),
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
        /// The payload.
        payload: Vec<u8>,
        /// Set if the broker had kept it (retained).
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

/// Link, clock, signals, and the decisions about commands.
#[derive(Debug)]
pub struct CommandClient {
    /// The clock of this process.
    pub clock: Clock,
    link: Link<Option<Ticket>>,
    signals: Signals,
    transactions: Transactions,
    news: VecDeque<News>,
    /// The folder in which sessions wait for the next program.
    session_folder: Option<PathBuf>,
    session_files: BTreeMap<VehicleId, SessionFile>,
}

impl CommandClient {
    /// Begins to connect.
    ///
    /// # Errors
    /// If the settings make no connection possible.
    pub fn start(options: &Options, subscriptions: Subscriptions) -> Result<Self, Fault> {
        Self::start_as(options, subscriptions, None)
    }

    /// Begins to connect, and publishes this operator's presence for as long as the connection lasts: who holds control must
    /// be seen to leave.
    ///
    /// # Errors
    /// If the settings make no connection possible.
    pub fn start_as(
        options: &Options,
        subscriptions: Subscriptions,
        operator: Option<&OperatorName>,
    ) -> Result<Self, Fault> {
        let sessions = Sessions::new(options.keys.load(), options.encoding, random::nonce()?);
        Ok(Self {
            clock: Clock::start(),
            signals: Signals::listen()?,
            link: Link::open_as(options.endpoint.clone(), subscriptions, operator)?,
            transactions: Transactions::new(options.root.clone(), sessions),
            news: VecDeque::new(),
            session_folder: options.run_dir.clone(),
            session_files: BTreeMap::new(),
        })
    }

    /// Begins a command; its end will be among the news.
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
        if let Some(fault) = self.transactions.sessions.unusable_key(vehicle).filter(|_| blocked) {
            return Err(fault.clone());
        }
        let id = id.map_or_else(random_id, Ok)?;
        let companion = random_id()?;
        let topics = self.topics(vehicle);
        self.handle(Input::Begin(Request { topics, command, form, id, companion, silence }));
        Ok(())
    }

    /// Publishes a pending stop of this vehicle once more, now; tells whether there is one.
    pub fn stop_again(&mut self, vehicle: &VehicleId, stop: CommandName) -> bool {
        let is_pending = self.transactions.has_pending(vehicle, Some(stop));
        self.handle(Input::StopAgain(vehicle, stop));
        is_pending
    }

    /// Tells whether the broker has accepted the connection, so that a stop leaves at once.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.transactions.is_connected()
    }

    /// Forgets a vehicle that nothing is pending with.
    pub fn forget(&mut self, vehicle: &VehicleId) {
        if !self.transactions.has_pending(vehicle, None) {
            self.transactions.sessions.forget(vehicle);
        }
    }

    /// The topics of a vehicle.
    #[must_use]
    pub fn topics(&self, vehicle: &VehicleId) -> Topics {
        self.transactions.root().vehicle(vehicle.clone())
    }

    /// The one session with a vehicle; what it writes is published by [`Self::publish`].
    pub fn session(&mut self, vehicle: &VehicleId) -> &mut VehicleSession {
        self.transactions.sessions.session(vehicle)
    }

    /// Goes on with the session in which this person was last in control of a vehicle, unless another program is at it, and
    /// leaves it to the next program; before anything is published to it.
    pub fn go_on(&mut self, vehicle: &VehicleId) {
        let is_new = !self.session_files.contains_key(vehicle);
        let Some(folder) = self.session_folder.clone().filter(|_| is_new) else { return };
        let session = self.transactions.sessions.session(vehicle);
        let Some(key) = session.key() else { return };
        let Some((file, earlier)) = SessionFile::open(&folder, vehicle, key) else { return };
        if let Some(earlier) = earlier {
            session.go_on(earlier);
        }
        self.session_files.insert(vehicle.clone(), file);
    }

    /// The reason for which the key of a vehicle can't be used, if there is one that can't; commands to it are not signed then.
    pub fn unusable_key(&mut self, vehicle: &VehicleId) -> Option<&Fault> {
        self.transactions.sessions.unusable_key(vehicle)
    }

    /// Asks a vehicle for a session, and keeps it for as long as this client lives.
    pub fn want_session(&mut self, vehicle: &VehicleId) {
        self.handle(Input::WantSession(vehicle));
    }

    /// Publishes what belongs to no pending command; tells whether the connection has taken it.
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
            let due = self.transactions.deadline();
            tokio::select! {
                event = self.link.next() => self.on_link(event),
                exit = self.signals.next() => self.handle(Input::Leave(exit)),
                () = self.clock.reach(due) => self.handle(Input::Tick),
                () = self.clock.reach(moment) => return News::Time,
            }
        }
    }

    /// Says goodbye to the broker.
    pub async fn close(mut self) {
        self.save_sessions();
        self.link.close().await;
    }

    fn save_sessions(&mut self) {
        for (vehicle, file) in &mut self.session_files {
            if let Some(session) = self.transactions.sessions.resumable(vehicle) {
                file.save(&session);
            }
        }
    }

    fn on_link(&mut self, event: Event<Option<Ticket>>) {
        match event {
            Event::Connected => self.handle(Input::Connected),
            Event::Up => self.handle(Input::Subscribed),
            Event::NotGranted(failure) => self.handle(Input::NotGranted(link::fault(&failure))),
            Event::Settled => self.news.push_back(News::Settled),
            Event::Down(failure) => self.handle(Input::Lost(failure.advice())),
            Event::Barred(fault, _) => self.handle(Input::Barred(fault)),
            Event::Acknowledged(ticket) => {
                if let Some(ticket) = ticket {
                    self.handle(Input::Acknowledged(ticket));
                }
            }
            Event::Message(message) => {
                let Some((vehicle, topic)) = self.transactions.root().parse(&message.topic) else { return };
                let (payload, retained) = (message.payload.as_slice(), message.retained);
                if retained && !topic.is_retained() {
                    let topic = &message.topic;
                    tracing::warn!("dropped a retained message on {topic}: an old one may be no answer");
                    return;
                }
                self.handle(Input::Message { vehicle, topic, payload, retained });
            }
        }
    }

    /// Decides, and does what was decided.
    fn handle(&mut self, input: Input<'_>) {
        let now = self.clock.now();
        let mut actions = VecDeque::from(self.transactions.handle(now, input));
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Notify(news) => self.news.push_back(news),
                Action::RequestSession { vehicle, payload } => {
                    let topic = self.topics(&vehicle).of(Topic::SessionRequest);
                    if !self.link.publish(None, &topic, qos(Topic::SessionRequest), payload) {
                        actions.extend(self.transactions.handle(now, Input::RequestUnsent(vehicle)));
                    }
                }
                Action::Publish { ticket, vehicle, topic, payload, announce } => {
                    let path = self.topics(&vehicle).of(topic);
                    tracing::debug!("publish {path} {}", String::from_utf8_lossy(&payload));
                    if !self.link.publish(Some(ticket), &path, qos(topic), payload) {
                        actions.extend(self.transactions.handle(now, Input::Unsent(ticket)));
                    } else if let Some(stop) = announce {
                        self.news.push_back(News::StopPublished(vehicle, stop));
                    }
                }
            }
        }
    }
}

impl Drop for CommandClient {
    fn drop(&mut self) {
        self.save_sessions();
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
