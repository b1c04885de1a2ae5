//! Five minutes of the past. Pure.

use crate::clock::Moment;
use std::collections::VecDeque;
use std::time::Duration;

/// The time that it goes back.
const BACK: Duration = Duration::from_secs(300);
/// A point of the track is kept when the vehicle is so far from the last one, in metres.
const STEP_M: f64 = 0.05;
/// Most points of a track.
const POINTS: usize = 2000;

/// The values of one moment; what was not known then is nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Moment,
    /// Speed in mph, negative backwards.
    pub speed_mph: Option<f64>,
    /// Round trip in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// Charge of the battery in percent.
    pub battery_pct: Option<f64>,
}

/// Samples in the order of time.
#[derive(Clone, Debug, Default)]
pub struct Ring(VecDeque<Sample>);

impl Ring {
    /// One sample each.
    pub const EVERY: Duration = Duration::from_secs(1);

    /// Adds one, and forgets what is too long ago.
    pub fn push(&mut self, sample: Sample) {
        let from = sample.at.saturating_sub(BACK);
        while self.0.front().is_some_and(|oldest| oldest.at < from) {
            self.0.pop_front();
        }
        self.0.push_back(sample);
    }

    /// All samples after `moment`, oldest first.
    #[must_use = "it only looks"]
    pub fn since(&self, moment: Option<Moment>) -> impl DoubleEndedIterator<Item = &Sample> {
        self.0.iter().filter(move |sample| moment.is_none_or(|moment| sample.at > moment))
    }
}

/// The track of a vehicle, in metres to the right and ahead of where it stood at boot.
#[derive(Clone, Debug, Default)]
pub struct Trail(VecDeque<(Moment, f64, f64)>);

impl Trail {
    /// Adds a place if it is another one.
    pub fn push(&mut self, now: Moment, x: f64, y: f64) {
        let far = |(_, last_x, last_y): &(Moment, f64, f64)| (x - last_x).hypot(y - last_y) >= STEP_M;
        let is_news = x.is_finite() && y.is_finite() && self.0.back().is_none_or(far);
        if is_news {
            self.0.push_back((now, x, y));
        }
        let from = now.saturating_sub(BACK);
        // The last place stays: it is where the vehicle stands.
        while self.0.len() > POINTS || (self.0.len() > 1 && self.0.front().is_some_and(|(at, ..)| *at < from))
        {
            self.0.pop_front();
        }
    }

    /// Forgets everything: the vehicle counts from another place.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// All places, oldest first, with the moments at which they were reached.
    #[must_use = "it only looks"]
    pub fn places(&self) -> impl DoubleEndedIterator<Item = &(Moment, f64, f64)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_five_minutes_a_sample_is_forgotten() {
        let mut ring = Ring::default();
        for second in 0..=400 {
            let at = Duration::from_secs(second);
            ring.push(Sample { at, speed_mph: None, round_trip_ms: None, battery_pct: None });
        }
        let kept: Vec<u64> = ring.since(None).map(|sample| sample.at.as_secs()).collect();
        assert_eq!((kept.first(), kept.last(), kept.len()), (Some(&100), Some(&400), 301));
        assert_eq!(ring.since(Some(Duration::from_secs(399))).count(), 1);
    }

    #[test]
    fn a_vehicle_that_stands_makes_no_trail_and_stays_on_it() {
        let mut trail = Trail::default();
        for second in 0..1000 {
            trail.push(Duration::from_secs(second), 1.0, 2.001);
        }
        trail.push(Duration::from_secs(1000), f64::NAN, 0.0);
        assert_eq!(trail.places().count(), 1);
        trail.push(Duration::from_secs(1000), 1.1, 2.0);
        let places: Vec<f64> = trail.places().map(|(_, x, _)| *x).collect();
        assert_eq!(places, [1.1]);
    }
}
