//! Wheels that do not do what they are told.

use super::Wheels;
use crate::control::motion::STANDING_SPEED;
use crate::control::{Drivetrain, Kinematics, Limits, Moment, Timing};
use std::time::Duration;

/// Every motor turns with this share of full power; where it never gets so much, with most of what it gets at most.
const TURNS: f64 = 0.2;
const MOST: f64 = 0.8;
/// A wheel that is told at least this share of what the other is told turns when that one does.
const ALIKE: f64 = 0.5;

/// Since when the wheels have not done what they are told.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::control) struct Watch {
    stuck: [Option<Moment>; 2],
    restless: Option<Moment>,
}

/// The duty of a wheel, as a share of full power without sign, and its speed in m/s that way.
#[derive(Clone, Copy)]
struct Part {
    name: &'static str,
    power: f64,
    speed: f64,
}

impl Part {
    fn follows(self) -> bool {
        self.power > 0.0 && self.speed >= STANDING_SPEED
    }

    /// Tells whether it stands, or turns the other way, although its duty is enough to turn it.
    fn is_stuck(self, other: Self, turns: f64) -> bool {
        let enough = self.power >= turns || (other.follows() && self.power >= ALIKE * other.power);
        self.power > 0.0 && enough && !self.follows()
    }
}

impl Watch {
    /// Looks at the wheels of a vehicle that drives; says what is wrong once it has been for long.
    pub(in crate::control) fn driven(
        &mut self,
        now: Moment,
        told: Drivetrain,
        wheels: Wheels,
        kinematics: Kinematics,
        limits: &Limits,
        timing: &Timing,
    ) -> Option<String> {
        let [one, other] = parts(told, wheels)?;
        let turns = TURNS.min(MOST * most(told, kinematics, limits) / limits.full_speed);
        let [first, second] = &mut self.stuck;
        let stuck = [(first, one, other), (second, other, one)].map(|(since, part, other)| {
            let lasts = last(since, part.is_stuck(other, turns), now);
            lasts.filter(|time| *time >= timing.stall_timeout).map(|_| part.name)
        });
        let name = stuck.into_iter().flatten().next()?;
        Some(format!(
            "{name} does not turn as it is told; look for what holds it, and at its motor and encoder"
        ))
    }

    /// Notes that no wheel is driven.
    pub(in crate::control) const fn not_driven(&mut self) {
        self.stuck = [None; 2];
    }

    /// Looks at wheels of which nothing is asked; says what is wrong once they have turned for long.
    pub(in crate::control) fn resting(&mut self, now: Moment, turn: bool, timing: &Timing) -> Option<String> {
        last(&mut self.restless, turn, now).filter(|time| *time >= timing.runaway_timeout)?;
        Some(
            "the wheels turn although nothing is asked of the motors; look at brake, driver and encoders"
                .to_owned(),
        )
    }
}

/// The highest speed of a wheel in m/s: on the spot the turn rate sets it.
fn most(told: Drivetrain, kinematics: Kinematics, limits: &Limits) -> f64 {
    match (told, kinematics) {
        (Drivetrain::SkidSteer { left, right }, Kinematics::SkidSteer { track })
            if left.share() * right.share() < 0.0 =>
        {
            limits.speed.min(limits.turn_rate.to_radians() * track / 2.0)
        }
        _ => limits.speed,
    }
}

/// A condition and the moment since which it has held without a break.
fn last(since: &mut Option<Moment>, is_so: bool, now: Moment) -> Option<Duration> {
    *since = if is_so { since.or(Some(now)) } else { None };
    since.map(|since| now.since(since))
}

/// Duty and speed of both sides, or of the one drive twice; none if the wheels are those of another drivetrain.
fn parts(told: Drivetrain, wheels: Wheels) -> Option<[Part; 2]> {
    let part =
        |name, share: f64, speed: f64| Part { name, power: share.abs(), speed: speed * share.signum() };
    match (told, wheels) {
        (Drivetrain::SkidSteer { left, right }, Wheels::Sides { left: one, right: other }) => Some([
            part("the left wheel", left.share(), one.speed),
            part("the right wheel", right.share(), other.speed),
        ]),
        (Drivetrain::SteeringServo { drive, .. }, Wheels::Drive(wheel)) => {
            Some([part("the driven wheel", drive.share(), wheel.speed); 2])
        }
        (Drivetrain::SkidSteer { .. }, Wheels::Drive(_))
        | (Drivetrain::SteeringServo { .. }, Wheels::Sides { .. }) => None,
    }
}

#[cfg(test)]
mod tests;
