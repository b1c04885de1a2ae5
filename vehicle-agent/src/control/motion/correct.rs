//! Correction by encoders: the pose follows the wheels, and the motors get what the wheels lack.

use super::{Bounds, CORRECTED, LONGEST_STEP, Motion, TURN_CORRECTED, Target, Trim};
use crate::control::{Kinematics, Wheels};

impl Motion {
    /// Moves the pose by what the wheels have rolled since the last time.
    pub(super) fn roll(&mut self, wheels: Wheels) {
        let before = self.wheels.unwrap_or(wheels);
        match (wheels, before, self.kinematics) {
            (
                Wheels::Sides { left, right },
                Wheels::Sides { left: old_left, right: old_right },
                Kinematics::SkidSteer { track },
            ) => {
                let (on_left, on_right) = (left.travel - old_left.travel, right.travel - old_right.travel);
                self.move_on(f64::midpoint(on_left, on_right), ((on_left - on_right) / track).to_degrees());
                self.pose.speed = f64::midpoint(left.speed, right.speed);
                self.pose.turn_rate = ((left.speed - right.speed) / track).to_degrees();
            }
            (Wheels::Drive(wheel), Wheels::Drive(old), Kinematics::SteeringServo { .. }) => {
                let way = wheel.travel - old.travel;
                self.move_on(way, self.turn_on_lock(way));
                self.pose.speed = wheel.speed;
                self.pose.turn_rate = self.turn_on_lock(wheel.speed);
            }
            // Wheels of another drivetrain, which the configuration does not let in.
            (Wheels::Sides { .. } | Wheels::Drive(_), _, _) => {}
        }
    }

    /// Corrects speed and turn rate by what the wheels do; `before` is what was asked in the step before, and `target` where
    /// that goes.
    pub(super) fn correct(&mut self, seconds: f64, before: Target, target: Target) {
        if self.wheels.is_none() || self.is_at_rest() {
            (self.speed_trim, self.turn_trim) = (Trim::NONE, Trim::NONE);
            return;
        }
        self.speed_trim = self.corrected_by(seconds, before.speed, target.speed);
        self.turn_trim = self.turned_by(seconds, before.turn_rate, target);
    }

    /// Ends corrections because the vehicle is to stop: what is left only makes it slower.
    pub(in crate::control) fn ease(&mut self) {
        self.speed_trim = self.speed_trim.ending(self.asked.speed.abs());
        self.turn_trim = Trim::NONE;
    }

    fn corrected_by(&self, seconds: f64, before: f64, target: f64) -> Trim {
        let (asked, limits) = (self.asked.speed, &self.limits);
        if asked == 0.0 {
            return Trim::NONE;
        }
        if target == 0.0 {
            return self.speed_trim.ending(asked.abs());
        }
        let grown = asked.abs() - before.abs();
        let bounds = Bounds {
            least: -asked.abs(),
            // Never more than the highest speed asks for: encoders that tell too little must not make it faster.
            most: (limits.speed - asked.abs()).min(CORRECTED * limits.full_speed).max(0.0),
            // With the ramp of what is asked it changes no faster than that alone may.
            fall: (limits.deceleration * seconds + grown.min(0.0)).max(0.0),
            rise: (limits.acceleration * seconds.min(LONGEST_STEP) - grown.max(0.0)).max(0.0),
        };
        let error = (asked - self.pose.speed) * asked.signum();
        self.speed_trim.then(error, seconds.min(LONGEST_STEP), grown <= 0.0, bounds)
    }

    fn turned_by(&self, seconds: f64, before: f64, target: Target) -> Trim {
        if !self.turns_on_the_spot() || target == Target::REST {
            return Trim::NONE;
        }
        let (asked, limits) = (self.asked.turn_rate, &self.limits);
        let most = TURN_CORRECTED * limits.turn_rate;
        let change = limits.turn_acceleration * seconds.min(LONGEST_STEP);
        let bounds = Bounds {
            least: (-limits.turn_rate - asked).max(-most).min(0.0),
            most: (limits.turn_rate - asked).min(most).max(0.0),
            fall: change,
            rise: change,
        };
        let steady = asked.abs() <= before.abs();
        self.turn_trim.then(asked - self.pose.turn_rate, seconds.min(LONGEST_STEP), steady, bounds)
    }

    /// The speed that the motors get, in m/s; never against what is asked.
    pub(super) fn corrected_speed(&self) -> f64 {
        self.asked.speed + self.speed_trim.value() * self.asked.speed.signum()
    }

    /// Half the difference of the sides' speeds, in m/s. No side turns against what is asked of it.
    pub(super) fn corrected_difference(&self, track: f64) -> f64 {
        let sides = |turn_rate: f64| turn_rate.to_radians() * track / 2.0;
        let (asked, speed) = (sides(self.asked.turn_rate), self.corrected_speed().abs());
        let corrected = sides(self.asked.turn_rate + self.turn_trim.value());
        if asked.abs() <= self.asked.speed.abs() {
            corrected.clamp(-speed, speed)
        } else {
            (corrected * asked.signum()).max(speed) * asked.signum()
        }
    }
}
