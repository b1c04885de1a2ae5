//! Carries any number of exchanges over one link until each has its end.

use crate::chance;
use crate::clock::{Clock, Moment};
use crate::exit::{Exit, Fault};
use crate::link::{Event, Link, QoS, Subscriptions};
use crate::options::Options;
use crate::session::{Deed, Errand, Exchange, Form, Input, Purpose, Report};
use crate::signals::Signals;
use std::collections::VecDeque;
use std::time::Duration;
use vehicle_protocol::{Answer, Command, CommandId, Root, Topic, Topics, VehicleId};

/// A publish: for which exchange, if for one, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticket {
    exchange: Option<usize>,
    purpose: Purpose,
}

/// What a courier tells.
#[derive(Clone, Debug)]
pub enum News {
    /// The link is there.
    Up,
    /// All that the broker had kept should have come by now.
    Settled,
    /// The link is lost, for a reason that may pass.
    Down(String),
    /// The link can't be had.
    Barred(Fault),
    /// A vehicle's message.
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
pub struct Courier {
    /// The clock of this process.
    pub clock: Clock,
    link: Link<Ticket>,
    signals: Signals,
    root: Root,
    exchanges: Vec<Exchange>,
    up: bool,
    news: VecDeque<News>,
}

impl Courier {
    /// Begins to connect.
    ///
    /// # Errors
    /// If the settings make no connection possible.
    pub fn start(options: &Options, subscriptions: Subscriptions) -> Result<Self, Fault> {
        Ok(Self {
            clock: Clock::start(),
            signals: Signals::listen()?,
            link: Link::open(options.endpoint.clone(), subscriptions)?,
            root: options.root.clone(),
            exchanges: Vec::new(),
            up: false,
            news: VecDeque::new(),
        })
    }

    /// Begins an exchange; its end will be among the news.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn begin(
        &mut self,
        vehicle: &VehicleId,
        command: Command,
        form: Form,
        id: Option<CommandId>,
        silence: Duration,
    ) -> Result<(), Fault> {
        let id = id.map_or_else(random_id, Ok)?;
        let (companion, nonce) = (random_id()?, chance::nonce()?);
        let topics = self.topics(vehicle);
        let errand = Errand { topics, command, form, id, companion, nonce, silence };
        self.exchanges.push(Exchange::new(errand, self.clock.now()));
        if self.up {
            self.feed(self.exchanges.len().saturating_sub(1), Input::Up);
        }
        Ok(())
    }

    /// The topics of a vehicle.
    #[must_use]
    pub fn topics(&self, vehicle: &VehicleId) -> Topics {
        self.root.vehicle(vehicle.clone())
    }

    /// Publishes something that belongs to no exchange; tells whether the link could take it.
    #[must_use]
    pub fn publish(&mut self, vehicle: &VehicleId, topic: Topic, text: &str) -> bool {
        let name = Ticket { exchange: None, purpose: Purpose::Session };
        self.link.publish(name, &self.topics(vehicle).of(topic), qos(topic), text)
    }

    /// Waits for news, or until `moment`.
    pub async fn next(&mut self, moment: Option<Moment>) -> News {
        loop {
            if let Some(news) = self.news.pop_front() {
                return news;
            }
            let due = self.exchanges.iter().filter_map(Exchange::deadline).min();
            tokio::select! {
                event = self.link.next() => self.on_link(event),
                exit = self.signals.next() => {
                    self.feed_all(Input::Leave(exit));
                    self.news.push_back(News::Leave(exit));
                }
                () = self.clock.reach(due) => self.feed_all(Input::Tick),
                () = self.clock.reach(moment) => return News::Time,
            }
        }
    }

    /// Takes leave of the broker.
    pub async fn close(self) {
        self.link.close().await;
    }

    fn on_link(&mut self, event: Event<Ticket>) {
        match event {
            Event::Up => {
                self.up = true;
                self.feed_all(Input::Up);
                self.news.push_back(News::Up);
            }
            Event::Settled => self.news.push_back(News::Settled),
            Event::Down(failure) => {
                self.up = false;
                let why = failure.to_string();
                self.feed_all(Input::Down(&why));
                self.news.push_back(News::Down(why));
            }
            Event::Barred(fault) => {
                self.up = false;
                self.feed_all(Input::Barred(&fault));
                self.news.push_back(News::Barred(fault));
            }
            Event::Acknowledged(Ticket { exchange, purpose }) => {
                if let Some(exchange) = exchange {
                    self.feed(exchange, Input::Acknowledged(purpose));
                }
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
                for index in 0..self.exchanges.len() {
                    if self.exchanges.get(index).is_some_and(|exchange| *exchange.topics().id() == vehicle) {
                        self.feed(index, Input::Message(topic, &message.payload));
                    }
                }
                let (payload, retained) = (message.payload, message.retained);
                self.news.push_back(News::Message { vehicle, topic, payload, retained });
            }
        }
    }

    fn feed_all(&mut self, input: Input<'_>) {
        for index in 0..self.exchanges.len() {
            self.feed(index, input);
        }
    }

    fn feed(&mut self, index: usize, input: Input<'_>) {
        let now = self.clock.now();
        let Some(exchange) = self.exchanges.get_mut(index) else { return };
        for deed in exchange.handle(now, input) {
            match deed {
                Deed::Progress(answer) => {
                    let vehicle = exchange.topics().id().clone();
                    self.news.push_back(News::Progress(vehicle, answer));
                }
                Deed::Finished(report) => self.news.push_back(News::Finished(report)),
                Deed::Publish(purpose, topic, text) => {
                    let name = Ticket { exchange: Some(index), purpose };
                    tracing::debug!("publish {} {text}", exchange.topics().of(topic));
                    if !self.link.publish(name, &exchange.topics().of(topic), qos(topic), &text) {
                        // Nothing but a later tick or link follows from this.
                        let _ = exchange.handle(now, Input::Unsent(purpose));
                    }
                }
            }
        }
    }
}

/// A setpoint that is lost is followed by another; one that is repeated would be old.
fn qos(topic: Topic) -> QoS {
    if topic == Topic::Drive { QoS::AtMostOnce } else { QoS::AtLeastOnce }
}

fn random_id() -> Result<CommandId, Fault> {
    let name = chance::name()?;
    name.parse().map_err(|_| Fault::new(Exit::Other, "a random name is no ID", "report this"))
}
