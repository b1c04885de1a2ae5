//! Motion: limits and slew of the target, mixing into motor duties, and the pose.

mod correct;
mod trim;

use crate::control::{Drivetrain, Duty, Kinematics, Limits, Moment, Odometry, Wheels};
use trim::{Bounds, Trim};

/// The target of the mode.
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
pub(super) const STANDING_SPEED: f64 = 0.02;
/// Turning slower than this is standing, in degrees per second.
const STANDING_TURN_RATE: f64 = 1.0;
/// No control loop is slower, in seconds; what is longer was a pause.
const LONGEST_STEP: f64 = 0.1;
/// A steering servo is set for at least this speed in m/s, so that it points the right way before the wheels roll.
const STEERING_SPEED: f64 = 0.2;

/// Encoders correct the speed by at most this share of full speed, and the turn rate by at most this share of the highest.
const CORRECTED: f64 = 0.25;
const TURN_CORRECTED: f64 = 0.5;

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
    wheels: Option<Wheels>,
    /// The correction by encoders: m/s in the direction of the target, and degrees per second.
    speed_trim: Trim,
    turn_trim: Trim,
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
            wheels: None,
            speed_trim: Trim::NONE,
            turn_trim: Trim::NONE,
        }
    }

    /// Moves what is asked of the motors towards `target`, as far as the limits allow since the last step.
    pub(super) fn step(&mut self, now: Moment, target: Target) {
        let seconds = now.since(self.stepped).as_secs_f64();
        self.stepped = now;
        // Until now the motors did what they were asked for in the step before.
        if !self.measured {
            self.reckon(seconds);
        }
        let target = self.limited(now, target);
        let before = self.asked;
        // After a pause of the control loop the vehicle may slow at once, but it gathers speed from where it is.
        let gathering = seconds.min(LONGEST_STEP);
        let slowing = target.speed.abs() < self.asked.speed.abs() || target.speed * self.asked.speed < 0.0;
        let change =
            if slowing { self.limits.deceleration * seconds } else { self.limits.acceleration * gathering };
        self.asked.speed = towards(self.asked.speed, target.speed, change);
        let turning = if target.turn_rate == 0.0 { seconds } else { gathering };
        let turn_change = self.limits.turn_acceleration * turning;
        self.asked.turn_rate = towards(self.asked.turn_rate, target.turn_rate, turn_change);
        self.note_rest(now);
        self.correct(seconds, before, target);
        if !self.measured {
            self.pose.speed = self.asked.speed;
            self.pose.turn_rate = self.modelled_turn_rate();
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

    /// Takes over what the board measured; where it measures nothing the pose is reckoned.
    pub(super) fn measure(&mut self, odometry: Option<Odometry>, wheels: Option<Wheels>) {
        self.measured = odometry.is_some() || wheels.is_some();
        if let Some(odometry) = odometry {
            self.pose = odometry;
        } else if let Some(wheels) = wheels {
            self.roll(wheels);
        }
        self.wheels = wheels;
    }

    /// Reckons the pose from what the motors were asked for.
    fn reckon(&mut self, seconds: f64) {
        self.move_on(self.asked.speed * seconds, self.modelled_turn_rate() * seconds);
    }

    /// Moves the pose by metres ahead and degrees to the right.
    fn move_on(&mut self, distance: f64, turn: f64) {
        let middle = (self.pose.heading + turn / 2.0).to_radians();
        self.pose.heading += turn;
        self.pose.x += distance * middle.sin();
        self.pose.y += distance * middle.cos();
    }

    fn modelled_turn_rate(&self) -> f64 {
        match self.kinematics {
            Kinematics::SkidSteer { .. } => self.asked.turn_rate,
            Kinematics::SteeringServo { .. } => self.turn_on_lock(self.asked.speed),
        }
    }

    /// Degrees that a steered vehicle turns while it goes `way`, as the wheels are steered now.
    fn turn_on_lock(&self, way: f64) -> f64 {
        let Kinematics::SteeringServo { wheelbase, .. } = self.kinematics else { return 0.0 };
        (way * self.lock().to_radians().tan() / wheelbase).to_degrees()
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

    /// The duties of the motors.
    pub(super) fn drivetrain(&self) -> Drivetrain {
        match self.kinematics {
            Kinematics::SkidSteer { track } => {
                let (speed, difference) = (self.corrected_speed(), self.corrected_difference(track));
                let (left, right) = (speed + difference, speed - difference);
                // Beyond full power both sides shrink alike, so that the vehicle slows rather than changes its course.
                let scale = self.limits.full_speed.max(left.abs()).max(right.abs());
                Drivetrain::SkidSteer { left: Duty::new(left / scale), right: Duty::new(right / scale) }
            }
            Kinematics::SteeringServo { full_lock, .. } => Drivetrain::SteeringServo {
                drive: Duty::new(self.corrected_speed() / self.limits.full_speed),
                steer: Duty::new(self.lock() / full_lock),
            },
        }
    }

    /// Tells whether nothing is asked of the motors and nothing moves.
    pub(super) fn is_standing(&self) -> bool {
        self.is_at_rest()
            && self.pose.speed.abs() < STANDING_SPEED
            && self.pose.turn_rate.abs() < STANDING_TURN_RATE
    }

    /// Tells whether nothing is asked of the motors.
    pub(super) fn is_at_rest(&self) -> bool {
        self.asked.speed == 0.0 && (self.asked.turn_rate == 0.0 || !self.turns_on_the_spot())
    }

    /// Tells whether the pose comes from wheels with encoders.
    pub(super) const fn has_encoders(&self) -> bool {
        self.wheels.is_some()
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
#[expect(clippy::float_cmp, reason = "what rests is asked for exactly nothing")]
mod tests;
