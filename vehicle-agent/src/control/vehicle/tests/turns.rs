//! ROTATE: headings, the queue, the vehicle that steers.

use super::Scene;
use crate::control::{Drivetrain, Kinematics};

fn heading(scene: &Scene) -> f64 {
    scene.vehicle.motion.pose().heading
}

#[test]
fn a_turn_succeeds_at_its_heading_and_right_is_positive() {
    for (word, sign) in [("RIGHT", 1.0), ("LEFT", -1.0)] {
        let mut scene = Scene::ready();
        scene.send(&format!("ROTATE_{word} DEGREES=90 ID=a"));
        scene.run_for(3_000);
        assert_eq!(scene.ends(), "a: SUCCEEDED");
        assert!((heading(&scene) - sign * 90.0).abs() <= 0.5 && scene.stands(), "{}", heading(&scene));
    }
}

#[test]
fn turns_add_up_exactly_on_the_heading_asked_for_whether_they_queue_or_come_one_by_one() {
    for scene in [Scene::ready(), Scene::measured().started()] {
        for pause in [0, 4_000] {
            let mut scene = Scene::of(scene.vehicle.setup.clone(), scene.vehicle.checks).started();
            for _ in 0..8 {
                scene.send("ROTATE_RIGHT DEGREES=33.3");
                scene.run_for(pause);
            }
            scene.run_attended(16);
            assert_eq!(scene.ends(), ["SUCCEEDED"; 8].join(", "));
            assert!((heading(&scene) - 8.0 * 33.3).abs() <= 1.0, "{} after {pause}", heading(&scene));
        }
    }
}

#[test]
fn a_heading_is_forgotten_once_something_else_has_turned_the_vehicle() {
    let mut scene = Scene::ready();
    scene.send("ROTATE_RIGHT DEGREES=30");
    scene.run_for(3_000);
    for millis in [50, 1_000] {
        scene.stick("MPH=0 DEGREES_PER_S=45", millis);
        scene.send("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=200");
        scene.run_for(1_000);
        let before = heading(&scene);
        scene.send("ROTATE_RIGHT DEGREES=30");
        scene.run_for(3_000);
        assert!((heading(&scene) - before - 30.0).abs() <= 0.5, "{before} to {}", heading(&scene));
    }
}

#[test]
fn eight_turns_wait_and_the_next_is_busy() {
    let mut scene = Scene::ready();
    for n in 0..9 {
        assert_eq!(scene.ask(&format!("ROTATE_RIGHT DEGREES=20 ID={n}")), "", "turn {n}");
    }
    assert_eq!(scene.ask("ROTATE_RIGHT DEGREES=20 ID=x"), "x: REJECTED BUSY");
    scene.run_attended(20);
    let ends: Vec<String> = (0..9).map(|n| format!("{n}: SUCCEEDED")).collect();
    assert_eq!(scene.ends(), ends.join(", "));
    assert!((heading(&scene) - 180.0).abs() <= 0.5);
}

#[test]
fn a_turn_on_the_spot_stays_on_the_spot_and_one_while_driving_keeps_the_speed() {
    let mut scene = Scene::ready();
    scene.send("ROTATE_LEFT DEGREES=360");
    scene.run_for(6_000);
    let pose = scene.vehicle.motion.pose();
    assert!(pose.x.hypot(pose.y) < 1e-9, "{pose:?}");
    let mut scene = Scene::ready().rolling(2);
    scene.send("ROTATE_LEFT DEGREES=90");
    scene.run_for(3_000);
    assert!((scene.vehicle.motion.pose().speed - 1.0).abs() < 1e-9);
    assert!((heading(&scene) + 90.0).abs() <= 0.5);
}

#[test]
fn degrees_are_above_0_and_at_most_360() {
    let mut scene = Scene::ready();
    for degrees in ["0", "-1", "360.001", "0.0001"] {
        assert_eq!(
            scene.ask(&format!("ROTATE_LEFT DEGREES={degrees}")),
            "REJECTED OUT_OF_RANGE",
            "{degrees}"
        );
    }
    assert_eq!(scene.ask("ROTATE_LEFT"), "REJECTED MALFORMED");
}

#[test]
fn stops_parking_and_a_stick_supersede_turns() {
    let stick = "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=100";
    for by in ["BRAKE", "TURN_OFF_ENGINE", "EMERGENCY_STOP", "PARK", "PARK_IN_SAFE_PLACE", stick] {
        let mut scene = Scene::ready();
        scene.send("ROTATE_LEFT DEGREES=90 ID=a");
        scene.send("ROTATE_LEFT DEGREES=90 ID=b");
        scene.run_for(500);
        scene.send(by);
        let ends = scene.ends();
        assert!(ends.starts_with("a: SUPERSEDED, b: SUPERSEDED"), "{by}: {ends}");
        scene.run_for(3_000);
        assert!(scene.stands() && heading(&scene) > -90.0);
    }
}

#[test]
fn a_turn_that_is_canceled_ends_and_the_others_go_on() {
    let mut scene = Scene::ready();
    for id in ["a", "b", "c"] {
        scene.send(&format!("ROTATE_RIGHT DEGREES=45 ID={id}"));
    }
    scene.run_for(100);
    assert_eq!(scene.ask("CANCEL ID=b"), "b: CANCELED, b: SUCCEEDED");
    scene.run_for(5_000);
    assert_eq!(scene.ends(), "a: SUCCEEDED, c: SUCCEEDED");
    assert!((heading(&scene) - 90.0).abs() <= 0.5);
    assert_eq!(scene.ask("CANCEL ID=c"), "c: REJECTED NOT_FOUND");
}

#[test]
fn a_turn_that_never_ends_fails_by_timeout() {
    let mut scene = Scene::with(|setup| setup.limits.turn_rate = 2.0).started();
    scene.send("ROTATE_RIGHT DEGREES=360 ID=a");
    scene.run_attended(59);
    assert_eq!(scene.ends(), "");
    scene.run_attended(2);
    assert_eq!(scene.ends(), "a: FAILED TIMEOUT");
    scene.run_for(2_000);
    assert!(scene.stands());
}

fn steered() -> Scene {
    Scene::with(|setup| setup.kinematics = Kinematics::SteeringServo { wheelbase: 0.3, full_lock: 30.0 })
        .started()
}

#[test]
fn a_steered_vehicle_refuses_to_turn_at_standstill_and_turns_while_rolling() {
    let mut scene = steered();
    assert_eq!(scene.ask("ROTATE_RIGHT DEGREES=90 ID=a"), "a: REJECTED NOT_MOVING");
    let mut scene = scene.rolling(1);
    scene.send("ROTATE_RIGHT DEGREES=90 ID=b");
    let Drivetrain::SteeringServo { drive, .. } = scene.outputs().drivetrain else {
        panic!("another drivetrain")
    };
    assert!((drive.share() - 0.2).abs() < 1e-9, "0.5 m/s of 2.5");
    scene.run_for(500);
    let Drivetrain::SteeringServo { steer, .. } = scene.outputs().drivetrain else {
        panic!("another drivetrain")
    };
    assert!(steer.share() > 0.5);
    scene.run_for(3_500);
    assert_eq!(scene.ends(), "b: SUCCEEDED");
    assert!((heading(&scene) - 90.0).abs() <= 0.5);
    scene.send("BRAKE");
    assert_eq!(scene.ask("ROTATE_RIGHT DEGREES=90 ID=c"), "c: REJECTED NOT_MOVING", "not while it brakes");
}
