//! Which page controls which vehicle: one at a time. Pure; time is an argument.

use crate::clock::Moment;
use std::collections::BTreeMap;
use std::time::Duration;
use vehicle_protocol::VehicleId;

/// A page renews its control each half second; one that does not has lost it.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The pages in control, and when each of them last said so.
#[derive(Debug, Default)]
pub(super) struct Controls(BTreeMap<VehicleId, (u64, Moment)>);

impl Controls {
    /// Gives control to a page, or renews it; false if another page has it.
    pub(super) fn acquire(&mut self, vehicle: &VehicleId, page: u64, now: Moment) -> bool {
        let free = self.holder(vehicle, now).is_none_or(|holder| holder == page);
        if free {
            self.0.insert(vehicle.clone(), (page, now));
        }
        free
    }

    /// Finds the page in control.
    pub(super) fn holder(&self, vehicle: &VehicleId, now: Moment) -> Option<u64> {
        let (page, renewed) = self.0.get(vehicle)?;
        (now.saturating_sub(*renewed) < TIMEOUT).then_some(*page)
    }

    /// Ends the control of a page; false if it had none.
    pub(super) fn release(&mut self, vehicle: &VehicleId, page: u64) -> bool {
        let had = self.0.get(vehicle).is_some_and(|(holder, _)| *holder == page);
        if had {
            self.0.remove(vehicle);
        }
        had
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_has_control_until_it_releases_it_or_is_silent() {
        let (mut controls, rover): (_, VehicleId) = (Controls::default(), "rover-1".parse().unwrap());
        let at = Duration::from_millis;
        assert!(controls.acquire(&rover, 1, at(0)));
        assert!(!controls.acquire(&rover, 2, at(1999)));
        assert!(controls.acquire(&rover, 2, at(2000)), "the first one was silent");
        assert!(!controls.acquire(&rover, 1, at(2001)) && !controls.release(&rover, 1));
        assert!(controls.release(&rover, 2) && controls.acquire(&rover, 1, at(2002)));
    }
}
