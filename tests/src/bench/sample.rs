//! Numbers out of many measurements.

use std::time::Duration;

/// What a set of round trips amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentiles {
    /// Half of all were at most this long.
    pub p50: Duration,
    /// 95 of 100 were at most this long.
    pub p95: Duration,
    /// 99 of 100 were at most this long.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

impl Percentiles {
    /// Of all round trips given, in any order; nothing of none.
    #[must_use]
    pub fn of(trips: &[Duration]) -> Option<Self> {
        let mut trips = trips.to_vec();
        trips.sort_unstable();
        let at = |percent| nearest_rank(&trips, percent).copied();
        Some(Self { p50: at(50)?, p95: at(95)?, p99: at(99)?, max: at(100)? })
    }
}

/// A ratio over many rounds: its middle, and the quarter and three quarters of all rounds that lie below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// A quarter of all rounds lies below.
    pub low: f64,
    /// The median.
    pub middle: f64,
    /// A quarter of all rounds lies above.
    pub high: f64,
}

impl Spread {
    /// Of the quotients of two values measured in the same round; nothing without rounds.
    #[must_use]
    pub fn of_ratios(rounds: &[(Duration, Duration)]) -> Option<Self> {
        let mut ratios: Vec<f64> =
            rounds.iter().map(|(one, other)| one.as_secs_f64() / other.as_secs_f64()).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let at = |percent| nearest_rank(&ratios, percent).copied();
        Some(Self { low: at(25)?, middle: at(50)?, high: at(75)? })
    }
}

/// The smallest value that at least `percent` of all are not above; the values are in order.
fn nearest_rank<T>(values: &[T], percent: usize) -> Option<&T> {
    let rank = values.len().saturating_mul(percent).div_ceil(100);
    values.get(rank.max(1).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        values.into_iter().map(Duration::from_micros).collect()
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let percentiles = Percentiles::of(&micros((1..=200).rev())).unwrap();
        let [p50, p95, p99, max] = [100, 190, 198, 200].map(Duration::from_micros);
        assert_eq!(percentiles, Percentiles { p50, p95, p99, max });
    }

    #[test]
    fn a_single_measurement_is_every_percentile() {
        let seven = Duration::from_micros(7);
        let expected = Percentiles { p50: seven, p95: seven, p99: seven, max: seven };
        assert_eq!(Percentiles::of(&[seven]), Some(expected));
    }

    #[test]
    fn nothing_measured_gives_no_numbers() {
        assert_eq!(Percentiles::of(&[]), None);
        assert_eq!(Spread::of_ratios(&[]), None);
    }

    #[test]
    fn a_ratio_is_taken_round_by_round_before_its_middle() {
        let agent = micros([110, 400, 90, 120]);
        let echo = micros([100, 200, 100, 100]);
        let rounds: Vec<_> = agent.into_iter().zip(echo).collect();
        let spread = Spread::of_ratios(&rounds).unwrap();
        assert_eq!(spread, Spread { low: 0.9, middle: 1.1, high: 1.2 });
    }
}
