//! Keeps the vehicle's own presence true: an old will that comes late, or a forgery, is corrected.

use crate::control::Moment;
use std::time::Duration;

/// The pause after a correction; it doubles with each, so that two who disagree do not fight for ever.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, and the quiet time after which it is short again.
const LONGEST: Duration = Duration::from_secs(60);

/// Watches what stands on the topic of the vehicle's presence.
#[derive(Debug)]
pub(super) struct PresenceKeeper {
    /// The payload that should be retained, while there is one to keep.
    announced: Option<Vec<u8>>,
    is_wrong: bool,
    not_before: Moment,
    pause: Duration,
}

impl Default for PresenceKeeper {
    fn default() -> Self {
        Self { announced: None, is_wrong: false, not_before: Moment::default(), pause: PAUSE }
    }
}

impl PresenceKeeper {
    /// Begins to keep what has just been published.
    pub(super) fn announce(&mut self, payload: Vec<u8>) {
        self.announced = Some(payload);
        self.is_wrong = false;
    }

    /// Keeps nothing until the next announcement.
    pub(super) fn rest(&mut self) {
        self.announced = None;
        self.is_wrong = false;
    }

    /// Notes what came on the topic. What the broker had kept from before the subscription does not count: the
    /// announcement follows it.
    pub(super) fn saw(&mut self, now: Moment, retained: bool, payload: &[u8]) {
        let Some(announced) = &self.announced else { return };
        if retained {
            return;
        }
        self.is_wrong = announced.as_slice() != payload;
        if self.is_wrong && now.since(self.not_before) >= LONGEST {
            self.pause = PAUSE;
        }
    }

    /// Tells whether the presence has to be published again now.
    pub(super) fn is_due(&mut self, now: Moment) -> bool {
        let due = self.deadline().is_some_and(|deadline| deadline <= now);
        if due {
            self.is_wrong = false;
            self.not_before = now.after(self.pause);
            self.pause = self.pause.saturating_mul(2).min(LONGEST);
        }
        due
    }

    /// The moment at which the presence has to be published again.
    pub(super) fn deadline(&self) -> Option<Moment> {
        self.is_wrong.then_some(self.not_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn keeper() -> PresenceKeeper {
        let mut keeper = PresenceKeeper::default();
        keeper.announce(b"online".to_vec());
        keeper
    }

    #[test]
    fn its_own_presence_needs_no_correction() {
        let mut keeper = keeper();
        keeper.saw(at(1), false, b"online");
        assert!(!keeper.is_due(at(1)) && keeper.deadline().is_none());
    }

    #[test]
    fn another_presence_is_corrected_at_once() {
        for other in [&b"broken"[..], b""] {
            let mut keeper = keeper();
            keeper.saw(at(1), false, other);
            assert!(keeper.is_due(at(1)) && keeper.deadline().is_none());
        }
    }

    #[test]
    fn what_its_own_presence_has_already_replaced_needs_no_correction() {
        let mut keeper = keeper();
        keeper.saw(at(1), false, b"broken");
        keeper.saw(at(1), false, b"online");
        assert!(!keeper.is_due(at(1)));
    }

    #[test]
    fn what_the_broker_had_kept_and_what_comes_before_the_announcement_do_not_count() {
        let mut keeper = keeper();
        keeper.saw(at(1), true, b"broken");
        assert!(!keeper.is_due(at(1)));
        keeper.rest();
        keeper.saw(at(1), false, b"broken");
        assert!(!keeper.is_due(at(1)));
    }

    #[test]
    fn who_insists_is_corrected_ever_more_seldom() {
        let mut keeper = keeper();
        let mut corrections = Vec::new();
        for second in 0..=200 {
            keeper.saw(at(second * 1_000), false, b"forged");
            if keeper.is_due(at(second * 1_000)) {
                corrections.push(second);
            }
        }
        assert_eq!(corrections, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
    }

    #[test]
    fn after_a_quiet_minute_the_pause_is_short_again() {
        let mut keeper = keeper();
        for second in [0, 1, 3, 200, 201] {
            keeper.saw(at(second * 1_000), false, b"broken");
            assert!(keeper.is_due(at(second * 1_000)), "{second}");
        }
    }
}
