//! Encoders of a simulated vehicle, good ones and bad ones.

use crate::board::odometer::Odometer;
use crate::control::{Kinematics, Moment, Wheel, Wheels};

/// Encoders of a simulated vehicle, and their faults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimEncoders {
    /// Way of the vehicle from pulse to pulse, in metres; each pulse has four edges.
    pub metres_per_pulse: f64,
    /// The share of edges that never come, of the left wheel and of the right one.
    pub missed: (f64, f64),
    /// The share of looks that count an edge too much, one way or the other.
    pub noise: f64,
    /// The moment at which the left encoder dies.
    pub dies: Option<Moment>,
    /// The seed of chance.
    pub seed: u64,
}

impl SimEncoders {
    /// Encoders that miss nothing.
    #[must_use]
    pub const fn good(metres_per_pulse: f64) -> Self {
        Self { metres_per_pulse, missed: (0.0, 0.0), noise: 0.0, dies: None, seed: 1 }
    }
}

/// Counters of the wheels of both sides.
#[derive(Debug)]
pub(super) struct Counters {
    encoders: SimEncoders,
    left: Counter,
    right: Counter,
    chance: u64,
}

#[derive(Debug)]
struct Counter {
    odometer: Odometer,
    /// The last reading in edges, and its moment.
    edge: f64,
    at: Moment,
}

impl Counters {
    pub(super) fn new(encoders: SimEncoders) -> Self {
        let metres = encoders.metres_per_pulse / 4.0;
        let counter = || Counter { odometer: Odometer::new(metres), edge: 0.0, at: Moment::default() };
        Self {
            encoders,
            left: counter(),
            right: counter(),
            chance: encoders.seed.wrapping_mul(2).wrapping_add(1),
        }
    }

    /// Counts what wheels that have rolled so far have passed since the last time.
    pub(super) fn measure(&mut self, now: Moment, travel: (f64, f64), kinematics: Kinematics) -> Wheels {
        let SimEncoders { missed, noise, dies, metres_per_pulse, .. } = self.encoders;
        let edges = |metres: f64| metres * 4.0 / metres_per_pulse;
        let chance = &mut self.chance;
        let missed_left = if dies.is_some_and(|dies| now >= dies) { 1.0 } else { missed.0 };
        let left = self.left.measure(now, edges(travel.0), missed_left, noise, chance);
        let right = self.right.measure(now, edges(travel.1), missed.1, noise, chance);
        match kinematics {
            Kinematics::SkidSteer { .. } => Wheels::Sides { left, right },
            Kinematics::SteeringServo { .. } => Wheels::Drive(left),
        }
    }
}

impl Counter {
    fn measure(&mut self, now: Moment, edge: f64, missed: f64, noise: f64, chance: &mut u64) -> Wheel {
        let (from, to) = (self.edge.floor(), edge.floor());
        let way = (to - from).signum();
        let time = now.since(self.at).as_secs_f64();
        let mut passed = from;
        while (to - passed) * way > 0.5 {
            // Forwards an edge is where its number begins, backwards where it ends.
            let place = if way > 0.0 { passed + way } else { passed };
            passed += way;
            let share = ((place - self.edge) / (edge - self.edge)).clamp(0.0, 1.0);
            if drawn(chance) >= missed {
                let at = self.at.after(std::time::Duration::from_secs_f64(share * time));
                self.odometer.take(at, if way > 0.0 { 1 } else { -1 });
            }
        }
        if missed < 1.0 && drawn(chance) < noise {
            self.odometer.take(now, if drawn(chance) < 0.5 { 1 } else { -1 });
        }
        (self.edge, self.at) = (edge, now);
        self.odometer.measure(now)
    }
}

/// A number from 0 to 1, by a xorshift.
fn drawn(chance: &mut u64) -> f64 {
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    let top = u32::try_from(*chance >> 32).unwrap_or_default();
    f64::from(top) / f64::from(u32::MAX)
}
