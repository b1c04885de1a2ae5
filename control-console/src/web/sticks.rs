//! Which page holds the stick of which vehicle: one at a time. Pure; time is an argument.

use crate::clock::Moment;
use std::collections::BTreeMap;
use std::time::Duration;
use vehicle_protocol::VehicleId;

/// A page says each half second that it still holds a stick; one that does not has lost it.
const LOST: Duration = Duration::from_secs(2);

/// The sticks that are held.
#[derive(Debug, Default)]
pub(super) struct Sticks(BTreeMap<VehicleId, (u64, Moment)>);

impl Sticks {
    /// Takes a stick for a page, unless another one holds it.
    pub(super) fn take(&mut self, vehicle: &VehicleId, page: u64, now: Moment) -> bool {
        let free = self.holder(vehicle, now).is_none_or(|holder| holder == page);
        if free {
            self.0.insert(vehicle.clone(), (page, now));
        }
        free
    }

    /// The page that holds a stick.
    pub(super) fn holder(&self, vehicle: &VehicleId, now: Moment) -> Option<u64> {
        let (page, renewed) = self.0.get(vehicle)?;
        (now.saturating_sub(*renewed) < LOST).then_some(*page)
    }

    /// Gives a stick back; tells whether the page had it.
    pub(super) fn give(&mut self, vehicle: &VehicleId, page: u64) -> bool {
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
    fn one_page_holds_a_stick_until_it_gives_it_or_falls_silent() {
        let (mut sticks, rover): (_, VehicleId) = (Sticks::default(), "rover-1".parse().unwrap());
        let at = Duration::from_millis;
        assert!(sticks.take(&rover, 1, at(0)));
        assert!(!sticks.take(&rover, 2, at(1999)));
        assert!(sticks.take(&rover, 2, at(2000)), "the first one fell silent");
        assert!(!sticks.take(&rover, 1, at(2001)) && !sticks.give(&rover, 1));
        assert!(sticks.give(&rover, 2) && sticks.take(&rover, 1, at(2002)));
    }
}
