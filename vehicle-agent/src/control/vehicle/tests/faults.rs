//! Boards that fail, guards that fall silent, machines that were suspended.

use super::Scene;
use crate::control::{Input, Moment};
use vehicle_protocol::{Epoch, EventKind, Mode, Reason};

#[test]
fn a_board_that_fails_stops_the_vehicle_and_ends_every_command() {
    let mut scene = Scene::ready().rolling(2);
    scene.send("ROTATE_LEFT DEGREES=90 ID=r");
    scene.board_fails = true;
    scene.events();
    assert_eq!(scene.ask("TURN_ON_HEADLIGHTS ID=h"), "r: FAILED ACTUATOR_FAULT, h: FAILED ACTUATOR_FAULT");
    let outputs = scene.outputs();
    assert!(!scene.is_powered() && !outputs.enable && outputs.brake);
    assert_eq!(
        scene.events(),
        [(EventKind::Fault, Some(Reason::ActuatorFault)), (EventKind::Failsafe, Some(Reason::ActuatorFault))]
    );
    scene.run_for(5_000);
    assert_eq!(scene.events(), [], "told once");
}

#[test]
fn stops_that_reach_no_board_fail_at_once() {
    let mut scene = Scene::ready().rolling(2);
    scene.board_fails = true;
    for words in ["BRAKE ID=a", "TURN_OFF_ENGINE ID=a", "PARK ID=a", "EMERGENCY_STOP ID=a"] {
        assert_eq!(scene.ask(words), "a: FAILED ACTUATOR_FAULT");
    }
    scene.run_for(10_000);
    assert_eq!(scene.status().mode, Mode::EmergencyStop);
}

#[test]
fn a_board_that_fails_in_emergency_stop_is_reported_too() {
    let mut scene = Scene::new();
    scene.ask("EMERGENCY_STOP");
    scene.events();
    scene.board_fails = true;
    scene.send("TURN_ON_HEADLIGHTS");
    assert_eq!(scene.events(), [(EventKind::Fault, Some(Reason::ActuatorFault))]);
}

#[test]
fn a_fault_ends_only_when_cleared_on_purpose_and_the_engine_is_off_then() {
    for reason in [Reason::ActuatorFault, Reason::GuardLost, Reason::ClockGap] {
        let mut scene = Scene::ready().rolling(2);
        scene.tell(Input::Fault(reason));
        assert_eq!((scene.status().mode, scene.status().cause), (Mode::Failsafe, Some(reason)));
        assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "REJECTED MOVING");
        scene.run_for(2_000);
        for words in ["ACCELERATE", "TURN_ON_ENGINE", "ROTATE_LEFT DEGREES=1"] {
            assert_eq!(scene.ask(words), "REJECTED FAILSAFE");
        }
        assert_eq!(scene.ask("TURN_OFF_ENGINE"), "SUCCEEDED");
        assert_eq!(scene.status().cause, Some(reason));
        assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "SUCCEEDED");
        assert_eq!((scene.status().mode, scene.status().cause), (Mode::Off, None));
    }
}

#[test]
fn a_board_that_recovers_is_trusted_again_once_cleared() {
    let mut scene = Scene::ready();
    scene.board_fails = true;
    scene.send("TURN_ON_HEADLIGHTS");
    assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "FAILED ACTUATOR_FAULT", "not yet");
    scene.board_fails = false;
    assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "SUCCEEDED");
    assert_eq!(scene.ask("TURN_ON_ENGINE"), "SUCCEEDED");
}

#[test]
fn a_vehicle_whose_sensors_fall_silent_is_reckoned_and_still_comes_to_stand() {
    let mut scene = Scene::measured().started().rolling(2);
    scene.lose_sensors();
    scene.send("BRAKE");
    scene.run_for(1_000);
    assert!(scene.stands());
    assert_eq!(scene.ends(), "SUCCEEDED");
}

#[test]
fn a_suspend_stops_the_vehicle_and_nothing_from_before_counts() {
    let mut scene = Scene::ready().rolling(2);
    scene.send("ROTATE_LEFT DEGREES=90 ID=r");
    scene.tell(Input::Suspended(Epoch([9; 16])));
    assert_eq!(scene.ends(), "r: FAILED CLOCK_GAP");
    assert!(!scene.is_powered() && !scene.outputs().enable);
    let status = scene.status();
    assert_eq!((status.epoch, status.driver, status.cause), (Epoch([9; 16]), None, Some(Reason::ClockGap)));
}

#[test]
fn a_clock_that_stands_still_or_goes_back_breaks_nothing() {
    let mut scene = Scene::ready().rolling(1);
    scene.now = Moment::from_millis(0);
    scene.tick();
    for words in ["ACCELERATE", "HORN", "BRAKE"] {
        scene.send(words);
    }
    assert!(scene.outputs().brake);
}
