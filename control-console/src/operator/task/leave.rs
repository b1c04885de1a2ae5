//! Taking leave: let go of every stick, brake what is driven from here, then end.

use super::OperatorTask;
use crate::clock::Moment;
use crate::exit::Exit;
use crate::teleop::session::TeleopInput;
use crate::teleop::stick::StickInput;
use crate::transaction::Report;
use std::collections::BTreeSet;
use std::time::Duration;
use vehicle_protocol::{CommandName, VehicleId};

/// Time that the BRAKE may take to be answered.
const WITHIN: Duration = Duration::from_secs(1);

/// On the way out.
#[derive(Debug)]
pub(super) struct Leaving {
    until: Moment,
    /// Vehicles whose BRAKE is not answered.
    braking: BTreeSet<VehicleId>,
}

impl Leaving {
    pub(super) const fn until(&self) -> Moment {
        self.until
    }
}

impl OperatorTask {
    /// A second call, as by a second signal, ends it at once.
    pub(super) fn leave(&mut self, exit: Exit) {
        let now = self.now();
        if let Some(leaving) = &mut self.leaving {
            leaving.until = now;
            return;
        }
        self.snapshot.leaving = Some(exit);
        let pressed = self.sticks.iter().filter(|(_, hand)| hand.is_pressed()).map(|(id, _)| id.clone());
        let braking: BTreeSet<VehicleId> = pressed.chain(self.moved.keys().cloned()).collect();
        self.steer_all(TeleopInput::Stick(StickInput::Disarm));
        self.moved.clear();
        let up = self.snapshot.is_up();
        for vehicle in braking.iter().filter(|_| up) {
            self.brake(vehicle, WITHIN);
        }
        let lasts = if up && !braking.is_empty() { WITHIN } else { Duration::ZERO };
        self.leaving = Some(Leaving { until: now.saturating_add(lasts), braking });
        // Screens close at once.
        self.show();
    }

    pub(super) fn check_leave(&mut self, report: &Report) {
        if report.command != CommandName::Brake {
            return;
        }
        if let Some(leaving) = &mut self.leaving {
            leaving.braking.remove(&report.vehicle);
            if leaving.braking.is_empty() {
                leaving.until = Moment::ZERO;
            }
        }
    }

    pub(super) fn has_left(&self) -> bool {
        self.leaving.as_ref().is_some_and(|leaving| self.now() >= leaving.until)
    }
}
