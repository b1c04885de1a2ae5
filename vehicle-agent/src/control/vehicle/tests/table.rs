//! Section 1 of the contract: the sixteen commands.

use super::Scene;
use vehicle_protocol::{Doors, Mode};

#[test]
fn turn_on_engine_enables_the_driver_and_nothing_moves() {
    let mut scene = Scene::new();
    assert!(!scene.outputs().enable && !scene.effects.armed);
    assert_eq!(scene.ask("TURN_ON_ENGINE"), "SUCCEEDED");
    scene.run_for(5_000);
    assert!(scene.outputs().enable && scene.effects.armed && scene.stands());
    assert_eq!(scene.ask("TURN_ON_ENGINE"), "SUCCEEDED");
}

#[test]
fn turn_off_engine_brakes_to_a_stop_and_then_disables_the_driver() {
    let mut scene = Scene::ready().rolling(4);
    assert_eq!(scene.ask("TURN_OFF_ENGINE"), "");
    assert!(scene.outputs().brake && scene.outputs().enable && scene.is_powered());
    assert_eq!(scene.ask("TURN_ON_ENGINE"), "REJECTED MOVING");
    let millis = scene.run_until(1_100, |scene| !scene.outputs().enable);
    assert!(millis >= 900, "2 m/s at 2 m/s^2 takes a second, not {millis} ms");
    assert_eq!(scene.ends(), "SUCCEEDED");
    assert!(scene.stands() && scene.status().mode == Mode::Off);
    assert_eq!(scene.ask("TURN_OFF_ENGINE"), "SUCCEEDED", "a repeated one is answered again");
}

#[test]
fn an_engine_turned_on_at_any_millisecond_of_its_turning_off_leaves_no_command_open() {
    // From 1.485 m/s it stands after 742.5 ms, between two ticks.
    for millis in 700..800 {
        let mut scene = Scene::ready();
        scene.send("SET_MAX_SPEED MPH=3.322");
        let mut scene = scene.rolling(4);
        scene.send("TURN_OFF_ENGINE ID=off");
        scene.run_for(millis);
        scene.send("TURN_ON_ENGINE ID=on");
        scene.run_for(1_000);
        let ends = scene.ends();
        assert_eq!(ends.matches("off: ").count(), 1, "{millis} ms: {ends}");
        assert_eq!(ends.matches("on: ").count(), 1, "{millis} ms: {ends}");
    }
}

#[test]
fn doors_lock_at_any_time_and_unlock_only_at_standstill() {
    let mut scene = Scene::ready();
    assert_eq!(scene.ask("UNLOCK_DOORS"), "SUCCEEDED");
    assert_eq!(scene.outputs().doors, Doors::Unlocked);
    let mut scene = scene.rolling(1);
    assert_eq!(scene.ask("LOCK_DOORS"), "SUCCEEDED");
    assert_eq!(scene.ask("UNLOCK_DOORS"), "REJECTED MOVING");
    assert_eq!(scene.outputs().doors, Doors::Locked);
}

#[test]
fn doors_stay_locked_from_the_moment_that_motion_is_asked_for() {
    let mut scene = Scene::ready();
    scene.send("ACCELERATE");
    assert_eq!(scene.ask("UNLOCK_DOORS"), "REJECTED MOVING");
}

#[test]
fn park_brakes_to_a_stop_and_puts_on_the_parking_brake_and_lights() {
    let mut scene = Scene::ready().rolling(2);
    assert_eq!(scene.ask("PARK"), "");
    assert!(scene.outputs().brake && scene.outputs().parking_lights);
    assert!(!scene.status().parking_brake, "not while it moves");
    scene.run_for(1_000);
    assert_eq!(scene.ends(), "SUCCEEDED");
    assert!(scene.stands() && scene.outputs().brake && scene.status().parking_brake);
    assert_eq!(scene.status().mode, Mode::Standing);
    scene.ask("TURN_OFF_ENGINE");
    assert!(scene.outputs().brake, "parked with the engine off too");
}

#[test]
fn any_admitted_motion_command_releases_the_parking_brake_and_a_refused_one_does_not() {
    for motion in ["ACCELERATE", "ROTATE_LEFT DEGREES=20"] {
        let mut scene = Scene::new();
        assert_eq!(scene.ask("PARK"), "SUCCEEDED");
        assert_eq!(scene.ask(motion), "REJECTED ENGINE_OFF");
        assert!(scene.status().parking_brake);
        scene.ask("TURN_ON_ENGINE");
        scene.send("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=200");
        assert!(scene.status().parking_brake, "a released stick moves nothing");
        scene.send(motion);
        assert!(!scene.status().parking_brake && !scene.outputs().brake, "{motion}");
    }
}

#[test]
fn lights_are_what_was_asked_for_last() {
    let mut scene = Scene::new();
    for (word, level) in [("ON", true), ("OFF", false), ("ON", true), ("ON", true)] {
        for light in ["HEADLIGHTS", "PARKING_LIGHTS", "HAZARD_LIGHTS"] {
            assert_eq!(scene.ask(&format!("TURN_{word}_{light}")), "SUCCEEDED");
        }
        let outputs = scene.outputs();
        assert_eq!([outputs.headlights, outputs.parking_lights, outputs.hazard_lights], [level; 3]);
    }
}

#[test]
fn what_is_not_fitted_is_unsupported_and_not_described() {
    let mut scene = Scene::with(|setup| {
        let fittings = &mut setup.fittings;
        (fittings.doors, fittings.headlights, fittings.parking_lights) = (false, false, false);
        (fittings.hazard_lights, fittings.horn) = (false, false);
    });
    let described: Vec<_> = scene.vehicle.describe().commands.iter().map(|command| command.name).collect();
    for name in [
        "LOCK_DOORS",
        "UNLOCK_DOORS",
        "TURN_ON_HEADLIGHTS",
        "TURN_OFF_PARKING_LIGHTS",
        "TURN_ON_HAZARD_LIGHTS",
        "HORN",
        "SET_SAFE_PLACE",
    ] {
        assert_eq!(scene.ask(name), "REJECTED UNSUPPORTED", "{name}");
        assert!(!described.iter().any(|described| described.as_str() == name), "{name}");
    }
    assert_eq!(scene.ask("PARK"), "SUCCEEDED");
    assert_eq!(scene.ask("EMERGENCY_STOP"), "SUCCEEDED");
    let outputs = scene.outputs();
    assert!(!outputs.parking_lights && !outputs.hazard_lights);
}

#[test]
fn accelerate_adds_a_step_up_to_the_maximum_and_there_succeeds_without_effect() {
    let mut scene = Scene::ready();
    let target = |scene: &Scene| scene.status().target_speed_mph * 0.447_04;
    for step in [0.5, 1.0, 1.5, 2.0, 2.0, 2.0] {
        assert_eq!(scene.ask("ACCELERATE"), "SUCCEEDED");
        assert!((target(&scene) - step).abs() < 0.001, "{} instead of {step}", target(&scene));
    }
    let mut scene = scene.rolling(0);
    assert!((scene.vehicle.motion.pose().speed - 2.0).abs() < 1e-9);
    assert_eq!(scene.ask("SET_MAX_SPEED MPH=1"), "SUCCEEDED");
    assert_eq!(scene.ask("ACCELERATE"), "SUCCEEDED");
    assert!((target(&scene) - 0.447).abs() < 0.001);
}

#[test]
fn accelerate_asks_for_at_least_the_minimum_speed() {
    let mut scene = Scene::ready();
    assert_eq!(scene.ask("SET_MIN_SPEED MPH=3"), "SUCCEEDED");
    assert!(scene.stands(), "a minimum never speeds up");
    scene.ask("ACCELERATE");
    assert!((scene.status().target_speed_mph - 3.0).abs() < 0.001);
    assert_eq!(scene.ask("SET_MIN_SPEED MPH=4"), "SUCCEEDED");
    scene.run_for(1_000);
    assert!((scene.status().target_speed_mph - 3.0).abs() < 0.001, "it counts from the next ACCELERATE");
}

#[test]
fn brake_is_full_service_braking_and_succeeds_at_standstill() {
    let mut scene = Scene::ready().rolling(4);
    assert_eq!(scene.ask("BRAKE"), "");
    assert!(scene.outputs().brake);
    let millis = scene.run_until(1_100, |scene| !scene.ends().is_empty());
    assert!((960..=1_040).contains(&millis), "{millis} ms");
    assert!(scene.stands() && scene.outputs().enable && !scene.outputs().brake);
}

#[test]
fn motion_supersedes_a_stop_under_way_but_not_the_engine_going_off() {
    for stop in ["BRAKE ID=s", "PARK ID=s"] {
        let mut scene = Scene::ready().rolling(4);
        scene.send(stop);
        assert_eq!(scene.ask("ACCELERATE"), "s: SUPERSEDED, SUCCEEDED");
        assert!(!scene.outputs().brake);
        scene.run_for(3_000);
        assert!(!scene.status().parking_brake && scene.is_powered());
    }
    let mut scene = Scene::ready().rolling(4);
    scene.send("TURN_OFF_ENGINE ID=s");
    assert_eq!(scene.ask("ACCELERATE"), "REJECTED ENGINE_OFF");
}

#[test]
fn brake_and_turn_off_engine_succeed_in_every_state() {
    for state in ["", "TURN_ON_ENGINE", "PARK", "EMERGENCY_STOP"] {
        let mut scene = Scene::new();
        if !state.is_empty() {
            scene.ask(state);
        }
        assert_eq!(scene.ask("BRAKE"), "SUCCEEDED", "{state}");
        assert_eq!(scene.ask("TURN_OFF_ENGINE"), "SUCCEEDED", "{state}");
        assert!(!scene.outputs().enable);
    }
}

#[test]
fn limits_of_speed_hold_beside_that_of_the_board_which_status_then_shows() {
    let mut scene = Scene::ready();
    assert_eq!(scene.ask("SET_MAX_SPEED MPH=100"), "SUCCEEDED");
    assert!((scene.status().max_speed_mph - 4.474).abs() < 1e-9, "2 m/s");
    assert_eq!(scene.ask("SET_MIN_SPEED MPH=4.5"), "REJECTED OUT_OF_RANGE");
    assert_eq!(scene.ask("SET_MIN_SPEED MPH=2"), "SUCCEEDED");
    assert_eq!(scene.ask("SET_MAX_SPEED MPH=1.999"), "REJECTED OUT_OF_RANGE");
    assert_eq!(scene.ask("SET_MAX_SPEED MPH=2"), "SUCCEEDED");
    assert_eq!(scene.ask("SET_MIN_SPEED MPH=-1"), "REJECTED OUT_OF_RANGE");
    assert_eq!((scene.status().min_speed_mph, scene.status().max_speed_mph), (2.0, 2.0));
}

#[test]
fn a_lower_maximum_slows_at_once_and_a_higher_one_does_not_speed_up_again() {
    let mut scene = Scene::ready().rolling(4);
    scene.ask("SET_MAX_SPEED MPH=1");
    scene.run_for(900);
    assert!((scene.vehicle.motion.pose().speed - 0.447).abs() < 0.001);
    assert_eq!(scene.trace.last().map(|(_, _, cause)| cause.as_str()), Some("SET_MAX_SPEED"));
    scene.ask("SET_MAX_SPEED MPH=4");
    scene.run_for(900);
    assert!((scene.vehicle.motion.pose().speed - 0.447).abs() < 0.001);
}

#[test]
fn motion_is_refused_with_the_engine_off_and_in_emergency_stop() {
    let mut scene = Scene::new();
    let motions = ["ACCELERATE", "ROTATE_RIGHT DEGREES=1", "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=100"];
    for (state, reason) in [("REPORT_STATUS", "ENGINE_OFF"), ("EMERGENCY_STOP", "EMERGENCY_STOPPED")] {
        scene.ask(state);
        for motion in motions {
            assert_eq!(scene.ask(motion), format!("REJECTED {reason}"));
            scene.run_for(1_000);
        }
    }
}
