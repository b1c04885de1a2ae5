//! S4: nothing moves by itself, and a stick is released first.

use super::Scene;
use crate::control::Input;
use vehicle_protocol::{Epoch, Reason};

type Stop = fn(&mut Scene);

const NEUTRAL: &str = "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=200";
const PRESS: &str = "DRIVE MPH=2 DEGREES_PER_S=20 HOLD_MS=200";

/// Stands for a minute, and a pressed stick is refused until it was released.
fn must_be_neutral_first(mut scene: Scene) {
    scene.run_for(60_000);
    assert!(scene.stands());
    assert_eq!(scene.ask(PRESS), "REJECTED NOT_NEUTRAL");
    scene.run_for(2_000);
    assert!(scene.stands());
    assert_eq!(scene.ask(NEUTRAL), "");
    assert_eq!(scene.ask(PRESS), "");
    scene.run_for(100);
    assert!(scene.is_powered());
}

#[test]
fn after_boot() {
    must_be_neutral_first(Scene::ready());
}

#[test]
fn after_each_way_to_stop() {
    let stops: [(&str, Stop); 8] = [
        ("brake", |scene| scene.send("BRAKE")),
        ("park", |scene| scene.send("PARK")),
        ("engine", |scene| scene.send("TURN_OFF_ENGINE")),
        ("link", |scene| {
            scene.tell(Input::LinkLost);
            scene.tell(Input::LinkUp { connection: 2, dropped: 0 });
        }),
        ("emergency", |scene| scene.send("EMERGENCY_STOP")),
        ("fault", |scene| scene.tell(Input::Fault(Reason::GuardLost))),
        ("suspend", |scene| scene.tell(Input::Suspended(Epoch([9; 16])))),
        ("control", |scene| scene.send("RELEASE_CONTROL")),
    ];
    for (name, stop) in stops {
        let mut scene = Scene::ready();
        scene.stick("MPH=2 DEGREES_PER_S=20", 1_000);
        assert!(scene.is_powered(), "{name}");
        stop(&mut scene);
        scene.run_for(3_000);
        scene.ask("CLEAR_EMERGENCY_STOP");
        scene.ask("TURN_ON_ENGINE");
        must_be_neutral_first(scene);
    }
}

#[test]
fn a_stick_that_is_held_through_an_outage_does_not_drive_on() {
    let mut scene = Scene::ready();
    scene.stick("MPH=2 DEGREES_PER_S=0", 500);
    scene.tell(Input::LinkLost);
    scene.run_for(50);
    scene.tell(Input::LinkUp { connection: 2, dropped: 0 });
    for _ in 0..40 {
        scene.send(PRESS);
        scene.run_for(50);
    }
    assert!(scene.stands() && scene.outputs().brake);
}

#[test]
fn a_released_stick_does_not_count_while_motion_is_forbidden() {
    let mut scene = Scene::new();
    assert_eq!(scene.ask(NEUTRAL), "REJECTED ENGINE_OFF");
    scene.ask("TURN_ON_ENGINE");
    scene.run_for(1_000);
    assert_eq!(scene.ask(PRESS), "REJECTED NOT_NEUTRAL");
}

#[test]
fn a_released_stick_neither_ends_a_stop_nor_takes_control_from_anyone() {
    let mut scene = Scene::ready().rolling(4);
    scene.send("BRAKE");
    scene.send(NEUTRAL);
    assert!(scene.outputs().brake);
    scene.run_for(500);
    assert!(scene.outputs().brake, "still braking");
}

#[test]
fn requests_that_arrive_while_stopped_are_answered_and_not_stored() {
    let mut scene = Scene::ready().rolling(1);
    scene.tell(Input::Fault(Reason::ActuatorFault));
    for words in ["ACCELERATE", "ROTATE_LEFT DEGREES=30", "TURN_ON_ENGINE"] {
        assert_eq!(scene.ask(words), "REJECTED FAILSAFE");
    }
    scene.run_for(2_000);
    assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "SUCCEEDED");
    scene.run_for(60_000);
    assert!(scene.stands() && !scene.outputs().enable, "the engine is off after a fault");
}

#[test]
fn a_shut_down_vehicle_stops_and_begins_nothing_more() {
    let mut scene = Scene::ready().rolling(2);
    scene.send("ROTATE_LEFT DEGREES=30 ID=a");
    scene.tell(Input::Shutdown);
    assert_eq!(scene.ends(), "a: FAILED SHUTTING_DOWN");
    let outputs = scene.outputs();
    assert!(!scene.is_powered() && !outputs.enable && outputs.brake && !scene.effects.armed);
    scene.run_for(1_000);
    for words in ["ACCELERATE", "TURN_ON_ENGINE", "CLEAR_EMERGENCY_STOP", "LOCK_DOORS"] {
        assert_eq!(scene.ask(words), "REJECTED SHUTTING_DOWN");
    }
    assert_eq!(scene.ask("EMERGENCY_STOP"), "SUCCEEDED");
}

#[test]
fn s4_a_vehicle_starts_with_its_brake_on_and_keeps_it_until_it_is_to_move() {
    let mut scene = Scene::new();
    assert!(scene.outputs().brake && scene.status().parking_brake);
    scene.ask("TURN_ON_ENGINE");
    assert!(scene.outputs().brake, "whoever restarts an agent must not let a parked vehicle roll");
    scene.ask("ACCELERATE");
    assert!(!scene.outputs().brake && !scene.status().parking_brake);
}

#[test]
fn s4_the_brake_that_an_emergency_stop_or_a_fault_put_on_outlasts_its_clearing_until_the_vehicle_is_to_move()
{
    let stops: [Stop; 3] = [
        |scene| scene.send("EMERGENCY_STOP"),
        |scene| scene.tell(Input::Fault(Reason::GuardLost)),
        |scene| {
            scene.send("EMERGENCY_STOP");
            scene.send("PARK ID=p");
            scene.send("CANCEL ID=p");
        },
    ];
    for stop in stops {
        let mut scene = Scene::ready().rolling(2);
        stop(&mut scene);
        assert!(scene.outputs().brake && scene.status().parking_brake);
        scene.run_for(3_000);
        for words in ["CLEAR_EMERGENCY_STOP", "TURN_ON_ENGINE"] {
            assert_eq!(scene.ask(words), "SUCCEEDED");
            assert!(
                scene.outputs().brake && scene.status().parking_brake,
                "nothing holds it on a slope: {words}"
            );
        }
        scene.ask("ACCELERATE");
        assert!(!scene.outputs().brake && !scene.status().parking_brake);
    }
}
