//! The schedule of beats, and the silence of the guard or of the loop itself.

use crate::control::Moment;
use crate::guard::SILENCE;
use std::time::Duration;

/// From beat to beat, so that two may be late before the guard acts (S6).
const INTERVAL: Duration = Duration::from_millis(40);
/// A loop that has not beaten for so long has hung: the guard is about to act or has acted, and the outputs must not change
/// behind its back. Shorter than the guard's patience, for the way of the last beat and of what the loop does now.
const HUNG: Duration = Duration::from_millis(120);

/// The beats of an armed agent and their echoes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BeatSchedule(Option<Armed>);

#[derive(Clone, Copy, Debug)]
struct Armed {
    /// The next beat.
    due: Moment,
    /// The last beat, or the moment of arming.
    sent: Moment,
    /// The last echo, or the moment of arming.
    echoed: Moment,
}

/// The party that was silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SilentParty {
    /// The control loop.
    Loop,
    /// The guard.
    Guard,
}

impl BeatSchedule {
    /// Begins or ends; tells whether that is new.
    pub(super) fn set_armed(&mut self, now: Moment, armed: bool) -> bool {
        let changed = armed != self.0.is_some();
        if changed {
            self.0 = armed.then_some(Armed { due: now, sent: now, echoed: now });
        }
        changed
    }

    pub(super) const fn is_armed(self) -> bool {
        self.0.is_some()
    }

    /// Tells whether a beat is due, and takes it as sent.
    pub(super) fn beat(&mut self, now: Moment) -> bool {
        let Some(armed) = self.0.as_mut().filter(|armed| now >= armed.due) else { return false };
        armed.due = now.after(INTERVAL);
        armed.sent = now;
        true
    }

    pub(super) fn echoed(&mut self, now: Moment) {
        if let Some(armed) = &mut self.0 {
            armed.echoed = now;
        }
    }

    /// Finds the party that has been silent for too long.
    pub(super) fn silent(self, now: Moment) -> Option<SilentParty> {
        let armed = self.0?;
        if now.since(armed.sent) >= HUNG {
            return Some(SilentParty::Loop);
        }
        (now.since(armed.echoed) >= SILENCE).then_some(SilentParty::Guard)
    }

    /// The next moment to beat or to judge silence, while armed.
    pub(super) fn deadline(self) -> Option<Moment> {
        self.0.map(|armed| armed.due.min(armed.echoed.after(SILENCE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn armed() -> BeatSchedule {
        let mut beats = BeatSchedule::default();
        assert!(beats.set_armed(at(1_000), true) && !beats.set_armed(at(1_001), true));
        beats
    }

    #[test]
    fn beats_run_only_while_armed() {
        let mut beats = BeatSchedule::default();
        assert!(!beats.beat(at(5)) && beats.deadline().is_none() && beats.silent(at(9_999)).is_none());
        let mut beats = armed();
        assert!(beats.beat(at(1_000)));
        assert_eq!(beats.deadline(), Some(at(1_040)));
        assert!(!beats.beat(at(1_039)) && beats.beat(at(1_041)));
        assert_eq!(beats.deadline(), Some(at(1_081)));
        assert!(beats.set_armed(at(1_050), false) && beats.deadline().is_none());
    }

    #[test]
    fn a_guard_without_echo_is_lost_after_150_ms() {
        let mut beats = armed();
        for tick in [1_000, 1_040, 1_080, 1_120] {
            assert!(beats.beat(at(tick)));
        }
        assert_eq!(beats.deadline(), Some(at(1_150)));
        assert_eq!(beats.silent(at(1_149)), None);
        assert_eq!(beats.silent(at(1_150)), Some(SilentParty::Guard));
        beats.echoed(at(1_149));
        assert_eq!(beats.silent(at(1_200)), None);
    }

    #[test]
    fn a_loop_that_hung_knows_before_the_guard_can_have_acted() {
        let mut beats = armed();
        beats.beat(at(1_000));
        beats.echoed(at(1_001));
        assert_eq!(beats.silent(at(1_119)), None);
        assert_eq!(beats.silent(at(1_120)), Some(SilentParty::Loop));
        assert!(HUNG < SILENCE);
    }
}
