//! Heartbeats to vehicles that single commands have set in motion from here, while a person is present.

use super::OperatorTask;
use crate::clock::Moment;
use crate::transaction::Form;

/// The heartbeats to one vehicle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heartbeats {
    /// The time until which somebody is known to be present.
    pub(super) until: Moment,
    /// The time of the next heartbeat.
    pub(super) next: Moment,
}

impl OperatorTask {
    /// The time of the next heartbeat, if one may leave at all.
    pub(super) fn heartbeat_at(&self) -> Option<Moment> {
        let may_leave = self.snapshot.is_up() && self.leaving.is_none();
        let present = self.moved.values().filter(|heartbeats| heartbeats.next < heartbeats.until);
        present.map(|heartbeats| heartbeats.next).min().filter(|_| may_leave)
    }

    /// Publishes the heartbeats that are due, as often as each vehicle's own limits ask for.
    pub(super) fn send_heartbeats(&mut self, now: Moment) {
        if self.heartbeat_at().is_none_or(|due| now < due) {
            return;
        }
        for (id, heartbeats) in self.moved.iter_mut().filter(|(_, heartbeats)| now >= heartbeats.next) {
            let session = self.client.session(id);
            // Past `until` it moves on all the same, or the task would wake for it again and again.
            heartbeats.next = now.saturating_add(session.heartbeat_interval());
            if now < heartbeats.until
                && let Some(heartbeat) = session.heartbeat(now, Form::Identified)
            {
                // One that the link can't take is followed by another.
                let _ = self.client.publish(id, heartbeat);
            }
        }
    }
}
