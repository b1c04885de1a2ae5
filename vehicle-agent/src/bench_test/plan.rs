//! The plan of a bench test: one function after the other, each for a moment, with everything off before and after.

use crate::control::{Drivetrain, Duty, Fittings, Kinematics, Outputs};
use std::time::Duration;
use vehicle_protocol::Doors;

/// Share of full power: enough for free wheels, too little to run away with a vehicle that fell off its stand.
const POWER: f64 = 0.25;
/// Power one way, and none before the other: what turns comes to rest in between.
const PULSE: Duration = Duration::from_millis(400);
const PAUSE: Duration = Duration::from_millis(600);
/// From the enable line to the first power.
const LEAD: Duration = Duration::from_millis(200);
/// Long enough to be seen, and heard.
const SEEN: Duration = Duration::from_secs(2);
const HEARD: Duration = Duration::from_millis(300);
/// A servo or a relay needs its time.
const MOVED: Duration = Duration::from_millis(800);

/// One function of the vehicle.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// The effect that a person should see.
    pub(crate) expected: &'static str,
    pub(crate) phases: Vec<Phase>,
}

/// Outputs for a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Phase {
    pub(crate) outputs: Outputs,
    pub(crate) time: Duration,
}

impl Step {
    /// Tells that a motor runs.
    pub(crate) fn moves(&self) -> bool {
        self.phases.iter().any(|phase| phase.outputs.drivetrain.is_powered())
    }
}

/// The parts of the vehicle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub(crate) kinematics: Kinematics,
    pub(crate) fittings: Fittings,
    pub(crate) brake: bool,
    /// Highest share of full power that the limits allow.
    pub(crate) power: f64,
}

impl Parts {
    /// The outputs between two functions.
    pub(crate) const fn rest(&self) -> Outputs {
        Outputs::off(Drivetrain::at_rest(self.kinematics)).made_safe()
    }

    /// Every function in turn, motors last.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let (rest, fitted) = (self.rest(), self.fittings);
        let shown =
            |name, expected, outputs, time| Step { name, expected, phases: vec![Phase { outputs, time }] };
        let body = [
            (
                fitted.headlights,
                shown("headlights", "on for 2 s", Outputs { headlights: true, ..rest }, SEEN),
            ),
            (
                fitted.parking_lights,
                shown("parking lights", "on for 2 s", Outputs { parking_lights: true, ..rest }, SEEN),
            ),
            (
                fitted.hazard_lights,
                shown("hazard lights", "on for 2 s", Outputs { hazard_lights: true, ..rest }, SEEN),
            ),
            (fitted.horn, shown("horn", "sounds shortly", Outputs { horn: true, ..rest }, HEARD)),
            (
                fitted.doors,
                shown("doors", "unlock, and lock again", Outputs { doors: Doors::Unlocked, ..rest }, MOVED),
            ),
            (self.brake, shown("brake", "lets go for a moment", Outputs { brake: false, ..rest }, MOVED)),
        ];
        let body = body.into_iter().filter_map(|(fitted, step)| fitted.then_some(step));
        body.chain(self.motors()).collect()
    }

    fn motors(&self) -> Vec<Step> {
        let power = POWER.min(self.power);
        match self.kinematics {
            Kinematics::SkidSteer { .. } => {
                let left = |share| Drivetrain::SkidSteer { left: Duty::new(share), right: Duty::ZERO };
                let right = |share| Drivetrain::SkidSteer { left: Duty::ZERO, right: Duty::new(share) };
                let both_ways = "turns its wheels forwards, then backwards";
                vec![
                    self.motor("left motor", both_ways, power, left),
                    self.motor("right motor", both_ways, power, right),
                ]
            }
            Kinematics::SteeringServo { .. } => {
                let steer = |share| Drivetrain::SteeringServo { drive: Duty::ZERO, steer: Duty::new(share) };
                let drive = |share| Drivetrain::SteeringServo { drive: Duty::new(share), steer: Duty::ZERO };
                let phase = |share| Phase {
                    outputs: Outputs { drivetrain: steer(share), ..self.rest() },
                    time: MOVED,
                };
                let steering = Step {
                    name: "steering",
                    expected: "goes half way to the left, half way to the right, and straight",
                    phases: vec![phase(-0.5), phase(0.5), phase(0.0)],
                };
                let both_ways = "turns the wheels forwards, then backwards";
                vec![steering, self.motor("drive motor", both_ways, power, drive)]
            }
        }
    }

    /// A short pulse each way, with nothing in between.
    fn motor(
        &self,
        name: &'static str,
        expected: &'static str,
        power: f64,
        drivetrain: impl Fn(f64) -> Drivetrain,
    ) -> Step {
        let phase = |share, time| {
            let outputs =
                Outputs { drivetrain: drivetrain(share), enable: true, brake: false, ..self.rest() };
            Phase { outputs, time }
        };
        let phases = vec![
            phase(0.0, LEAD),
            phase(power, PULSE),
            phase(0.0, PAUSE),
            phase(-power, PULSE),
            phase(0.0, LEAD),
        ];
        Step { name, expected, phases }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::samples;

    fn parts(kinematics: Kinematics) -> Parts {
        Parts { kinematics, fittings: samples::setup().fittings, brake: true, power: 1.0 }
    }

    const DRIVETRAINS: [Kinematics; 2] =
        [Kinematics::SkidSteer { track: 0.5 }, Kinematics::SteeringServo { wheelbase: 0.3, full_lock: 30.0 }];

    /// Shares of power, one for each motor.
    fn powers(drivetrain: Drivetrain) -> [f64; 2] {
        match drivetrain {
            Drivetrain::SkidSteer { left, right } => [left.share(), right.share()],
            Drivetrain::SteeringServo { drive, .. } => [drive.share(), 0.0],
        }
    }

    #[test]
    fn a_motor_has_little_power_for_a_moment_alone_and_rests_before_it_turns_the_other_way() {
        for step in DRIVETRAINS.iter().flat_map(|kinematics| parts(*kinematics).steps()) {
            let mut before = [0.0; 2];
            for Phase { outputs, time } in &step.phases {
                let now = powers(outputs.drivetrain);
                assert!(now.iter().all(|share| share.abs() <= POWER), "{step:?}");
                assert!(now.iter().filter(|share| **share != 0.0).count() <= 1, "{step:?}");
                assert!(!outputs.drivetrain.is_powered() || *time <= PULSE, "{step:?}");
                assert!(!outputs.drivetrain.is_powered() || outputs.enable && !outputs.brake, "{step:?}");
                assert!(now.iter().zip(before).all(|(now, before)| now * before >= 0.0), "{step:?}");
                before = now;
            }
            assert!(before.iter().all(|share| *share == 0.0), "{step:?}");
        }
    }

    #[test]
    fn every_function_that_is_fitted_is_tried_and_no_other() {
        let names = |parts: Parts| parts.steps().iter().map(|step| step.name).collect::<Vec<_>>();
        let [skid, steered] = DRIVETRAINS.map(parts);
        let body = ["headlights", "parking lights", "hazard lights", "horn", "doors", "brake"];
        assert_eq!(names(skid), [body.as_slice(), &["left motor", "right motor"]].concat());
        assert_eq!(names(steered), [body.as_slice(), &["steering", "drive motor"]].concat());
        let fittings = Fittings {
            horn: true,
            headlights: false,
            parking_lights: false,
            hazard_lights: false,
            doors: false,
            odometry: false,
        };
        assert_eq!(names(Parts { fittings, brake: false, ..skid }), ["horn", "left motor", "right motor"]);
    }

    #[test]
    fn a_slow_vehicle_is_not_tried_beyond_its_limits() {
        let slow = Parts { power: 0.1, ..parts(DRIVETRAINS[0]) };
        let most =
            slow.steps().iter().flat_map(|step| step.phases.clone()).fold(0.0, |most: f64, phase| {
                powers(phase.outputs.drivetrain).into_iter().fold(most, f64::max)
            });
        assert!((most - 0.1).abs() < 1e-9, "{most}");
    }
}
