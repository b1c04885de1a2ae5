//! The pause between two attempts to connect.

use std::time::Duration;

/// Pauses that double from `min` to `max`, each with equal jitter: half of it is fixed, the other half random, so that
/// many vehicles do not come back at one moment and none comes back at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    ceiling: Duration,
}

impl Backoff {
    /// Starts at `min`; a `max` below it counts as `min`.
    #[must_use]
    pub fn new(min: Duration, max: Duration) -> Self {
        Self { min, max: max.max(min), ceiling: min }
    }

    /// Gives the next pause, between half of and the whole present ceiling: never below `min / 2`, never above `max`.
    ///
    /// `random` is any evenly distributed number.
    pub fn next(&mut self, random: u64) -> Duration {
        let half = self.ceiling.checked_div(2).unwrap_or_default();
        let part = u32::try_from(random >> 32).unwrap_or(u32::MAX);
        let pause = half.saturating_add(half.mul_f64(f64::from(part) / f64::from(u32::MAX)));
        self.ceiling = self.ceiling.saturating_mul(2).min(self.max);
        pause
    }

    /// Starts again at `min`, for after a success.
    pub fn reset(&mut self) {
        self.ceiling = self.min;
    }

    /// Sets another longest pause, for when waiting has become more or less harmful; not below `min`.
    pub fn set_max(&mut self, max: Duration) {
        self.max = max.max(self.min);
        self.ceiling = self.ceiling.min(self.max);
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "numbers are bounded by the strategies")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_pause_lies_between_half_of_min_and_max(
            min in 0_u64..100_000,
            max in 0_u64..10_000_000,
            randoms in prop::collection::vec(any::<u64>(), 1..80),
        ) {
            let (min, max) = (Duration::from_micros(min), Duration::from_micros(max));
            let mut backoff = Backoff::new(min, max);
            for random in randoms {
                let pause = backoff.next(random);
                prop_assert!(pause >= min / 2 && pause <= max.max(min), "{pause:?}");
            }
        }

        #[test]
        fn the_ceiling_doubles_up_to_max_and_a_reset_brings_back_the_first_pause(
            min in 1_u64..1000, attempts in 0_u32..80, random: u64,
        ) {
            let (min, max) = (Duration::from_micros(min * 2), Duration::from_secs(60));
            let mut backoff = Backoff::new(min, max);
            let first = backoff.clone().next(random);
            for _ in 0..attempts {
                backoff.next(random);
            }
            let expected = min.saturating_mul(2_u32.saturating_pow(attempts)).min(max);
            prop_assert_eq!(backoff.clone().next(u64::MAX), expected);
            prop_assert_eq!(backoff.clone().next(0), expected / 2);
            backoff.reset();
            prop_assert_eq!(backoff.next(random), first);
        }

        #[test]
        fn a_larger_random_number_never_makes_a_shorter_pause(a: u64, b: u64) {
            let pause = |random| Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).next(random);
            prop_assert!(pause(a.min(b)) <= pause(a.max(b)));
        }
    }

    #[test]
    fn a_lower_max_holds_at_once() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
        for _ in 0..10 {
            backoff.next(0);
        }
        backoff.set_max(Duration::from_secs(2));
        assert_eq!(backoff.next(u64::MAX), Duration::from_secs(2));
    }
}
