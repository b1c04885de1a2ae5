//! Levels over time, and what can be said of them.

use std::time::Duration;

/// Samples are near if an edge between them is known to a twentieth of a motor's period. They can't be nearer than the
/// emulation looks up from a processor: twice in each millisecond, for the bus that the network is on.
const NEAR: Duration = Duration::from_millis(1);

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

/// What a line did from one rise to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// How long it was high.
    pub width: Duration,
    /// From rise to rise.
    pub period: Duration,
}

impl Pulse {
    /// The share of the time in which the line was high.
    #[must_use]
    pub fn duty(self) -> f64 {
        self.width.as_secs_f64() / self.period.as_secs_f64()
    }
}

/// Samples in the order of their time.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The samples.
    pub samples: Vec<Sample>,
}

impl Trace {
    /// The pulses of a line that were seen from their rise to the next: never do two samples lie too far apart.
    #[must_use]
    pub fn pulses(&self, line: u8) -> Vec<Pulse> {
        let mut pulses = Vec::new();
        let (mut rise, mut fall) = (None, None);
        for (one, other) in self.pairs() {
            if other.at.saturating_sub(one.at) > NEAR {
                (rise, fall) = (None, None);
            } else if !one.is_high(line) && other.is_high(line) {
                if let (Some(rise), Some(fall)) = (rise, fall) {
                    let since = |edge: Duration| edge.saturating_sub(rise);
                    pulses.push(Pulse { width: since(fall), period: since(other.at) });
                }
                (rise, fall) = (Some(other.at), None);
            } else if one.is_high(line) && !other.is_high(line) {
                fall = Some(other.at);
            }
        }
        pulses
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
    fn a_pulse_counts_where_it_was_seen_from_rise_to_rise() {
        let mut trace = trace(&[1, 0, 1, 1, 0, 0, 1, 0, 1, 0]);
        let pulse = |width, period| Pulse {
            width: Duration::from_millis(width),
            period: Duration::from_millis(period),
        };
        assert_eq!(trace.pulses(0), [pulse(2, 4), pulse(1, 2)]);
        assert!((pulse(1, 4).duty() - 0.25).abs() < 1e-9);
        // One sample late, and what lies around it may be two pulses.
        for sample in &mut trace.samples[5..] {
            sample.at += Duration::from_millis(1);
        }
        assert_eq!(trace.pulses(0), [pulse(1, 2)]);
        assert_eq!(trace.blind(), Duration::from_millis(2));
    }

    #[test]
    fn an_edge_is_where_it_was_first_seen() {
        let trace = trace(&[1, 0, 0, 1, 0]);
        assert_eq!(trace.edges(0, true), [Duration::from_millis(3)]);
        assert_eq!(trace.edges(0, false), [Duration::from_millis(1), Duration::from_millis(4)]);
    }
}
