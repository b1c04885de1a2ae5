//! The way to the safe place: the only motion without an operator, and bounded for it.

use crate::control::in_flight::Ticket;
use crate::control::motion::{Motion, Target};
use crate::control::{Autonomy, Moment};

/// Close enough to the place, in metres.
const ARRIVED: f64 = 0.15;
/// A steered vehicle that passes the place at this distance will not come closer, in metres.
const PASSED: f64 = 0.6;
/// Further off course than this, in degrees, a vehicle that can turns on the spot first.
const OFF_COURSE: f64 = 15.0;

/// The reason for which the drive ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is there.
    There,
    /// The longest distance is driven.
    TooFar,
}

/// A drive to the safe place.
#[derive(Clone, Debug)]
pub(super) struct Autopilot {
    pub(super) ticket: Ticket,
    place: (f64, f64),
    speed: f64,
    distance_left: f64,
    whole: f64,
    closest: f64,
    last: (f64, f64),
}

impl Autopilot {
    pub(super) fn new(ticket: Ticket, place: (f64, f64), autonomy: &Autonomy, motion: &Motion) -> Self {
        let pose = motion.pose();
        let whole = (place.0 - pose.x).hypot(place.1 - pose.y);
        let (speed, distance_left) = (autonomy.speed, autonomy.distance);
        Self { ticket, place, speed, distance_left, whole, closest: whole, last: (pose.x, pose.y) }
    }

    fn to_go(&self, motion: &Motion) -> f64 {
        let pose = motion.pose();
        (self.place.0 - pose.x).hypot(self.place.1 - pose.y)
    }

    /// The share of the way that is done, from 0 to 1.
    pub(super) fn progress(&self, motion: &Motion) -> f64 {
        if self.whole > 0.0 { 1.0 - self.to_go(motion) / self.whole } else { 1.0 }
    }

    /// Notes where the vehicle is; says when the drive is over.
    pub(super) fn advance(&mut self, motion: &Motion) -> Option<Arrival> {
        let pose = motion.pose();
        self.distance_left -= (pose.x - self.last.0).hypot(pose.y - self.last.1);
        self.last = (pose.x, pose.y);
        let to_go = self.to_go(motion);
        self.closest = self.closest.min(to_go);
        let passed = to_go > self.closest + ARRIVED && self.closest < PASSED;
        if to_go <= ARRIVED || passed {
            Some(Arrival::There)
        } else {
            (self.distance_left <= 0.0).then_some(Arrival::TooFar)
        }
    }

    /// Degrees from the nose to the place, -180 to 180, positive to the right.
    fn off_course(&self, motion: &Motion) -> f64 {
        let pose = motion.pose();
        let bearing = (self.place.0 - pose.x).atan2(self.place.1 - pose.y).to_degrees();
        (bearing - pose.heading + 180.0).rem_euclid(360.0) - 180.0
    }

    pub(super) fn target(&self, motion: &Motion) -> Target {
        let off_course = self.off_course(motion);
        if motion.turns_on_the_spot() {
            let speed = if off_course.abs() > OFF_COURSE { 0.0 } else { self.approach(motion) };
            return Target { speed, turn_rate: motion.turn_rate_for(off_course) };
        }
        // A place inside the tightest circle is reached by driving on until it lies outside.
        let turn_rate =
            if self.is_inside_circle(motion, off_course) { 0.0 } else { motion.turn_rate_for(off_course) };
        Target { speed: self.approach(motion).max(self.speed / 2.0), turn_rate }
    }

    /// The speed from which half of the service braking stops at the place.
    fn approach(&self, motion: &Motion) -> f64 {
        (motion.limits().deceleration * self.to_go(motion)).sqrt().min(self.speed)
    }

    fn is_inside_circle(&self, motion: &Motion, off_course: f64) -> bool {
        let (to_go, radius) = (self.to_go(motion), motion.turning_radius());
        let (ahead, aside) =
            (to_go * off_course.to_radians().cos(), to_go * off_course.to_radians().sin().abs());
        off_course.abs() > OFF_COURSE && ahead.hypot(aside - radius) < radius
    }

    /// The moment by which the drive is over, come what may.
    pub(super) fn limit(now: Moment, autonomy: &Autonomy) -> Moment {
        now.after(autonomy.duration)
    }
}
