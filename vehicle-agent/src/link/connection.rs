//! One connection, from the attempt to its end.

use super::error::LinkError;
use super::mailbox::Mailbox;
use super::mqtt_session::{Attended, CAPACITY, MqttSession};
use super::presence::PresenceKeeper;
use super::vehicle::Vehicle;
use crate::clock::Clock;
use crate::control::Moment;
use rumqttc::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, Outgoing, Packet};
use std::pin::pin;
use vehicle_link::{Failure, Stage};

/// With so many messages waiting the core gets its turn before more are read.
const BACKLOG: usize = 64;

/// A connection that the broker has accepted.
pub(super) struct Connection {
    client: AsyncClient,
    event_loop: EventLoop,
    link: u32,
}

/// The failure of an attempt, and whether the broker may know its last will.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) trouble: LinkError,
    pub(super) may_have_a_will: bool,
}

impl Connection {
    /// Tries to connect.
    ///
    /// Each connection has an event loop of its own: after a loss the library's keeps messages, acknowledgements and a
    /// blocked packet number of the connection before.
    pub(super) async fn open(vehicle: &Vehicle, mut options: MqttOptions, link: u32) -> Result<Self, Failed> {
        options.set_manual_acks(true);
        let (client, mut event_loop) = vehicle_link::connect(options, CAPACITY);
        // Its first event is the broker's acceptance.
        match event_loop.poll().await {
            Ok(_) => Ok(Self { client, event_loop, link }),
            Err(error) => Err(Failed {
                may_have_a_will: may_have_a_will(&error),
                trouble: Failure::new(&vehicle.endpoint, &error, Stage::Connecting).into(),
            }),
        }
    }

    /// Carries messages until the connection ends; without trouble if the link was told to leave.
    pub(super) async fn serve(
        mut self,
        vehicle: &Vehicle,
        mailbox: &Mailbox,
        keeper: &mut PresenceKeeper,
        clock: Clock,
    ) -> Result<(), LinkError> {
        let mut session = MqttSession::begin(clock.now(), vehicle, mailbox, keeper, self.client, self.link);
        let end = exchange(&mut self.event_loop, vehicle, mailbox, &mut session, clock).await;
        if session.is_up() {
            mailbox.lost();
        }
        mailbox.outbox().close();
        keeper.rest();
        end
    }
}

async fn exchange(
    event_loop: &mut EventLoop,
    vehicle: &Vehicle,
    mailbox: &Mailbox,
    session: &mut MqttSession<'_>,
    clock: Clock,
) -> Result<(), LinkError> {
    // After the goodbye the last word is the broker's: a socket that is closed with something unread is reset, and a broker
    // that has not come to the goodbye by then publishes the last will.
    let mut said_goodbye = false;
    loop {
        match happening(event_loop, mailbox, session, clock).await? {
            Happening::Event(_) if said_goodbye => {}
            Happening::Event(event) => {
                said_goodbye = event == Event::Outgoing(Outgoing::Disconnect);
                take(session, mailbox, clock.now(), event)?;
            }
            Happening::Left => return Ok(()),
            Happening::Broken(_) if said_goodbye => return Ok(()),
            Happening::Broken(error) => {
                // What came in before the end has still come in; a stop may be among it.
                let now = clock.now();
                while let Some(event) = event_loop.state.events.pop_front() {
                    take(session, mailbox, now, event)?;
                }
                return Err(Failure::new(&vehicle.endpoint, &error, Stage::Connected).into());
            }
        }
        if mailbox.backlog() >= BACKLOG {
            tokio::task::yield_now().await;
        }
    }
}

/// The end of one poll of the library.
enum Happening {
    Event(Event),
    Left,
    Broken(ConnectionError),
}

/// Attends to the session until the library has something. Its poll is never cancelled but to drop the connection: a
/// cancelled one can lose a packet that it was about to write.
async fn happening(
    event_loop: &mut EventLoop,
    mailbox: &Mailbox,
    session: &mut MqttSession<'_>,
    clock: Clock,
) -> Result<Happening, LinkError> {
    let mut poll = pin!(event_loop.poll());
    let mut core_had_its_turn = false;
    loop {
        let Attended::Until(deadline) = session.attend(clock.now())? else { return Ok(Happening::Left) };
        if core_had_its_turn || session.pending_acks.is_pressing() {
            session.acknowledge();
        }
        tokio::select! {
            biased;
            polled = &mut poll => return Ok(polled.map_or_else(Happening::Broken, Happening::Event)),
            () = mailbox.posted() => core_had_its_turn = true,
            () = tokio::task::yield_now(), if session.pending_acks.is_owing() && !core_had_its_turn => {
                core_had_its_turn = true;
            }
            () = sleep_until(clock, deadline) => {}
        }
    }
}

/// Sleeps until `deadline`; without one it sets no timer.
async fn sleep_until(clock: Clock, deadline: Option<Moment>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(clock.until(deadline)).await,
        None => std::future::pending().await,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library sees to all other packets")]
fn take(
    session: &mut MqttSession<'_>,
    mailbox: &Mailbox,
    now: Moment,
    event: Event,
) -> Result<(), LinkError> {
    match event {
        Event::Incoming(Packet::Publish(message)) => session.receive(now, &message),
        Event::Incoming(Packet::PubAck(packet)) => mailbox.outbox().acknowledged(packet.pkid),
        Event::Outgoing(Outgoing::Publish(packet)) => mailbox.outbox().sent(packet),
        Event::Outgoing(Outgoing::PubAck(_) | Outgoing::PubRec(_)) => session.pending_acks.sent(),
        Event::Incoming(Packet::SubAck(answer)) => session.subscribed(&answer)?,
        _ => {}
    }
    Ok(())
}

/// Whether CONNECT, and with it a last will, may have reached a broker. The library reports what happens before it is
/// sent as an error of the socket or of TLS, and a broker that refuses keeps no will.
fn may_have_a_will(error: &ConnectionError) -> bool {
    !matches!(error, ConnectionError::Io(_) | ConnectionError::Tls(_) | ConnectionError::ConnectionRefused(_))
}
