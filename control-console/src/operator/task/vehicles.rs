//! The table of vehicles: bounded, since anybody on the broker can make up names.

use super::{OperatorTask, Weight};
use crate::operator::command_queue::QueuedCommands;
use crate::operator::vehicle::Vehicle;
use std::collections::BTreeSet;
use std::sync::Arc;
use vehicle_protocol::VehicleId;

/// Vehicles that a screen keeps. Each takes some kilobytes, and more are on no screen at once.
const MOST: usize = 4096;

impl OperatorTask {
    /// The entry of a vehicle that is in the table already, or is known by name.
    pub(super) fn vehicle(&mut self, id: &VehicleId) -> &mut Vehicle {
        Arc::make_mut(self.snapshot.vehicles.entry(id.clone()).or_default())
    }

    /// Makes room for a vehicle that was heard: the one that was silent for longest goes, if nobody needs it. Tells whether
    /// the vehicle is in the table now.
    pub(super) fn admit(&mut self, id: &VehicleId) -> bool {
        let vehicles = &self.snapshot.vehicles;
        if vehicles.contains_key(id) {
            return true;
        }
        if vehicles.len() >= MOST {
            let silent =
                vehicles.iter().filter(|(id, vehicle)| vehicle.looked_at.is_none() && !self.is_needed(id));
            let longest = silent.min_by_key(|(_, vehicle)| vehicle.heard).map(|(id, _)| id.clone());
            if !std::mem::replace(&mut self.is_full, true) {
                let text = format!(
                    "more than {MOST} vehicles on this broker: those silent for longest are not shown"
                );
                self.event_log.note(self.now(), None, Weight::Warning, &text);
            }
            let Some(longest) = longest else { return false };
            self.snapshot.vehicles.remove(&longest);
            self.client.forget(&longest);
        }
        self.vehicle(id);
        true
    }

    /// Tells whether a vehicle is named, or something of ours is under way with it.
    fn is_needed(&self, id: &VehicleId) -> bool {
        self.named.contains(id)
            || self.sticks.contains_key(id)
            || self.moved.contains_key(id)
            || self.unannounced.contains(id)
    }

    /// Drops what screens ask of vehicles that neither the settings nor the broker know, and says so: a page could fill the
    /// table otherwise.
    pub(super) fn refuse_unknown(&mut self, inbox: &mut QueuedCommands) {
        let knows = |id: &VehicleId| self.snapshot.vehicles.contains_key(id) || self.named.contains(id);
        let asked =
            inbox.stops.iter().chain(inbox.grips.keys()).chain(inbox.hands.keys()).chain(&inbox.looks);
        let asked = asked.chain(inbox.commands.iter().map(|(id, _)| id));
        let unknown: BTreeSet<VehicleId> = asked.filter(|id| !knows(id)).cloned().collect();
        if unknown.is_empty() {
            return;
        }
        for id in &unknown {
            let text = format!(
                "not published: no vehicle {id} is known here; control-console estop {id} asks nothing"
            );
            self.event_log.note(self.now(), None, Weight::Alarm, &text);
        }
        inbox.stops.retain(|id| !unknown.contains(id));
        inbox.grips.retain(|id, _| !unknown.contains(id));
        inbox.hands.retain(|id, _| !unknown.contains(id));
        inbox.looks.retain(|id| !unknown.contains(id));
        inbox.commands.retain(|(id, _)| !unknown.contains(id));
    }
}
