//! From the edges of a wheel encoder to speed and distance; time and edges are arguments.

use crate::control::{Moment, Wheel};
use std::time::Duration;

/// A wheel without an edge for so long stands, however coarse its encoder.
const SILENCE: Duration = Duration::from_millis(500);
/// Speed in m/s below which a wheel stands: less than what counts as standing for the whole vehicle.
const CREEP: f64 = 0.015;
/// Edges closer together are taken as one group: a contact that bounces is no fast wheel.
const GROUP: Duration = Duration::from_millis(2);

/// One of the two lines of an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    A,
    B,
}

/// The source of a wheel's direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoder {
    /// One channel, of which rising edges come: the wheel turns the way it was last told to.
    Single { backwards: bool },
    /// Two channels a quarter of a pulse apart, A first when it turns forwards; their levels now.
    Quadrature { a: bool, b: bool },
}

impl Decoder {
    /// The way that an edge of `channel` to `level` goes: 1 forwards, -1 backwards, 0 for one that changes nothing.
    pub(super) const fn step(&mut self, channel: Channel, level: bool) -> i64 {
        match self {
            Self::Single { backwards: false } => 1,
            Self::Single { backwards: true } => -1,
            Self::Quadrature { a, b } => {
                let (own, forwards) = match channel {
                    Channel::A => (a, level != *b),
                    Channel::B => (b, level == *a),
                };
                // An edge to the level that is there: the one before it got lost, and with it the way.
                if *own == level {
                    return 0;
                }
                *own = level;
                if forwards { 1 } else { -1 }
            }
        }
    }

    /// Tells what the motor is told to do; while nothing is asked of it, a wheel rolls on the way it went.
    pub(super) const fn told(&mut self, share: f64) {
        if let Self::Single { backwards } = self {
            if share != 0.0 {
                *backwards = share < 0.0;
            }
        }
    }
}

/// Counts the edges of one wheel.
#[derive(Clone, Debug)]
pub(super) struct Odometer {
    metres_per_edge: f64,
    /// Edges since boot, those backwards subtracted.
    count: i64,
    /// The same when it was last measured.
    measured: i64,
    /// The moment of the last edge, and of the last one before the last measurement.
    last: Option<Moment>,
    before: Option<Moment>,
    /// Direction of the last turn: 1 or -1; 0 before the first edge.
    way: i64,
    /// In m/s, as of the last edge.
    speed: f64,
}

impl Odometer {
    pub(super) const fn new(metres_per_edge: f64) -> Self {
        let (last, before) = (None, None);
        Self { metres_per_edge, count: 0, measured: 0, last, before, way: 0, speed: 0.0 }
    }

    /// Takes edges that came at `at`: how many, negative backwards.
    pub(super) fn take(&mut self, at: Moment, edges: i64) {
        self.count = self.count.saturating_add(edges);
        self.last = self.last.max(Some(at));
    }

    /// Takes edges of which only the number is known: the wheel is taken to have turned as it did.
    pub(super) const fn lose(&mut self, edges: u32) {
        self.count = self.count.saturating_add((edges as i64).saturating_mul(self.way));
    }

    /// Measures: the speed over all edges since the last time, and less from then on the longer none comes.
    pub(super) fn measure(&mut self, now: Moment) -> Wheel {
        if let Some(last) = self.last {
            // Of a first edge nobody knows how long it took.
            let time = self.before.map_or(Duration::MAX, |before| last.since(before));
            if time >= GROUP {
                self.average(time);
                self.before = self.last;
            }
        }
        self.settle(now);
        Wheel { travel: self.metres(self.count), speed: self.speed }
    }

    /// Takes the edges since the last time as spread evenly over `time`.
    fn average(&mut self, time: Duration) {
        let edges = self.count.saturating_sub(self.measured);
        self.measured = self.count;
        let way = edges.signum();
        // The first edge after a turn round is the one that was passed last: no way lies between the two.
        let turned = way != 0 && self.way == way.saturating_neg();
        let passed = if turned { edges.saturating_sub(way) } else { edges };
        self.speed = self.metres(passed) / time.as_secs_f64();
        self.way = if way == 0 { self.way } else { way };
    }

    /// Lowers the speed to what no further edge allows.
    fn settle(&mut self, now: Moment) {
        let silence = self.last.map_or(SILENCE, |last| now.since(last));
        let most =
            if silence.is_zero() { f64::INFINITY } else { self.metres_per_edge / silence.as_secs_f64() };
        self.speed = if silence >= SILENCE || most < CREEP { 0.0 } else { self.speed.clamp(-most, most) };
    }

    #[expect(clippy::cast_precision_loss, reason = "2^53 edges are thousands of years")]
    fn metres(&self, edges: i64) -> f64 {
        edges as f64 * self.metres_per_edge
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what stands has no speed at all")]
mod tests;
