//! The mailbox between the link's task and the control loop.

use super::LinkEvent;
use super::inbox::Inbox;
use super::outbox::Outbox;
use super::outgoing::OutgoingMessage;
use crate::control::Received;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use vehicle_protocol::{LinkCounters, OperatorName};

/// Both directions, and what the link was told. Each lock is held for the moment of one call.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    outbox: Mutex<Outbox>,
    inbox: Mutex<Inbox>,
    armed: AtomicBool,
    leaving: AtomicBool,
    /// The operator whose presence is to be followed.
    followed: Mutex<Option<OperatorName>>,
    ended: AtomicBool,
    connections: AtomicU32,
    /// Wakes the link's task.
    posted: Notify,
    /// Wakes who waits for events.
    arrived: Notify,
}

impl Mailbox {
    pub(super) fn post(&self, message: OutgoingMessage) {
        if self.outbox().post(message) {
            self.posted.notify_one();
        }
    }

    pub(super) fn set_armed(&self, armed: bool) {
        if self.armed.swap(armed, Ordering::Relaxed) != armed {
            self.posted.notify_one();
        }
    }

    pub(super) fn is_armed(&self) -> bool {
        self.armed.load(Ordering::Relaxed)
    }

    pub(super) fn follow(&self, operator: Option<OperatorName>) {
        *self.followed_now() = operator;
        self.posted.notify_one();
    }

    pub(super) fn followed(&self) -> Option<OperatorName> {
        self.followed_now().clone()
    }

    fn followed_now(&self) -> MutexGuard<'_, Option<OperatorName>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
        self.posted.notify_one();
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Waits until something was posted, or the link was told something.
    pub(super) async fn posted(&self) {
        self.posted.notified().await;
    }

    pub(super) fn receive(&self, received: Received) {
        self.inbox().receive(received);
        self.arrived.notify_one();
    }

    /// What came of an operator: only while that is followed.
    pub(super) fn hear_of(&self, name: OperatorName, retained: bool, payload: Vec<u8>) {
        if self.followed().as_ref() == Some(&name) {
            self.inbox().hear_of(name, retained, payload);
            self.arrived.notify_one();
        }
    }

    pub(super) fn up(&self, connection: u32) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        self.inbox().up(connection);
        self.arrived.notify_one();
    }

    pub(super) fn lost(&self) {
        self.inbox().lost();
        self.arrived.notify_one();
    }

    pub(super) async fn next_event(&self) -> Option<LinkEvent> {
        loop {
            let event = self.inbox().next();
            if event.is_some() || self.ended.load(Ordering::Relaxed) {
                return event;
            }
            self.arrived.notified().await;
        }
    }

    /// Number of messages that wait for the core.
    pub(super) fn backlog(&self) -> usize {
        self.inbox().len()
    }

    /// Messages dropped because the core did not keep up.
    pub(super) fn shed(&self) -> u64 {
        self.inbox().shed()
    }

    pub(super) fn counters(&self) -> LinkCounters {
        LinkCounters {
            connections: self.connections.load(Ordering::Relaxed),
            received: self.inbox().received(),
            dropped: self.outbox().dropped(),
        }
    }

    pub(super) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        // Whoever panicked while it held the lock left a queue that is still a queue.
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whoever waits for events that none will come, however the link's task ends.
#[derive(Debug)]
pub(super) struct Ended(pub(super) Arc<Mailbox>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
        self.0.arrived.notify_one();
    }
}
