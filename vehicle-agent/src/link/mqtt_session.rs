//! Messages over one connection, apart from the library's event loop.

use super::error::LinkError;
use super::liveness::{Due, Liveness};
use super::mailbox::Mailbox;
use super::outbox::IN_FLIGHT;
use super::outgoing::OutgoingMessage;
use super::pending_acks::{PENDING_ACKS, PendingAcks};
use super::presence::PresenceKeeper;
use super::vehicle::Vehicle;
use crate::control::{Moment, Received};
use rumqttc::{AsyncClient, Publish, QoS, SubAck, SubscribeReasonCode};
use std::time::Duration;
use vehicle_link::Failure;
use vehicle_protocol::{
    MAX_COMMAND_BYTES, OperatorName, PresenceState, Topic, operator_of, operator_presence,
};

/// Requests that the library may hold: all messages in flight, acknowledgements, one message of telemetry, three
/// subscriptions or ends of one, a goodbye.
pub(super) const CAPACITY: usize = IN_FLIGHT + PENDING_ACKS + 5;

/// Longest presence of an operator that is read, in bytes.
const MAX_PRESENCE_BYTES: usize = 256;

/// Time that the broker has for SUBACK.
const SUBSCRIBED_WITHIN: Duration = Duration::from_secs(5);

/// Time that the last messages may take, and then DISCONNECT.
const FAREWELL: Duration = Duration::from_secs(1);
const GOODBYE: Duration = Duration::from_secs(1);

/// The phase of a connection, with the moment at which it has taken too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Subscribing(Moment),
    Up,
    Leaving(Moment),
    Left(Moment),
}

/// One connection as the vehicle sees it.
pub(super) struct MqttSession<'a> {
    vehicle: &'a Vehicle,
    mailbox: &'a Mailbox,
    keeper: &'a mut PresenceKeeper,
    client: AsyncClient,
    link: u32,
    phase: Phase,
    proof: Liveness,
    /// The operator to whose presence this connection is subscribed.
    followed: Option<OperatorName>,
    pub(super) pending_acks: PendingAcks,
}

impl<'a> MqttSession<'a> {
    /// Subscribes on a connection that the broker has accepted.
    pub(super) fn begin(
        now: Moment,
        vehicle: &'a Vehicle,
        mailbox: &'a Mailbox,
        keeper: &'a mut PresenceKeeper,
        client: AsyncClient,
        link: u32,
    ) -> Self {
        // A new connection's queue is empty, and a topic that could be made is a legal filter.
        let _ = client.try_subscribe_many(vehicle.subscriptions());
        let phase = Phase::Subscribing(now.after(SUBSCRIBED_WITHIN));
        let (proof, followed, pending_acks) = (Liveness::default(), None, PendingAcks::default());
        Self { vehicle, mailbox, keeper, client, link, phase, proof, followed, pending_acks }
    }

    /// Tells whether the core was notified of the connection.
    pub(super) fn is_up(&self) -> bool {
        !matches!(self.phase, Phase::Subscribing(_))
    }

    /// Does what is due; gives when something is due next if nothing happens, or nothing at all once it has left.
    pub(super) fn attend(&mut self, now: Moment) -> Result<Attended, LinkError> {
        if self.mailbox.is_leaving() {
            self.leave(now);
        }
        let next = match self.phase {
            Phase::Subscribing(until) if until <= now => {
                return Err(LinkError::NotSubscribed(SUBSCRIBED_WITHIN));
            }
            Phase::Left(until) if until <= now => return Ok(Attended::Left),
            Phase::Subscribing(until) | Phase::Left(until) => Some(until),
            Phase::Leaving(until) => Some(self.say_goodbye(now, until)),
            Phase::Up => self.keep_up(now)?,
        };
        self.hand_over();
        Ok(Attended::Until(next))
    }

    /// The broker's answer to the subscription: only now is the vehicle ONLINE, as who sees that may send.
    pub(super) fn subscribed(&mut self, answer: &SubAck) -> Result<(), LinkError> {
        if self.is_up() {
            // That of an operator's presence, which only shortens control: without it control lapses by itself.
            if answer.return_codes.contains(&SubscribeReasonCode::Failure) {
                tracing::warn!("the broker lets this vehicle not read the presence of who drives it");
            }
            return Ok(());
        }
        // What is not answered for is not granted.
        let is_granted = |code: Option<&SubscribeReasonCode>| {
            code.is_some_and(|code| *code != SubscribeReasonCode::Failure)
        };
        let mut asked = self.vehicle.subscribed().iter().enumerate();
        if let Some((_, (_, name))) = asked.find(|(place, _)| !is_granted(answer.return_codes.get(*place))) {
            return Err(Failure::not_allowed(&self.vehicle.endpoint, name.as_str()).into());
        }
        self.phase = Phase::Up;
        let online = self.presence(PresenceState::Online);
        self.keeper.announce(online.payload.clone());
        self.mailbox.outbox().open(online);
        self.mailbox.up(self.link);
        Ok(())
    }

    /// A message from the broker.
    pub(super) fn receive(&mut self, now: Moment, message: &Publish) {
        self.pending_acks.owe(message);
        match self.vehicle.recognise(&message.topic) {
            Some(Topic::Presence) => self.keeper.saw(now, message.retain, &message.payload),
            Some(topic) => {
                let length = message.payload.len().min(MAX_COMMAND_BYTES.saturating_add(1));
                let payload = message.payload.get(..length).unwrap_or_default().to_vec();
                self.mailbox.receive(Received { topic, retained: message.retain, payload });
            }
            None => self.receive_of_operator(message),
        }
    }

    fn receive_of_operator(&self, message: &Publish) {
        if let Some(operator) = operator_of(&message.topic) {
            let payload = message.payload.get(..MAX_PRESENCE_BYTES).unwrap_or(&message.payload).to_vec();
            self.mailbox.hear_of(operator, message.retain, payload);
        } else {
            tracing::debug!(topic = message.topic, "dropped a message that was not asked for");
        }
    }

    /// Acknowledges what has come in.
    pub(super) fn acknowledge(&mut self) {
        while let Some(message) = self.pending_acks.hand_over() {
            // There is room for as many as are handed over at a time.
            if self.client.try_ack(&message).is_err() {
                tracing::error!("the library took no more acknowledgements than it had room for");
            }
        }
    }

    fn presence(&self, state: PresenceState) -> OutgoingMessage {
        OutgoingMessage::presence(self.vehicle.presence(state, self.link))
    }

    fn leave(&mut self, now: Moment) {
        let offline = self.presence(PresenceState::Offline);
        match self.phase {
            Phase::Subscribing(_) => self.mailbox.outbox().open(offline),
            Phase::Up => self.mailbox.post(offline),
            Phase::Leaving(_) | Phase::Left(_) => return,
        }
        self.keeper.rest();
        self.phase = Phase::Leaving(now.after(FAREWELL));
    }

    fn say_goodbye(&mut self, now: Moment, until: Moment) -> Moment {
        if now < until && !self.mailbox.outbox().is_done() {
            return until;
        }
        let _ = self.client.try_disconnect();
        let until = now.after(GOODBYE);
        self.phase = Phase::Left(until);
        until
    }

    /// Subscribes to the presence of the operator who holds control, and to nobody's else.
    fn follow(&mut self) {
        let wanted = self.mailbox.followed();
        if wanted == self.followed {
            return;
        }
        // One that finds no room is tried again with the next message.
        let left = self.followed.as_ref().map(|old| self.client.try_unsubscribe(operator_presence(old)));
        if left.is_some_and(|left| left.is_err()) {
            return;
        }
        self.followed = None;
        let Some(operator) = wanted else { return };
        if self.client.try_subscribe(operator_presence(&operator), QoS::AtLeastOnce).is_ok() {
            self.followed = Some(operator);
        }
    }

    fn keep_up(&mut self, now: Moment) -> Result<Option<Moment>, LinkError> {
        self.follow();
        if self.keeper.is_due(now) {
            tracing::info!("another presence stands in this vehicle's place; published ONLINE again");
            self.mailbox.outbox().post(self.presence(PresenceState::Online));
        }
        let oldest = self.mailbox.outbox().oldest();
        match self.proof.observe(now, self.mailbox.is_armed(), oldest) {
            Some(Due::Lost) => return Err(LinkError::Silent),
            Some(Due::Probe) => {
                self.mailbox.outbox().post(OutgoingMessage::probe(now));
            }
            None => {}
        }
        Ok(self.keeper.deadline().into_iter().chain(self.proof.deadline()).min())
    }

    /// Gives the library what may go.
    fn hand_over(&mut self) {
        let mut outbox = self.mailbox.outbox();
        while let Some(message) = outbox.hand_over() {
            let qos = if message.is_acknowledged() { QoS::AtLeastOnce } else { QoS::AtMostOnce };
            let retained = message.topic.is_retained();
            let topic = self.vehicle.topic(message.topic);
            // There is room for all that the outbox lets go at a time.
            if self.client.try_publish(topic, qos, retained, message.payload).is_err() {
                tracing::error!("the library took no more messages than it had room for");
            }
        }
    }
}

/// The next deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attended {
    /// Whatever happens, and this moment, if there is one.
    Until(Option<Moment>),
    /// Nothing: the connection can be dropped.
    Left,
}
