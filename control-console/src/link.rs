//! The link to the broker; the only file that knows the MQTT library.
//!
//! Nothing is published into an outage: each connection has a client of its own, which goes with it.

use crate::exit::{Exit, Fault};
use crate::random;
use rumqttc::{
    AsyncClient, Event as Packet, EventLoop, Incoming, LastWill, Outgoing, SubscribeFilter,
    SubscribeReasonCode,
};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use vehicle_link::{Backoff, Cause, Endpoint, EndpointError, Failure, Stage, TlsCause, unique_client_id};
use vehicle_protocol::{OperatorName, OperatorPresence, PresenceState, operator_presence};

pub use rumqttc::QoS;

/// Requests that may wait for the library: what the events of one moment lead to, and little more, or it grows stale.
const WAITING: usize = 128;
/// Events that may wait for us; then the library waits too, and with it the broker.
const UNREAD: usize = 64;
/// The first pause after a failure.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between two attempts; a person waits at the other end.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Time that DISCONNECT may take to be heard out.
const GOODBYE: Duration = Duration::from_secs(1);

/// A message as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The topic.
    pub topic: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// Set if the broker had kept it (retained).
    pub retained: bool,
}

/// An event on the link; `T` names a publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<T> {
    /// The broker has accepted the connection: publishes leave from now on, before any subscription is granted.
    Connected,
    /// Connected, and every subscription is granted.
    Up,
    /// The broker refuses a subscription. The connection stays, since a stop needs no subscription.
    NotGranted(Failure),
    /// A broker that works in order has now sent all that it had kept.
    Settled,
    /// Not connected, for a reason that may pass.
    Down(Failure),
    /// Not connected, for a reason that only a person can remove, and what the broker says if it is its; nothing follows.
    Barred(Fault, Option<Cause>),
    /// The broker has taken a publish at QoS 1.
    Acknowledged(T),
    /// A message.
    Message(Message),
}

/// The subscriptions.
#[derive(Clone, Debug)]
pub struct Subscriptions {
    /// The filters; the last one must match nothing that is retained.
    pub filters: Vec<(String, QoS)>,
    /// Set if [`Event::Settled`] is wanted.
    pub settle: bool,
}

/// Names of publishes at QoS 1 in the order in which they were handed over; none for our own presence.
type Names<T> = Arc<Mutex<VecDeque<Option<T>>>>;

enum Signal<T> {
    Connected(AsyncClient, Names<T>),
    Event(Event<T>),
}

/// A link that keeps itself up.
#[derive(Debug)]
pub struct Link<T> {
    signals: mpsc::Receiver<Signal<T>>,
    connection: Option<(AsyncClient, Names<T>)>,
    keeper: JoinHandle<()>,
    /// The topic on which the operator is shown to be there.
    presence: Option<String>,
    /// Set once nothing more follows.
    over: bool,
}

impl<T: Copy + Send + 'static> Link<T> {
    /// Begins to connect.
    ///
    /// # Errors
    /// If the settings make no connection possible, or the system has no random numbers.
    pub fn open(endpoint: Endpoint, subscriptions: Subscriptions) -> Result<Self, Fault> {
        Self::open_as(endpoint, subscriptions, None)
    }

    /// Begins to connect, and shows while it is connected that the operator is there.
    ///
    /// # Errors
    /// If the settings make no connection possible, or the system has no random numbers.
    pub fn open_as(
        endpoint: Endpoint,
        subscriptions: Subscriptions,
        operator: Option<&OperatorName>,
    ) -> Result<Self, Fault> {
        endpoint.options("check").map_err(|error| unusable(&error))?;
        let client_id = unique_client_id("console", random::seed()?);
        let (sender, signals) = mpsc::channel(UNREAD);
        let presence = operator.map(operator_presence);
        let keeper =
            Keeper { endpoint, client_id, subscriptions, presence: presence.clone(), signals: sender };
        Ok(Self { presence, signals, connection: None, keeper: tokio::spawn(keeper.keep()), over: false })
    }

    /// Waits for the next event; may be abandoned and called again.
    pub async fn next(&mut self) -> Event<T> {
        match self.signals.recv().await {
            Some(Signal::Connected(client, names)) => {
                self.connection = Some((client, names));
                self.show(PresenceState::Online);
                Event::Connected
            }
            Some(Signal::Event(event)) => {
                if matches!(event, Event::Down(_) | Event::Barred(..)) {
                    self.connection = None;
                }
                self.over = matches!(event, Event::Barred(..));
                event
            }
            None if self.over => std::future::pending().await,
            None => {
                (self.connection, self.over) = (None, true);
                let step = "run it again; if it happens once more, report it with what -vv shows";
                Event::Barred(Fault::new(Exit::Other, "the part that keeps the link has failed", step), None)
            }
        }
    }

    /// Hands over a publish, never retained; tells whether it could be.
    #[must_use]
    pub fn publish(&mut self, name: T, topic: &str, qos: QoS, payload: Vec<u8>) -> bool {
        self.hand_over(Some(name), topic, qos, false, payload)
    }

    /// Has the broker forget what it keeps on a topic; tells whether that could be handed over.
    #[must_use]
    pub fn forget(&mut self, name: T, topic: &str) -> bool {
        self.hand_over(Some(name), topic, QoS::AtLeastOnce, true, Vec::new())
    }

    /// Says that the operator is there, or goes; retained.
    fn show(&self, state: PresenceState) {
        if let Some(topic) = &self.presence {
            // What can't be said now is said by the will.
            let _ = self.hand_over(None, topic, QoS::AtLeastOnce, true, presence(state));
        }
    }

    fn hand_over(&self, name: Option<T>, topic: &str, qos: QoS, retain: bool, payload: Vec<u8>) -> bool {
        let Some((client, names)) = &self.connection else { return false };
        let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = client.try_publish(topic, qos, retain, payload).is_ok();
        if taken && qos != QoS::AtMostOnce {
            names.push_back(name);
        }
        taken
    }

    /// Takes leave of the broker.
    pub async fn close(&mut self) {
        self.show(PresenceState::Offline);
        // What can't be said to a broker that is not there need not be said.
        let said = self.connection.take().is_some_and(|(client, _)| client.try_disconnect().is_ok());
        if said {
            // What still comes is read, or the keeper would end before it has said goodbye.
            let reading = async { while self.signals.recv().await.is_some() {} };
            let _ = tokio::time::timeout(GOODBYE, reading).await;
        }
    }
}

impl<T> Drop for Link<T> {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

fn presence(state: PresenceState) -> Vec<u8> {
    // A struct of one word always serialises.
    serde_json::to_vec(&OperatorPresence { state }).unwrap_or_default()
}

fn unusable(error: &EndpointError) -> Fault {
    Fault { exit: Exit::Usage, advice: error.advice() }
}

/// Translates a failure for a person, with an exit code.
pub(crate) fn fault(failure: &Failure) -> Fault {
    let exit = match failure.cause() {
        Cause::NotAuthorised | Cause::NotAllowed(_) => Exit::NotAuthorised,
        // Somebody answers, and one of the two does not accept the other.
        Cause::Tls(cause) if failure.is_permanent() && *cause != TlsCause::NotTls => Exit::NotAuthorised,
        Cause::Unreachable(_) | Cause::Tls(_) | Cause::NotMqtt | Cause::Refused(_) | Cause::Lost(_) => {
            Exit::BrokerNotReached
        }
    };
    Fault { exit, advice: failure.advice() }
}

/// Whoever holds the receiver has gone.
struct Gone;

struct Keeper<T> {
    endpoint: Endpoint,
    client_id: String,
    subscriptions: Subscriptions,
    presence: Option<String>,
    signals: mpsc::Sender<Signal<T>>,
}

impl<T: Copy + Send + 'static> Keeper<T> {
    async fn keep(self) {
        let mut backoff = Backoff::new(SHORTEST_PAUSE, LONGEST_PAUSE);
        while let Ok(failure) = self.connection(&mut backoff).await {
            tracing::info!("{failure}");
            if failure.is_permanent() {
                let _ = self.tell(Event::Barred(fault(&failure), Some(failure.cause().clone()))).await;
                return;
            }
            if self.tell(Event::Down(failure)).await.is_err() {
                return;
            }
            tokio::time::sleep(backoff.next(random::seed().unwrap_or(0))).await;
        }
    }

    async fn tell(&self, event: Event<T>) -> Result<(), Gone> {
        self.signals.send(Signal::Event(event)).await.map_err(|_| Gone)
    }

    /// One connection, from the first attempt to its end.
    async fn connection(&self, backoff: &mut Backoff) -> Result<Failure, Gone> {
        let mut options = match self.endpoint.options(&self.client_id) {
            Ok(options) => options,
            Err(error) => {
                let _ = self.tell(Event::Barred(unusable(&error), None)).await;
                return Err(Gone);
            }
        };
        if let Some(topic) = &self.presence {
            let will = presence(PresenceState::ConnectionBroken);
            options.set_last_will(LastWill::new(topic, will, QoS::AtLeastOnce, true));
        }
        let (client, events) = vehicle_link::connect(options, WAITING);
        Connection { keeper: self, client, events, stage: Stage::Connecting, acks: 0, flying: HashMap::new() }
            .run(backoff)
            .await
    }
}

struct Connection<'a, T> {
    keeper: &'a Keeper<T>,
    client: AsyncClient,
    events: EventLoop,
    stage: Stage,
    acks: u32,
    flying: HashMap<u16, T>,
}

impl<T: Copy + Send + 'static> Connection<'_, T> {
    async fn run(mut self, backoff: &mut Backoff) -> Result<Failure, Gone> {
        let names = Names::default();
        loop {
            let packet = match self.events.poll().await {
                Ok(packet) => packet,
                Err(error) => return Ok(Failure::new(&self.keeper.endpoint, &error, self.stage)),
            };
            match packet {
                Packet::Incoming(Incoming::ConnAck(_)) => {
                    self.stage = Stage::Connected;
                    self.subscribe(&self.keeper.subscriptions.filters);
                    // The subscriptions go first on the wire, so that answers to what is published now are heard.
                    let connected = Signal::Connected(self.client.clone(), Arc::clone(&names));
                    self.keeper.signals.send(connected).await.map_err(|_| Gone)?;
                }
                Packet::Incoming(Incoming::SubAck(ack)) => {
                    backoff.reset();
                    self.subscribed(&ack.return_codes).await?;
                }
                Packet::Incoming(Incoming::Publish(publish)) => {
                    let payload = publish.payload.to_vec();
                    let message = Message { topic: publish.topic, payload, retained: publish.retain };
                    self.keeper.tell(Event::Message(message)).await?;
                }
                Packet::Outgoing(Outgoing::Publish(id)) if id != 0 => {
                    let name = names.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    self.flying.extend(name.flatten().map(|name| (id, name)));
                }
                Packet::Incoming(Incoming::PubAck(ack)) => {
                    if let Some(name) = self.flying.remove(&ack.pkid) {
                        self.keeper.tell(Event::Acknowledged(name)).await?;
                    }
                }
                Packet::Outgoing(Outgoing::Disconnect) => {
                    self.hear_out().await;
                    return Err(Gone);
                }
                Packet::Incoming(_) | Packet::Outgoing(_) => {}
            }
        }
    }

    /// After the goodbye, leaves the last word to the broker. A socket that is closed with something unread is reset, and a
    /// broker that has not come to the goodbye by then publishes the last will, where there is one.
    async fn hear_out(&mut self) {
        if self.keeper.presence.is_some() {
            while self.events.poll().await.is_ok() {}
        }
    }

    fn subscribe(&self, filters: &[(String, QoS)]) {
        let filters = filters.iter().map(|(path, qos)| SubscribeFilter::new(path.clone(), *qos));
        // Fails only if the channel is full, which it can't be this early.
        let _ = self.client.try_subscribe_many(filters);
    }

    async fn subscribed(&mut self, codes: &[SubscribeReasonCode]) -> Result<(), Gone> {
        if let Some(refused) = self.refused(codes) {
            return self.keeper.tell(Event::NotGranted(refused)).await;
        }
        self.acks = self.acks.saturating_add(1);
        if self.acks > 1 {
            return self.keeper.tell(Event::Settled).await;
        }
        // A second subscription is answered after all that the first one brought.
        if self.keeper.subscriptions.settle {
            let last = self.keeper.subscriptions.filters.last().cloned();
            self.subscribe(last.as_slice());
        }
        self.keeper.tell(Event::Up).await
    }

    /// The first filter that the broker does not grant. One that it does not answer for is not granted.
    fn refused(&self, codes: &[SubscribeReasonCode]) -> Option<Failure> {
        let filters = &self.keeper.subscriptions.filters;
        // The second subscription is the last filter once more.
        let asked = if self.acks == 0 { 0 } else { filters.len().saturating_sub(1) };
        let granted = |code: Option<&SubscribeReasonCode>| {
            code.is_some_and(|code| *code != SubscribeReasonCode::Failure)
        };
        let asked = filters.iter().skip(asked).enumerate();
        let (_, (filter, _)) = asked.into_iter().find(|(place, _)| !granted(codes.get(*place)))?;
        Some(Failure::not_allowed(&self.keeper.endpoint, filter))
    }
}

#[cfg(test)]
mod tests;
