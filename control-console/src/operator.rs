//! The part of every screen that does not draw: snapshots of the fleet, and the sticks of its vehicles.
//!
//! One task on a thread of its own owns the link and all state, so that a slow screen delays no stop. Screens lay orders
//! on its queue and read whole [`Snapshot`]s.

mod command_queue;
#[cfg(test)]
mod detached;
mod event_log;
mod ring;
mod snapshot;
mod task;
mod vehicle;

pub use command_queue::UiCommand;
#[cfg(test)]
pub(crate) use detached::Drained;
pub use event_log::{Entry, Weight};
pub use ring::{Ring, Sample, Trail};
pub use snapshot::{LinkState, Snapshot};
pub use vehicle::{Drive, Freshness, Refusal, RoundTrip, Vehicle};

use crate::clock::Clock;
use crate::exit::{Exit, Fault};
use crate::options::Options;
use command_queue::CommandQueue;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use task::OperatorTask;
use tokio::sync::watch;
use vehicle_protocol::VehicleId;

/// The running task; one that is dropped lets go of every stick, and leaves.
#[derive(Debug)]
pub struct Operator {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

/// A place from which a screen, or a part of one, looks and orders.
#[derive(Clone, Debug)]
pub struct Handle {
    /// The clock of all moments in a snapshot.
    pub clock: Clock,
    queue: Arc<CommandQueue>,
    scenes: watch::Receiver<Arc<Snapshot>>,
}

impl Operator {
    /// Begins to connect, for these vehicles or, without any, for all that the broker knows of.
    ///
    /// # Errors
    /// If the settings make no connection possible, or the system gives no thread.
    pub fn start(options: &Options, vehicles: &[VehicleId]) -> Result<Self, Fault> {
        let (started, result) = mpsc::sync_channel(1);
        let (options, vehicles) = (options.clone(), vehicles.to_vec());
        let thread = std::thread::Builder::new().name("operator".to_owned()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = started.send(Err(no_thread(&error)));
                    return;
                }
            };
            runtime.block_on(async {
                match OperatorTask::start(&options, &vehicles) {
                    Ok((task, handle)) => {
                        let _ = started.send(Ok(handle));
                        task.run().await;
                    }
                    Err(fault) => {
                        let _ = started.send(Err(fault));
                    }
                }
            });
        });
        let thread = Some(thread.map_err(|error| no_thread(&error))?);
        let handle = result.recv().map_err(|error| no_thread(&error))??;
        Ok(Self { handle, thread })
    }

    /// Another handle.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops what is driven from here, takes leave of the broker, and says which code to end with.
    pub async fn close(mut self) -> Exit {
        self.handle.order(UiCommand::Leave(Exit::Done));
        while self.handle.changed().await {}
        // A task that has not taken leave has panicked.
        let exit = self.handle.snapshot().leaving.unwrap_or(Exit::Other);
        if let Some(thread) = self.thread.take() {
            // It has nothing left to do.
            let _ = thread.join();
        }
        exit
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.handle.order(UiCommand::Leave(Exit::Done));
        if let Some(thread) = self.thread.take() {
            // Bounded by the time that taking leave may take; a screen that panicked leaves no stick held.
            let _ = thread.join();
        }
    }
}

impl Handle {
    /// Lays an order on the queue; never waits.
    pub fn order(&self, order: UiCommand) {
        self.queue.put(order, self.clock.now());
    }

    /// The newest snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.scenes.borrow())
    }

    /// Waits until there is a snapshot that this handle has not seen; tells whether there will be more.
    pub async fn changed(&mut self) -> bool {
        self.scenes.changed().await.is_ok()
    }
}

fn no_thread(error: &dyn std::fmt::Display) -> Fault {
    Fault::new(Exit::Other, format!("no thread for the link: {error}"), "free some memory or descriptors")
}
