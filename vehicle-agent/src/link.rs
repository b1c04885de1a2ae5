//! The link to the broker: the only module that knows the MQTT library.
//!
//! What the core reports is posted and forgotten; the link keeps what must arrive, connects again by itself, and says what
//! the vehicle's presence is. What has happened comes out of [`LinkEvents`].

mod connection;
mod error;
mod inbox;
mod liveness;
mod mailbox;
mod mqtt_session;
mod outbox;
mod outgoing;
mod pending_acks;
mod presence;
mod supervisor;
mod vehicle;

use crate::clock::Clock;
use crate::control::{Received, Report};
use crate::trusted_time::TrustedTime;
use mailbox::{Ended, Mailbox};
use outgoing::OutgoingMessage;
use std::sync::Arc;
use supervisor::Supervisor;
use tokio::task::JoinHandle;
use vehicle_link::{Endpoint, EndpointError};
use vehicle_protocol::{Epoch, LinkCounters, OperatorName, Topics};

/// An event on the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// Connected, subscribed and announced; what is retained has to be published now.
    Up {
        /// LINK of this connection. Numbers rise; one that went to an attempt without success is left out.
        connection: u32,
    },
    /// The connection is gone. Told before anything is done about it.
    Lost,
    /// A message on one of the vehicle's topics. A payload that is longer than any command is cut off behind
    /// [`vehicle_protocol::MAX_COMMAND_BYTES`] + 1 bytes, too long still.
    Received(Received),
    /// A message on the presence of an operator who is followed.
    Operator {
        /// The operator.
        name: OperatorName,
        /// Set if the broker had kept it (retained).
        retained: bool,
        /// The bytes as they came, cut off where they are longer than any command.
        payload: Vec<u8>,
    },
}

/// The task that drives the link.
#[derive(Debug)]
pub struct LinkHandle {
    mailbox: Arc<Mailbox>,
    task: JoinHandle<()>,
}

/// Events of the link, in order.
#[derive(Debug)]
pub struct LinkEvents {
    mailbox: Arc<Mailbox>,
}

/// Starts to connect, and goes on until the handle leaves or is dropped. Needs a tokio runtime.
///
/// Certificates are judged by trusted time, all else goes by the clock. After a suspend, drop the handle and spawn anew with the new epoch: LINK counts from 1 in each.
///
/// # Errors
///
/// If the endpoint cannot be used as configured; a broker that cannot be reached is no error.
pub fn spawn(
    endpoint: &Endpoint,
    topics: &Topics,
    epoch: Epoch,
    (clock, trusted_time): (Clock, Arc<TrustedTime>),
    random: impl FnMut() -> u64 + Send + 'static,
) -> Result<(LinkHandle, LinkEvents), EndpointError> {
    let mailbox = Arc::new(Mailbox::default());
    let supervisor =
        Supervisor::new(endpoint, topics, epoch, (clock, trusted_time), random, Arc::clone(&mailbox))?;
    let ended = Ended(Arc::clone(&mailbox));
    let task = tokio::spawn(async move {
        let _ended = ended;
        supervisor.run().await;
    });
    Ok((LinkHandle { mailbox: Arc::clone(&mailbox), task }, LinkEvents { mailbox }))
}

impl LinkHandle {
    /// Sends a report, now or, as its kind asks, when there is a connection again. Never waits.
    pub fn publish(&self, report: &Report) {
        self.mailbox.post(OutgoingMessage::report(report));
    }

    /// Says whether the vehicle could move: then the link proves itself each second, and comes back sooner.
    pub fn set_armed(&self, armed: bool) {
        self.mailbox.set_armed(armed);
    }

    /// Says whose presence to follow from now on, on this connection and those to come; nobody's to begin with.
    pub fn follow(&self, operator: Option<&OperatorName>) {
        self.mailbox.follow(operator.cloned());
    }

    /// Counters of the link since it was spawned.
    #[must_use]
    pub fn counters(&self) -> LinkCounters {
        self.mailbox.counters()
    }

    /// Leaves in order: what waits is sent, OFFLINE stays behind, and the broker is told goodbye; after 2 s at most, or at
    /// once if there is no connection.
    pub async fn leave(mut self) {
        self.mailbox.leave();
        // The task ends by itself; that it was cancelled or panicked is no matter any more.
        let _ = (&mut self.task).await;
    }
}

impl Drop for LinkHandle {
    /// Hangs up without goodbye: the broker then publishes the last will.
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl LinkEvents {
    /// Waits for the next event; nothing more comes once the link has left or its task has ended. May be cancelled.
    pub async fn next(&mut self) -> Option<LinkEvent> {
        self.mailbox.next_event().await
    }
}

#[cfg(test)]
mod tests;
