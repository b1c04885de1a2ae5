//! A rate limit with a burst of one second. Pure; time is an argument.

use crate::clock::Moment;

/// Permits that come back at a steady rate, up to one second of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct RateLimit {
    a_second: f64,
    left: f64,
    at: Moment,
}

impl RateLimit {
    pub(super) fn new(a_second: f64, now: Moment) -> Self {
        Self { a_second, left: a_second.max(1.0), at: now }
    }

    /// Acquires a permit; false if none is left.
    pub(super) fn acquire(&mut self, now: Moment) -> bool {
        let gained = now.saturating_sub(self.at).as_secs_f64() * self.a_second;
        (self.left, self.at) = ((self.left + gained).min(self.a_second.max(1.0)), now);
        let allowed = self.left >= 1.0;
        if allowed {
            self.left -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_is_as_long_as_a_second_and_then_it_is_so_many_a_second() {
        let mut limit = RateLimit::new(5.0, Moment::ZERO);
        let mut acquired = |ms: u64| (0..20).filter(|_| limit.acquire(Duration::from_millis(ms))).count();
        assert_eq!([0, 0, 200, 10_000].map(&mut acquired), [5, 0, 1, 5]);
    }
}
