//! The mechanics of a simulated vehicle: mass, motors, brake and pose, as a function of time that is an argument.

use crate::control::{Drivetrain, Kinematics, Limits, Moment, Odometry, Outputs};

/// Lag of the wheel speed behind the motor's voltage, in seconds; typical of a geared motor under 50 W.
const MOTOR_LAG: f64 = 0.06;

/// Deceleration of a vehicle that rolls out on its bearings, in m/s^2.
const FRICTION: f64 = 0.5;

/// Below this speed in m/s a wheel without power sticks.
const STICTION: f64 = 0.005;

/// Turning speed of a steering servo in degrees per second: 60 degrees in 0.2 s, as on the data sheets.
const SERVO_SLEW: f64 = 300.0;

/// Grip beyond what the configured limits ask for: the limits are to hold because the agent obeys them.
const RESERVE: f64 = 2.0;

/// Longest step of integration in milliseconds.
const STEP_MS: u128 = 10;

/// The force on the wheels.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Force {
    Motor,
    Friction,
    Brake,
}

/// The demand of the outputs on the mechanics.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Drive {
    force: Force,
    /// Speeds of the sides in m/s.
    left: f64,
    right: f64,
    /// Steering angle in degrees, positive to the right.
    steer: f64,
}

/// A vehicle on an endless plain.
#[derive(Clone, Debug)]
pub(super) struct Model {
    kinematics: Kinematics,
    full_speed: f64,
    /// Largest acceleration of a wheel by its motor and by the brake, in m/s^2.
    traction: f64,
    braking: f64,
    at: Moment,
    drive: Drive,
    left: f64,
    right: f64,
    /// Metres that the wheels of the sides have rolled.
    travel: (f64, f64),
    /// Steering angle in degrees.
    steer: f64,
    heading: f64,
    x: f64,
    y: f64,
}

impl Model {
    /// A vehicle that stands at the origin and faces ahead.
    pub(super) fn new(kinematics: Kinematics, limits: &Limits) -> Self {
        let turning = match kinematics {
            Kinematics::SkidSteer { track } => limits.turn_acceleration.to_radians() * track / 2.0,
            Kinematics::SteeringServo { .. } => 0.0,
        };
        Self {
            kinematics,
            full_speed: limits.full_speed,
            traction: RESERVE * (limits.acceleration.max(limits.deceleration) + turning),
            braking: RESERVE * limits.deceleration,
            at: Moment::default(),
            drive: Drive { force: Force::Friction, left: 0.0, right: 0.0, steer: 0.0 },
            left: 0.0,
            right: 0.0,
            travel: (0.0, 0.0),
            steer: 0.0,
            heading: 0.0,
            x: 0.0,
            y: 0.0,
        }
    }

    pub(super) const fn kinematics(&self) -> Kinematics {
        self.kinematics
    }

    /// Moves on to `now` under the outputs so far, and takes these from then on.
    pub(super) fn obey(&mut self, now: Moment, outputs: &Outputs) {
        self.advance(now);
        let force = match (outputs.brake, outputs.enable) {
            (true, _) => Force::Brake,
            (false, true) => Force::Motor,
            (false, false) => Force::Friction,
        };
        self.drive = match outputs.drivetrain {
            Drivetrain::SkidSteer { left, right } => Drive {
                force,
                left: left.share() * self.full_speed,
                right: right.share() * self.full_speed,
                steer: 0.0,
            },
            Drivetrain::SteeringServo { drive, steer } => {
                let speed = drive.share() * self.full_speed;
                Drive { force, left: speed, right: speed, steer: steer.share() * self.full_lock() }
            }
        };
    }

    /// Moves on to `now` and measures.
    pub(super) fn odometry(&mut self, now: Moment) -> Odometry {
        self.advance(now);
        Odometry {
            speed: self.speed(),
            turn_rate: self.turn_rate(),
            heading: self.heading,
            x: self.x,
            y: self.y,
        }
    }

    /// Moves on to `now`; metres that the wheels of each side have rolled, those backwards subtracted.
    pub(super) fn travel(&mut self, now: Moment) -> (f64, f64) {
        self.advance(now);
        self.travel
    }

    fn advance(&mut self, now: Moment) {
        let time = now.since(self.at);
        self.at = self.at.max(now);
        let mut steps = time.as_millis().div_ceil(STEP_MS).max(1);
        #[expect(clippy::cast_precision_loss, reason = "2^53 steps are three million years")]
        let seconds = time.as_secs_f64() / steps as f64;
        while steps > 0 && !(self.stands() && self.is_settled()) {
            self.step(seconds);
            steps = steps.saturating_sub(1);
        }
    }

    fn stands(&self) -> bool {
        self.left == 0.0 && self.right == 0.0
    }

    /// Tells that nothing will change while the outputs stay.
    fn is_settled(&self) -> bool {
        let driven = self.drive.force == Force::Motor && (self.drive.left != 0.0 || self.drive.right != 0.0);
        let steered = self.drive.steer.total_cmp(&self.steer).is_ne();
        !driven && !steered
    }

    fn step(&mut self, seconds: f64) {
        let (speed, turn_rate) = (self.speed(), self.turn_rate());
        let (left, right) = (self.left, self.right);
        self.left = self.wheel(self.left, self.drive.left, seconds);
        self.right = self.wheel(self.right, self.drive.right, seconds);
        self.steer = towards(self.steer, self.drive.steer, SERVO_SLEW * seconds);
        self.travel.0 += f64::midpoint(left, self.left) * seconds;
        self.travel.1 += f64::midpoint(right, self.right) * seconds;
        let distance = f64::midpoint(speed, self.speed()) * seconds;
        let turn = f64::midpoint(turn_rate, self.turn_rate()) * seconds;
        let course = (self.heading + turn / 2.0).to_radians();
        self.x += distance * course.sin();
        self.y += distance * course.cos();
        self.heading += turn;
    }

    /// The speed of a wheel after `seconds`, with `target` asked of its motor.
    fn wheel(&self, speed: f64, target: f64, seconds: f64) -> f64 {
        match self.drive.force {
            Force::Brake => towards(speed, 0.0, self.braking * seconds),
            Force::Friction => towards(speed, 0.0, FRICTION * seconds),
            Force::Motor if target == 0.0 && speed.abs() < STICTION => 0.0,
            Force::Motor => {
                let most = self.traction * seconds;
                let change = (target - speed) * -(-seconds / MOTOR_LAG).exp_m1();
                speed + change.clamp(-most, most)
            }
        }
    }

    fn full_lock(&self) -> f64 {
        match self.kinematics {
            Kinematics::SkidSteer { .. } => 0.0,
            Kinematics::SteeringServo { full_lock, .. } => full_lock,
        }
    }

    fn speed(&self) -> f64 {
        f64::midpoint(self.left, self.right)
    }

    /// Degrees per second, positive to the right.
    fn turn_rate(&self) -> f64 {
        match self.kinematics {
            Kinematics::SkidSteer { track } => ((self.left - self.right) / track).to_degrees(),
            Kinematics::SteeringServo { wheelbase, .. } => {
                (self.speed() * self.steer.to_radians().tan() / wheelbase).to_degrees()
            }
        }
    }
}

fn towards(from: f64, to: f64, most: f64) -> f64 {
    from + (to - from).clamp(-most, most)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what stands is exactly at zero")]
mod tests;
