//! Everything that is known at one moment.

use super::event_log::Entry;
use super::vehicle::Vehicle;
use crate::clock::Moment;
use crate::commands::fleet::place;
use crate::exit::{Exit, Fault};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use vehicle_protocol::VehicleId;

/// The state of the link to the broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// Not yet there.
    #[default]
    Connecting,
    /// There.
    Up,
    /// Lost, for a reason that may pass.
    Down(String),
    /// Not to be had.
    Barred(Fault),
}

/// Everything that is known at one moment; cheap to keep.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The moment.
    pub at: Moment,
    /// The broker's address.
    pub broker: Arc<str>,
    /// The link to the broker.
    pub link: LinkState,
    /// Every vehicle that was heard of.
    pub vehicles: BTreeMap<VehicleId, Arc<Vehicle>>,
    /// The event log, oldest first.
    pub event_log: Arc<VecDeque<Entry>>,
    /// The code to end with, from the moment that it ends.
    pub leaving: Option<Exit>,
}

impl Snapshot {
    /// Every vehicle in the order in which people count, as all screens show them.
    #[must_use]
    pub fn fleet(&self) -> Vec<(&VehicleId, &Vehicle)> {
        let mut fleet: Vec<_> = self.vehicles.iter().map(|(id, vehicle)| (id, &**vehicle)).collect();
        fleet.sort_by_cached_key(|(id, _)| place(id));
        fleet
    }

    /// Tells whether there is a link, subscribed.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.link == LinkState::Up
    }
}
