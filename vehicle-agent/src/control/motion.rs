//! How the vehicle moves: limits and slew of what is asked for, mixing into motor duties, and the pose.

use crate::control::{Drivetrain, Duty, Kinematics, Limits, Moment, Odometry};

/// What the mode asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Target {
    /// Speed in m/s, negative backwards.
    pub(super) speed: f64,
    /// Turn rate in degrees per second, positive to the right.
    pub(super) turn_rate: f64,
}

impl Target {
    pub(super) const REST: Self = Self { speed: 0.0, turn_rate: 0.0 };
}

/// Slower than this is standing, in m/s: what encoders of usual wheels can't tell from zero.
const STANDING_SPEED: f64 = 0.02;
/// Turning slower than this is standing, in degrees per second.
const STANDING_TURN_RATE: f64 = 1.0;
/// A steering servo is set for at least this speed in m/s, so that it points the right way before the wheels roll.
const STEERING_SPEED: f64 = 0.2;

/// The speeds now asked of the motors, and where the vehicle is.
#[derive(Clone, Debug)]
pub(super) struct Motion {
    kinematics: Kinematics,
    limits: Limits,
    asked: Target,
    stepped: Moment,
    /// Since when the motors have been asked for nothing; a reversal waits for it.
    resting_since: Option<Moment>,
    backwards: bool,
    pose: Odometry,
    measured: bool,
}

impl Motion {
    pub(super) const fn new(kinematics: Kinematics, limits: Limits) -> Self {
        let pose = Odometry { speed: 0.0, turn_rate: 0.0, heading: 0.0, x: 0.0, y: 0.0 };
        let start = Moment::from_millis(0);
        let asked = Target::REST;
        Self {
            kinematics,
            limits,
            asked,
            stepped: start,
            resting_since: None,
            backwards: false,
            pose,
            measured: false,
        }
    }

    /// Moves what is asked of the motors towards `target`, as far as the limits allow since the last step.
    pub(super) fn step(&mut self, now: Moment, target: Target) {
        let seconds = now.since(self.stepped).as_secs_f64();
        self.stepped = now;
        let target = self.limited(now, target);
        let slowing = target.speed.abs() < self.asked.speed.abs() || target.speed * self.asked.speed < 0.0;
        let slew = if slowing { self.limits.deceleration } else { self.limits.acceleration };
        self.asked.speed = towards(self.asked.speed, target.speed, slew * seconds);
        let turn_slew = self.limits.turn_acceleration * seconds;
        self.asked.turn_rate = towards(self.asked.turn_rate, target.turn_rate, turn_slew);
        self.note_rest(now);
        if !self.measured {
            self.reckon(seconds);
        }
    }

    /// Cuts a target to the limits; the other direction is zero until the vehicle has rested.
    fn limited(&self, now: Moment, target: Target) -> Target {
        let turn_rate = target.turn_rate.clamp(-self.limits.turn_rate, self.limits.turn_rate);
        let mut speed = target.speed.clamp(-self.limits.speed, self.limits.speed);
        let reverses = speed != 0.0 && (speed < 0.0) != self.backwards;
        let rested = self.resting_since.is_some_and(|since| now.since(since) >= self.limits.reverse_pause);
        if reverses && !(rested && self.pose.speed.abs() < STANDING_SPEED) {
            speed = 0.0;
        }
        Target { speed, turn_rate }
    }

    fn note_rest(&mut self, now: Moment) {
        if self.asked.speed == 0.0 {
            self.resting_since = self.resting_since.or(Some(now));
        } else {
            self.resting_since = None;
            self.backwards = self.asked.speed < 0.0;
        }
    }

    /// Takes over what the board measured.
    pub(super) const fn measure(&mut self, odometry: Odometry) {
        self.pose = odometry;
        self.measured = true;
    }

    /// Reckons the pose from what the motors are asked for, where nothing measures it.
    fn reckon(&mut self, seconds: f64) {
        let turn_rate = match self.kinematics {
            Kinematics::SkidSteer { .. } => self.asked.turn_rate,
            Kinematics::SteeringServo { wheelbase, .. } => {
                (self.asked.speed * self.lock().to_radians().tan() / wheelbase).to_degrees()
            }
        };
        let middle = (self.pose.heading + turn_rate * seconds / 2.0).to_radians();
        self.pose.speed = self.asked.speed;
        self.pose.turn_rate = turn_rate;
        self.pose.heading += turn_rate * seconds;
        self.pose.x += self.asked.speed * seconds * middle.sin();
        self.pose.y += self.asked.speed * seconds * middle.cos();
    }

    /// The steering angle in degrees that gives the turn rate asked for, positive to the right.
    fn lock(&self) -> f64 {
        let Kinematics::SteeringServo { wheelbase, full_lock } = self.kinematics else { return 0.0 };
        let rolling = self.asked.speed.abs().max(STEERING_SPEED);
        let speed = if self.asked.speed < 0.0 { -rolling } else { rolling };
        (self.asked.turn_rate.to_radians() * wheelbase / speed)
            .atan()
            .to_degrees()
            .clamp(-full_lock, full_lock)
    }

    /// What is asked for, as duties of the motors.
    pub(super) fn drivetrain(&self) -> Drivetrain {
        match self.kinematics {
            Kinematics::SkidSteer { track } => {
                let difference = self.asked.turn_rate.to_radians() * track / 2.0;
                let (left, right) = (self.asked.speed + difference, self.asked.speed - difference);
                // Beyond full power both sides shrink alike, so that the vehicle slows rather than changes its course.
                let scale = self.limits.full_speed.max(left.abs()).max(right.abs());
                Drivetrain::SkidSteer { left: Duty::new(left / scale), right: Duty::new(right / scale) }
            }
            Kinematics::SteeringServo { full_lock, .. } => Drivetrain::SteeringServo {
                drive: Duty::new(self.asked.speed / self.limits.full_speed),
                steer: Duty::new(self.lock() / full_lock),
            },
        }
    }

    /// Whether nothing is asked of the motors and nothing moves.
    pub(super) fn is_standing(&self) -> bool {
        self.is_at_rest()
            && self.pose.speed.abs() < STANDING_SPEED
            && self.pose.turn_rate.abs() < STANDING_TURN_RATE
    }

    /// Whether nothing is asked of the motors.
    pub(super) fn is_at_rest(&self) -> bool {
        self.asked.speed == 0.0 && (self.asked.turn_rate == 0.0 || !self.turns_on_the_spot())
    }

    pub(super) const fn turns_on_the_spot(&self) -> bool {
        matches!(self.kinematics, Kinematics::SkidSteer { .. })
    }

    pub(super) const fn pose(&self) -> Odometry {
        self.pose
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Radius of the tightest circle in metres; zero where it turns on the spot.
    pub(super) fn turning_radius(&self) -> f64 {
        match self.kinematics {
            Kinematics::SkidSteer { .. } => 0.0,
            Kinematics::SteeringServo { wheelbase, full_lock } => wheelbase / full_lock.to_radians().tan(),
        }
    }

    /// The turn rate that closes `error` degrees without overshooting.
    pub(super) fn turn_rate_for(&self, error: f64) -> f64 {
        // Near the goal proportional (4/s, well below the lag of a motor), further away what can still be braked at
        // half of the turn acceleration.
        let braked = (self.limits.turn_acceleration * error.abs()).sqrt();
        (4.0 * error.abs()).min(braked).min(self.limits.turn_rate).copysign(error)
    }
}

fn towards(from: f64, to: f64, most: f64) -> f64 {
    if (to - from).abs() <= most { to } else { from + most.copysign(to - from) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::samples;
    use proptest::prelude::*;
    use std::time::Duration;

    fn skid() -> Motion {
        let setup = samples::setup();
        Motion::new(setup.kinematics, setup.limits)
    }

    fn run(motion: &mut Motion, from: u64, to: u64, target: Target) {
        for millis in (from..=to).step_by(20) {
            motion.step(Moment::from_millis(millis), target);
        }
    }

    #[test]
    fn a_motor_never_reverses_before_it_has_rested() {
        let mut motion = skid();
        run(&mut motion, 0, 2000, Target { speed: 1.0, turn_rate: 0.0 });
        let mut rested = Duration::ZERO;
        for millis in (2020..6000).step_by(20) {
            motion.step(Moment::from_millis(millis), Target { speed: -1.0, turn_rate: 0.0 });
            if motion.asked.speed == 0.0 {
                rested += Duration::from_millis(20);
            }
            if motion.asked.speed < 0.0 {
                assert!(rested >= motion.limits.reverse_pause, "{rested:?}");
                return;
            }
        }
        panic!("never reversed");
    }

    #[test]
    fn straight_ahead_is_y_and_right_is_x() {
        let mut motion = skid();
        run(&mut motion, 0, 10_000, Target { speed: 1.0, turn_rate: 0.0 });
        assert!(motion.pose.x.abs() < 1e-9 && (motion.pose.y - 9.5).abs() < 0.1, "{:?}", motion.pose);
    }

    #[test]
    fn a_steered_vehicle_does_not_turn_while_it_stands() {
        let setup = samples::setup();
        let mut motion =
            Motion::new(Kinematics::SteeringServo { wheelbase: 0.3, full_lock: 30.0 }, setup.limits);
        run(&mut motion, 0, 2000, Target { speed: 0.0, turn_rate: 45.0 });
        assert_eq!(motion.pose.heading, 0.0);
        assert!(motion.is_standing());
        run(&mut motion, 2020, 4000, Target { speed: -0.5, turn_rate: 45.0 });
        assert!(motion.pose.heading > 10.0, "right is right backwards too: {:?}", motion.pose);
    }

    proptest! {
        #[test]
        fn no_target_breaks_a_limit(
            targets in prop::collection::vec((-1e6..1e6f64, -1e6..1e6f64, 1u64..300), 1..60),
            steered: bool,
        ) {
            let setup = samples::setup();
            let servo = Kinematics::SteeringServo { wheelbase: 0.3, full_lock: 30.0 };
            let mut motion = Motion::new(if steered { servo } else { setup.kinematics }, setup.limits);
            let (mut millis, mut before) = (0, Target::REST);
            for (speed, turn_rate, wait) in targets {
                millis += wait;
                motion.step(Moment::from_millis(millis), Target { speed, turn_rate });
                let seconds = wait as f64 / 1000.0;
                prop_assert!(motion.asked.speed.abs() <= setup.limits.speed);
                prop_assert!(motion.asked.turn_rate.abs() <= setup.limits.turn_rate);
                let change = motion.asked.speed - before.speed;
                prop_assert!(change.abs() <= setup.limits.deceleration * seconds + 1e-9);
                prop_assert!(
                    motion.asked.speed.abs() <= before.speed.abs() + setup.limits.acceleration * seconds + 1e-9
                );
                before = motion.asked;
            }
        }
    }
}
