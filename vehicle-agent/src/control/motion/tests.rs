//! What the motion core promises whatever it is asked for.

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
    let mut motion = Motion::new(Kinematics::SteeringServo { wheelbase: 0.3, full_lock: 30.0 }, setup.limits);
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
            let seconds = Duration::from_millis(wait).as_secs_f64();
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
