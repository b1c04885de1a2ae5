//! A handle without a task behind it: tests of screens look at what they enqueue.

use super::command_queue::Grip;
use super::{CommandQueue, Handle, Snapshot};
use crate::clock::Clock;
use std::sync::Arc;
use tokio::sync::watch;
use vehicle_protocol::VehicleId;

/// The vehicles that a queue held orders for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Drained {
    pub(crate) stops: Vec<VehicleId>,
    pub(crate) disarmed: Vec<VehicleId>,
    pub(crate) looks: Vec<VehicleId>,
}

impl Handle {
    /// Makes a handle that shows this snapshot for ever.
    pub(crate) fn detached(snapshot: Snapshot) -> Self {
        let (_, scenes) = watch::channel(Arc::new(snapshot));
        Self { clock: Clock::start(), queue: Arc::new(CommandQueue::default()), scenes }
    }

    /// Empties the queue.
    pub(crate) fn drain(&self) -> Drained {
        let queued = self.queue.take();
        let disarmed = queued.grips.into_iter().filter(|(_, grip)| *grip == Grip::Disarm);
        Drained {
            stops: queued.stops.into_iter().collect(),
            disarmed: disarmed.map(|(vehicle, _)| vehicle).collect(),
            looks: queued.looks.into_iter().collect(),
        }
    }
}
