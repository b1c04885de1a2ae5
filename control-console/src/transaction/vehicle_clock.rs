//! The vehicle's clock as far as it is known here.

use crate::clock::Moment;
use std::time::Duration;
use vehicle_protocol::Epoch;

/// A lower bound of a vehicle's CLOCK, so that what it stamps expires early and never late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VehicleClock {
    epoch: Epoch,
    read: u64,
    heard: Moment,
}

impl VehicleClock {
    /// A CLOCK in milliseconds that was heard at `now`; it was read some time before that.
    #[must_use]
    pub const fn heard(epoch: Epoch, clock: u64, now: Moment) -> Self {
        Self { epoch, read: clock, heard: now }
    }

    /// The boot that the clock belongs to.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The least that the vehicle's clock shows at `now`, in milliseconds.
    #[must_use]
    pub fn at_least(&self, now: Moment) -> u64 {
        let elapsed = now.saturating_sub(self.heard);
        // Our clock may run faster than the vehicle's: quartz is within 0.01 %, this allows ten times as much.
        let certain = elapsed.saturating_sub(elapsed.checked_div(1000).unwrap_or(elapsed));
        self.read.saturating_add(u64::try_from(certain.as_millis()).unwrap_or(0))
    }

    /// Takes a later reading into account, if it says more than is known.
    pub fn observe(&mut self, clock: u64, now: Moment) {
        if clock > self.at_least(now) {
            (self.read, self.heard) = (clock, now);
        }
    }

    /// EXP of what is sent at `now` and holds for `life`.
    #[must_use]
    pub fn expiry(&self, now: Moment, life: Duration) -> u64 {
        self.at_least(now).saturating_add(u64::try_from(life.as_millis()).unwrap_or(0))
    }
}
