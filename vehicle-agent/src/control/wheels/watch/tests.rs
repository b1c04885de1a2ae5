//! When a wheel is found not to do what it is told, and when not.

use super::*;
use crate::control::{Duty, Wheel, samples};

/// Whether a vehicle is stopped that is told and does the same for `millis`.
fn found(told: (f64, f64), speeds: (f64, f64), millis: u64) -> Option<String> {
    let setup = samples::setup();
    let told = Drivetrain::SkidSteer { left: Duty::new(told.0), right: Duty::new(told.1) };
    let wheel = |speed| Wheel { travel: 0.0, speed };
    let wheels = Wheels::Sides { left: wheel(speeds.0), right: wheel(speeds.1) };
    let mut watch = Watch::default();
    (0..=millis).step_by(20).find_map(|millis| {
        watch.driven(
            Moment::from_millis(millis),
            told,
            wheels,
            setup.kinematics,
            &setup.limits,
            &setup.timing,
        )
    })
}

#[test]
fn a_wheel_that_stands_or_turns_the_other_way_for_long_is_named() {
    let named = |told, speeds| found(told, speeds, 1_000).unwrap_or_default();
    assert!(named((0.5, 0.5), (0.0, 1.0)).starts_with("the left wheel does not"));
    assert!(named((0.5, -0.5), (1.0, 0.0)).starts_with("the right wheel does not"));
    assert!(named((-0.5, -0.5), (-1.0, 1.0)).starts_with("the right wheel does not"));
    assert!(named((0.05, 0.05), (0.0, 0.1)).starts_with("the left wheel does not"), "the other one does");
    assert!(
        named((0.15, -0.15), (0.0, 0.0)).starts_with("the left wheel does not"),
        "as fast as it may turn"
    );
    assert_eq!(found((0.5, 0.5), (0.0, 1.0), 980), None, "not for long");
}

#[test]
fn a_wheel_that_follows_or_can_not_is_left_alone() {
    assert_eq!(found((0.5, -0.5), (0.3, -0.3), 5_000), None);
    assert_eq!(found((0.05, 0.05), (0.0, 0.0), 5_000), None, "too little power for any motor");
    assert_eq!(found((0.5, 0.0), (1.0, 0.0), 5_000), None, "nothing is asked of it");
    assert_eq!(found((0.5, 0.1), (1.0, 0.0), 5_000), None, "much less is asked of it");
}

#[test]
fn a_slow_vehicle_is_watched_at_the_power_that_it_has() {
    let mut setup = samples::setup();
    setup.limits.speed = 0.1 * setup.limits.full_speed;
    let told = Drivetrain::SteeringServo { drive: Duty::new(0.09), steer: Duty::ZERO };
    let mut watch = Watch::default();
    let mut look = |millis| {
        let wheels = Wheels::Drive(Wheel::default());
        watch.driven(
            Moment::from_millis(millis),
            told,
            wheels,
            setup.kinematics,
            &setup.limits,
            &setup.timing,
        )
    };
    assert_eq!(look(0), None);
    assert!(look(1_000).unwrap_or_default().starts_with("the driven wheel does not"));
}
