//! The limits of the vehicle, and its stopping distance against the budget.

use super::raw::{DrivetrainKind, RawBudget, RawDrivetrain, RawLimits};
use super::timing::seconds;
use crate::control::{Kinematics, Limits, Timing};
use std::time::Duration;
use vehicle_protocol::Mph;
use vehicle_settings::{Field, Problems, Spot};

/// The room that a vehicle has to stop in, in metres, from the last word of its operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// While setpoints drive it.
    pub drive: f64,
    /// While a discrete command drives it.
    pub discrete: f64,
}

pub(super) fn kinematics(raw: &RawDrivetrain, problems: &mut Problems) -> Kinematics {
    let track = raw.track_m.clone().within(0.05..=5.0, "m", problems).or(0.5);
    let wheelbase = raw.wheelbase_m.clone().within(0.05..=10.0, "m", problems).or(0.3);
    let full_lock = raw.full_lock_degrees.clone().within(5.0..=60.0, "degrees", problems).or(30.0);
    match raw.kind.value().copied().unwrap_or(DrivetrainKind::SkidSteer) {
        DrivetrainKind::SkidSteer => Kinematics::SkidSteer { track },
        DrivetrainKind::SteeringServo => Kinematics::SteeringServo { wheelbase, full_lock },
    }
}

pub(super) fn limits(
    raw: RawLimits,
    drivetrain: RawDrivetrain,
    budget: RawBudget,
    timing: Timing,
    problems: &mut Problems,
) -> (Limits, Budget) {
    let full_mph = drivetrain.full_speed_mph.within(0.1..=50.0, "mph", problems).or(6.0);
    let spot = raw.max_speed_mph.spot();
    let max_mph =
        at_most(raw.max_speed_mph, full_mph, "drivetrain.full_speed_mph", problems).or(full_mph.min(5.0));
    let step_mph =
        at_most(raw.speed_step_mph, max_mph, "limits.max_speed_mph", problems).or(max_mph.min(1.0));
    let limits = Limits {
        speed: Mph::new(max_mph).metres_per_second(),
        full_speed: Mph::new(full_mph).metres_per_second(),
        speed_step: Mph::new(step_mph).metres_per_second(),
        acceleration: raw.acceleration_m_per_s2.within(0.05..=20.0, "m/s^2", problems).or(1.0),
        deceleration: raw.deceleration_m_per_s2.within(0.05..=20.0, "m/s^2", problems).or(2.0),
        turn_rate: raw.max_turn_rate_degrees_per_s.within(1.0..=720.0, "degrees/s", problems).or(90.0),
        turn_acceleration: raw
            .turn_acceleration_degrees_per_s2
            .within(1.0..=7_200.0, "degrees/s^2", problems)
            .or(360.0),
        reverse_pause: seconds(raw.reverse_pause_s.within(0.0..=10.0, "s", problems), 0.2),
    };
    let distance = |field: Field<f64>, default, problems: &mut Problems| {
        field.within(0.1..=1_000.0, "m", problems).or(default)
    };
    let budget = Budget {
        drive: distance(budget.drive_stopping_distance_m, 4.0, problems),
        discrete: distance(budget.discrete_stopping_distance_m, 16.0, problems),
    };
    let drive = Stop::new(timing.max_hold, timing, &limits);
    drive.must_fit(budget.drive, limits.speed, "budget.drive_stopping_distance_m", &spot, problems);
    let discrete = Stop::new(timing.operator_timeout, timing, &limits);
    discrete.must_fit(budget.discrete, limits.speed, "budget.discrete_stopping_distance_m", &spot, problems);
    (limits, budget)
}

/// Refuses a speed in mph that is none, or above another of the configuration.
pub(super) fn at_most(field: Field<f64>, most: f64, its_key: &str, problems: &mut Problems) -> Field<f64> {
    let next_step = format!("lower it, or raise {its_key}");
    let field = field.within(0.1..=50.0, "mph", problems);
    field.check(|mph| *mph <= most, &format!("at most {its_key}, which is {most} mph"), &next_step, problems)
}

/// A stop: driving on for a time, then braking.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// Seconds until the brakes bite.
    delay: f64,
    /// Braking in m/s^2.
    deceleration: f64,
}

impl Stop {
    pub(super) fn new(lease: Duration, timing: Timing, limits: &Limits) -> Self {
        let delay = lease.saturating_add(timing.tick).saturating_add(timing.actuator_delay).as_secs_f64();
        Self { delay, deceleration: limits.deceleration }
    }

    /// The distance from `speed` in m/s to standstill, in metres.
    pub(super) fn distance(self, speed: f64) -> f64 {
        speed * self.delay + speed * speed / (2.0 * self.deceleration)
    }

    /// The speed in m/s from which it stops within `distance` metres.
    pub(super) fn speed(self, distance: f64) -> f64 {
        let root = (self.delay * self.delay + 2.0 * distance / self.deceleration).sqrt();
        self.deceleration * (root - self.delay)
    }

    fn must_fit(self, room: f64, speed: f64, key: &str, spot: &Spot, problems: &mut Problems) {
        let distance = self.distance(speed);
        if distance <= room {
            return;
        }
        // Rounded down, so that what is proposed fits.
        let fits = (Mph::from_metres_per_second(self.speed(room)).get() * 100.0).floor() / 100.0;
        let what = format!("from this speed it stops only after {distance:.2} m, yet {key} is {room} m");
        problems.refuse(
            spot,
            what,
            format!("set it to {fits} mph, or shorten the times, or raise the budget"),
        );
    }
}

impl Budget {
    /// The distances in metres in which a vehicle of these limits stops, from setpoints and from discrete commands.
    #[must_use]
    pub fn used(limits: &Limits, timing: Timing) -> Self {
        let distance = |lease| Stop::new(lease, timing, limits).distance(limits.speed);
        Self { drive: distance(timing.max_hold), discrete: distance(timing.operator_timeout) }
    }
}
