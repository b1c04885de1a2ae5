//! Levels over time, and what can be said of them.

use std::time::Duration;

/// Samples are near if no pulse of a motor's PWM fits between them.
const NEAR: Duration = Duration::from_millis(2);

/// The levels at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// The board's time since power-on.
    pub at: Duration,
    /// Lines 0 to 31, bit by bit.
    pub levels: u32,
}

impl Sample {
    /// Whether a line is high.
    #[must_use]
    pub fn is_high(self, line: u8) -> bool {
        self.levels.checked_shr(u32::from(line)).unwrap_or_default() & 1 == 1
    }
}

/// Samples in the order of their time.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The samples.
    pub samples: Vec<Sample>,
}

impl Trace {
    /// The share of the time in which a line is high. What lies between samples far apart is left out: there, pulses
    /// may have come and gone.
    #[must_use]
    pub fn duty(&self, line: u8) -> f64 {
        let spans = self.pairs().map(|(one, other)| (one.is_high(line), other.at.saturating_sub(one.at)));
        let seen = || spans.clone().filter(|(_, span)| *span <= NEAR);
        let high: Duration = seen().filter(|(high, _)| *high).map(|(_, span)| span).sum();
        let all: Duration = seen().map(|(_, span)| span).sum();
        high.as_secs_f64() / all.as_secs_f64()
    }

    /// The mean time between two rises of a line; zero without two.
    #[must_use]
    pub fn period(&self, line: u8) -> Duration {
        let rises = self.edges(line, true);
        let (Some(first), Some(last)) = (rises.first(), rises.last()) else { return Duration::ZERO };
        let count = u32::try_from(rises.len().saturating_sub(1)).unwrap_or(u32::MAX);
        last.saturating_sub(*first).checked_div(count).unwrap_or_default()
    }

    /// When a line rises, or falls: the first samples at which it has done so.
    #[must_use]
    pub fn edges(&self, line: u8, rising: bool) -> Vec<Duration> {
        self.pairs()
            .filter(|(one, other)| one.is_high(line) != rising && other.is_high(line) == rising)
            .map(|(_, other)| other.at)
            .collect()
    }

    /// The longest time between two samples: what a change of level can have been seen too late.
    #[must_use]
    pub fn blind(&self) -> Duration {
        self.pairs().map(|(one, other)| other.at.saturating_sub(one.at)).max().unwrap_or_default()
    }

    fn pairs(&self) -> impl Iterator<Item = (Sample, Sample)> + Clone + '_ {
        self.samples.iter().copied().zip(self.samples.iter().copied().skip(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(levels: &[u32]) -> Trace {
        let at = |place: usize| Duration::from_millis(u64::try_from(place).unwrap());
        let samples = levels.iter().enumerate().map(|(place, &levels)| Sample { at: at(place), levels });
        Trace { samples: samples.collect() }
    }

    #[test]
    fn a_duty_is_that_of_what_was_seen() {
        let mut trace = trace(&[1, 0, 0, 0, 1, 0, 0, 0]);
        assert!((trace.duty(0) - 2.0 / 7.0).abs() < 1e-9, "{}", trace.duty(0));
        assert_eq!(trace.period(0), Duration::ZERO);
        assert_eq!(trace.edges(0, true), [Duration::from_millis(4)]);
        trace.samples.push(Sample { at: Duration::from_millis(100), levels: 0 });
        assert!((trace.duty(0) - 2.0 / 7.0).abs() < 1e-9, "{}", trace.duty(0));
        assert_eq!(trace.blind(), Duration::from_millis(93));
    }

    #[test]
    fn a_period_lies_between_two_rises() {
        assert_eq!(trace(&[0, 1, 0, 1, 0, 1]).period(0), Duration::from_millis(2));
    }
}
