//! What makes a setpoint fresh: ID, EPOCH, and an EXP that rises.

use super::rhythm::Rhythm;
use crate::clock::Moment;
use crate::session::VehicleClock;
use std::time::Duration;
use vehicle_protocol::{Command, CommandId, Envelope, Epoch, Setpoint, Shape, json};

/// Without a word about the vehicle's CLOCK for so long, it is asked for anew.
const TRUSTED: Duration = Duration::from_secs(60);

/// Numbers what one console sends to one vehicle.
#[derive(Debug)]
pub struct Names {
    stem: String,
    last: u64,
}

impl Names {
    /// Names that begin with `stem`, which nobody else uses.
    #[must_use]
    pub const fn new(stem: String) -> Self {
        Self { stem, last: 0 }
    }

    /// The number of the next name.
    #[must_use]
    pub const fn next_number(&self) -> u64 {
        self.last.saturating_add(1)
    }

    /// The number in a name that was made here.
    #[must_use]
    pub fn number(&self, id: &CommandId) -> Option<u64> {
        id.as_str().strip_prefix(&self.stem)?.strip_prefix('-')?.parse().ok()
    }

    /// A name that was never made before.
    pub fn make(&mut self) -> Option<CommandId> {
        self.last = self.next_number();
        format!("{}-{}", self.stem, self.last).parse().ok()
    }
}

/// The vehicle's clock, and the newest EXP that was written in it.
#[derive(Debug)]
pub struct Stamp {
    clock: VehicleClock,
    heard: Moment,
    newest: u64,
}

impl Stamp {
    /// From a session that was answered at `now`.
    #[must_use]
    pub const fn new(epoch: Epoch, clock: u64, now: Moment) -> Self {
        Self { clock: VehicleClock::heard(epoch, clock, now), heard: now, newest: 0 }
    }

    /// Takes a later session into account; another boot begins anew.
    pub fn renew(&mut self, epoch: Epoch, clock: u64, now: Moment) {
        if epoch == self.clock.epoch() {
            self.observe(clock, now);
        } else {
            *self = Self::new(epoch, clock, now);
        }
    }

    /// Takes the CLOCK of an answer into account. One of an earlier boot says less than is known, and changes nothing.
    pub fn observe(&mut self, clock: u64, now: Moment) {
        self.clock.observe(clock, now);
        self.heard = now;
    }

    /// When the clock should be asked for again.
    #[must_use]
    pub const fn stale_at(&self) -> Moment {
        self.heard.saturating_add(TRUSTED)
    }

    /// The message for a setpoint that leaves at `now`: dead when its hold would be over, wherever it is then.
    pub fn seal(&mut self, setpoint: Setpoint, rhythm: &Rhythm, id: CommandId, now: Moment) -> String {
        // The lower bound of the clock never falls, but two setpoints may fall into one millisecond.
        let expires = self.clock.expiry(now, rhythm.hold()).max(self.newest.saturating_add(1));
        self.newest = expires;
        let shape = Shape::Timed { id, epoch: self.clock.epoch(), expires };
        json::encode(&Envelope { command: Command::Drive(setpoint), shape })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EPOCH: Epoch = Epoch([7; 16]);

    fn seal(stamp: &mut Stamp, now: Moment) -> u64 {
        let rhythm = Rhythm::new(Duration::from_millis(50), Duration::from_millis(300)).unwrap();
        let id = Names::new("drive".to_owned()).make().unwrap();
        let text = stamp.seal(Setpoint { hold_ms: 300, ..Setpoint::default() }, &rhythm, id, now);
        json::decode(text.as_bytes()).unwrap().shape.expires().unwrap()
    }

    #[test]
    fn a_setpoint_dies_when_its_hold_would_be_over() {
        let mut stamp = Stamp::new(EPOCH, 60_000, Duration::from_secs(1));
        assert_eq!(seal(&mut stamp, Duration::from_secs(1)), 60_300);
        assert_eq!(seal(&mut stamp, Duration::from_secs(2)), 61_299, "a lower bound");
    }

    #[test]
    fn another_boot_begins_anew() {
        let mut stamp = Stamp::new(EPOCH, 60_000, Duration::ZERO);
        seal(&mut stamp, Duration::ZERO);
        stamp.renew(Epoch([8; 16]), 5, Duration::ZERO);
        assert_eq!(seal(&mut stamp, Duration::ZERO), 305);
    }

    #[test]
    fn a_name_is_recognised_by_its_stem() {
        let mut names = Names::new("ab".to_owned());
        assert_eq!(
            names.make().map(|id| (id.to_string(), names.number(&id))),
            Some(("ab-1".to_owned(), Some(1)))
        );
        for other in ["ab-", "ab1", "abc-1", "b-1"] {
            assert_eq!(names.number(&other.parse().unwrap()), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn exp_rises_whatever_is_heard_of_the_clock(
            steps in prop::collection::vec((0_u64..200_000, prop::option::of(0_u64..400_000)), 1..200),
        ) {
            let (mut stamp, mut now, mut newest) = (Stamp::new(EPOCH, 100_000, Moment::ZERO), Moment::ZERO, 0);
            for (micros, clock) in steps {
                now = now.saturating_add(Duration::from_micros(micros));
                if let Some(clock) = clock {
                    stamp.renew(EPOCH, clock, now);
                }
                let expires = seal(&mut stamp, now);
                prop_assert!(expires > newest);
                newest = expires;
            }
        }
    }
}
