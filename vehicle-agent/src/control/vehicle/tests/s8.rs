//! S8: limits hold for every input.

use super::Scene;
use crate::control::{Drivetrain, Moment};
use std::time::Duration;

fn sides(scene: &Scene) -> (f64, f64) {
    let Drivetrain::SkidSteer { left, right } = scene.outputs().drivetrain else {
        panic!("another drivetrain")
    };
    (left.share(), right.share())
}

#[test]
fn absurd_setpoints_are_cut_to_the_limits() {
    let mut scene = Scene::ready();
    scene.stick("MPH=1000 DEGREES_PER_S=3600", 5_000);
    let pose = scene.vehicle.motion.pose();
    assert!((pose.speed - 2.0).abs() < 1e-9 && (pose.turn_rate - 90.0).abs() < 1e-9, "{pose:?}");
    scene.stick("MPH=-1000 DEGREES_PER_S=-3600", 5_000);
    let pose = scene.vehicle.motion.pose();
    assert!((pose.speed + 2.0).abs() < 1e-9 && (pose.turn_rate + 90.0).abs() < 1e-9, "{pose:?}");
}

#[test]
fn a_stick_is_cut_to_the_maximum_that_was_set() {
    let mut scene = Scene::ready();
    scene.ask("SET_MAX_SPEED MPH=1");
    scene.stick("MPH=-4 DEGREES_PER_S=0", 3_000);
    assert!((scene.vehicle.motion.pose().speed + 0.447).abs() < 0.001);
}

#[test]
fn speed_is_gathered_no_faster_than_the_acceleration() {
    let mut scene = Scene::ready();
    for _ in 0..4 {
        scene.send("ACCELERATE");
    }
    scene.run_for(1_000);
    let (left, right) = sides(&scene);
    assert!((0.36..=0.401).contains(&left) && left.to_bits() == right.to_bits(), "1 m/s of 2.5, not {left}");
}

#[test]
fn a_stalled_loop_does_not_make_the_vehicle_jump() {
    let mut scene = Scene::ready();
    for _ in 0..4 {
        scene.send("ACCELERATE");
    }
    scene.run_for(100);
    let (before, _) = sides(&scene);
    scene.now = scene.now.after(Duration::from_secs(2));
    scene.tick();
    let (after, _) = sides(&scene);
    assert!(after - before <= 0.041, "from {before} to {after}");
}

#[test]
fn the_direction_changes_only_after_a_rest() {
    let mut scene = Scene::ready();
    scene.stick("MPH=2 DEGREES_PER_S=0", 2_000);
    scene.trace.clear();
    scene.stick("MPH=-2 DEGREES_PER_S=0", 2_000);
    let sign = |wanted: f64| {
        scene.trace.iter().find(|(_, outputs, _)| {
            let Drivetrain::SkidSteer { left, .. } = outputs.drivetrain else { return false };
            left.share().total_cmp(&0.0) == wanted.total_cmp(&0.0)
        })
    };
    let at = |wanted| sign(wanted).map(|(at, _, _)| *at).unwrap();
    let rest: Duration = Moment::since(at(-1.0), at(0.0));
    assert!(rest >= Duration::from_millis(200), "{rest:?}");
}

#[test]
fn a_measured_vehicle_reverses_only_when_it_really_stands() {
    let mut scene = Scene::with(|setup| {
        setup.fittings.odometry = true;
        setup.limits.reverse_pause = Duration::ZERO;
    })
    .started();
    scene.stick("MPH=4 DEGREES_PER_S=0", 3_000);
    scene.send("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=200");
    for _ in 0..60 {
        scene.send("DRIVE MPH=-4 DEGREES_PER_S=0 HOLD_MS=200");
        scene.run_for(50);
        assert!(sides(&scene).0 >= 0.0 || scene.vehicle.motion.pose().speed < 0.02);
    }
    assert!(scene.vehicle.motion.pose().speed < -1.0);
}
