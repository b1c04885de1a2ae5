//! What any screen needs, without drawing: a live picture of the fleet, and a hand on each vehicle's stick.
//!
//! One task on a thread of its own owns the link and all state, so that a slow screen delays no stop. Screens lay orders
//! on its desk and read whole [`Scene`]s.

mod desk;
mod journal;
mod ring;
mod scene;
mod task;
mod vehicle;

pub use desk::{Lean, Order};
pub use journal::{Entry, Weight};
pub use ring::{Ring, Sample, Trail};
pub use scene::{LinkState, Scene};
pub use vehicle::{Drive, Freshness, Refusal, RoundTrip, Vehicle};

use crate::clock::Clock;
use crate::exit::{Exit, Fault};
use crate::options::Options;
use desk::Desk;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use task::Task;
use tokio::sync::watch;
use vehicle_protocol::VehicleId;

/// The running task; one that is dropped lets go of every stick, and leaves.
#[derive(Debug)]
pub struct Cockpit {
    seat: Seat,
    thread: Option<JoinHandle<()>>,
}

/// A place from which a screen, or a part of one, looks and orders.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The clock of all moments in a scene.
    pub clock: Clock,
    desk: Arc<Desk>,
    scenes: watch::Receiver<Arc<Scene>>,
}

impl Cockpit {
    /// Begins to connect, for these vehicles or, without any, for all that the broker knows of.
    ///
    /// # Errors
    /// If the settings make no connection possible, or the system gives no thread.
    pub fn start(options: &Options, vehicles: &[VehicleId]) -> Result<Self, Fault> {
        let (started, result) = mpsc::sync_channel(1);
        let (options, vehicles) = (options.clone(), vehicles.to_vec());
        let thread = std::thread::Builder::new().name("cockpit".to_owned()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = started.send(Err(no_thread(&error)));
                    return;
                }
            };
            runtime.block_on(async {
                match Task::start(&options, &vehicles) {
                    Ok((task, seat)) => {
                        let _ = started.send(Ok(seat));
                        task.run().await;
                    }
                    Err(fault) => {
                        let _ = started.send(Err(fault));
                    }
                }
            });
        });
        let thread = Some(thread.map_err(|error| no_thread(&error))?);
        let seat = result.recv().map_err(|error| no_thread(&error))??;
        Ok(Self { seat, thread })
    }

    /// Another seat.
    #[must_use]
    pub fn seat(&self) -> Seat {
        self.seat.clone()
    }

    /// Stops what is driven from here, takes leave of the broker, and says which code to end with.
    pub async fn close(mut self) -> Exit {
        self.seat.order(Order::Leave(Exit::Done));
        while self.seat.changed().await {}
        // A task that has not taken leave has panicked.
        let exit = self.seat.scene().leaving.unwrap_or(Exit::Other);
        if let Some(thread) = self.thread.take() {
            // It has nothing left to do.
            let _ = thread.join();
        }
        exit
    }
}

impl Drop for Cockpit {
    fn drop(&mut self) {
        self.seat.order(Order::Leave(Exit::Done));
        if let Some(thread) = self.thread.take() {
            // Bounded by the time that taking leave may take; a screen that panicked leaves no stick held.
            let _ = thread.join();
        }
    }
}

impl Seat {
    /// Lays an order on the desk; never waits.
    pub fn order(&self, order: Order) {
        self.desk.put(order, self.clock.now());
    }

    /// What is known now.
    #[must_use]
    pub fn scene(&self) -> Arc<Scene> {
        Arc::clone(&self.scenes.borrow())
    }

    /// Waits until there is a scene that this seat has not seen; tells whether there will be more.
    pub async fn changed(&mut self) -> bool {
        self.scenes.changed().await.is_ok()
    }
}

fn no_thread(error: &dyn std::fmt::Display) -> Fault {
    Fault::new(Exit::Other, format!("no thread for the link: {error}"), "free some memory or descriptors")
}
