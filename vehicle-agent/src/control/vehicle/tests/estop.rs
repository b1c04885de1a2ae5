//! S5, and the row of the table: the emergency stop.

use super::Scene;
use vehicle_protocol::{Doors, EventKind, Mode};

fn is_stopped(scene: &Scene) -> bool {
    let outputs = scene.outputs();
    !scene.is_powered()
        && !outputs.enable
        && outputs.brake
        && outputs.hazard_lights
        && scene.status().mode == Mode::EmergencyStop
}

#[test]
fn s5_it_stops_at_once_and_leaves_other_lights_and_doors_as_they_are() {
    let mut scene = Scene::ready();
    for words in ["UNLOCK_DOORS", "TURN_ON_HEADLIGHTS"] {
        scene.ask(words);
    }
    let mut scene = scene.rolling(4);
    assert_eq!(scene.ask("EMERGENCY_STOP ID=e"), "e: SUCCEEDED");
    assert!(is_stopped(&scene) && scene.file);
    assert!(scene.outputs().headlights && scene.outputs().doors == Doors::Unlocked);
    assert_eq!(scene.events(), [(EventKind::EmergencyStop, None)]);
    assert_eq!(scene.trace.last().map(|(_, _, cause)| cause.as_str()), Some("EMERGENCY_STOP"));
}

#[test]
fn s5_set_at_boot_it_stays_until_it_is_cleared_on_purpose() {
    let mut scene = Scene::with(|setup| setup.emergency_stopped = true);
    assert!(is_stopped(&scene));
    for words in ["TURN_ON_ENGINE", "ACCELERATE", "TURN_OFF_HAZARD_LIGHTS"] {
        assert_eq!(scene.ask(words), "REJECTED EMERGENCY_STOPPED");
    }
    for words in ["PARK", "BRAKE", "TURN_OFF_ENGINE", "EMERGENCY_STOP", "TURN_ON_HEADLIGHTS", "HORN"] {
        assert_eq!(scene.ask(words), "SUCCEEDED");
    }
    scene.run_for(100_000);
    assert!(is_stopped(&scene) && scene.file);
    assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "SUCCEEDED");
    assert!(!scene.file && scene.status().mode == Mode::Off && !scene.outputs().hazard_lights);
    assert_eq!(scene.ask("ACCELERATE"), "REJECTED ENGINE_OFF");
}

#[test]
fn s5_clearing_is_refused_while_anything_moves() {
    let mut scene = Scene::ready().rolling(4);
    scene.send("EMERGENCY_STOP");
    assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "REJECTED MOVING");
    scene.run_for(1_100);
    assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "SUCCEEDED");
}

#[test]
fn s5_it_is_answered_only_when_it_is_stored_and_holds_before() {
    let mut scene = Scene::ready();
    scene.file_is_slow = true;
    assert_eq!(scene.ask("EMERGENCY_STOP ID=e"), "");
    assert!(is_stopped(&scene));
    assert_eq!(scene.ask("EMERGENCY_STOP ID=f"), "", "nor is a second one");
    assert_eq!(scene.writes, [true], "one write is enough");
    assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "REJECTED BUSY");
    scene.write();
    assert_eq!(scene.ends(), "e: SUCCEEDED, f: SUCCEEDED");
}

#[test]
fn s5_a_stop_overtakes_a_clearing_that_is_still_being_stored() {
    let mut scene = Scene::with(|setup| setup.emergency_stopped = true);
    scene.file_is_slow = true;
    scene.send("CLEAR_EMERGENCY_STOP ID=c");
    assert!(is_stopped(&scene), "not before the file says so");
    assert_eq!(scene.ask("EMERGENCY_STOP ID=e"), "c: SUPERSEDED");
    scene.write();
    assert_eq!(scene.ends(), "e: SUCCEEDED");
    assert!(is_stopped(&scene) && scene.file);
}

#[test]
fn s5_the_input_overtakes_a_clearing_too() {
    let mut scene = Scene::with(|setup| setup.emergency_stopped = true);
    scene.file_is_slow = true;
    scene.send("CLEAR_EMERGENCY_STOP ID=c");
    scene.emergency_input = true;
    scene.tick();
    assert_eq!(scene.ends(), "c: SUPERSEDED");
    scene.write();
    assert!(is_stopped(&scene) && scene.file);
}

#[test]
fn s5_a_clearing_that_takes_too_long_is_taken_back() {
    let mut scene = Scene::with(|setup| setup.emergency_stopped = true);
    scene.file_is_slow = true;
    scene.send("CLEAR_EMERGENCY_STOP ID=c");
    scene.run_for(5_100);
    assert_eq!(scene.ends(), "c: FAILED TIMEOUT");
    scene.write();
    assert!(is_stopped(&scene) && scene.file);
}

#[test]
fn s5_the_input_stops_and_holds_for_as_long_as_it_is_open() {
    let mut scene = Scene::ready().rolling(2);
    scene.emergency_input = true;
    scene.run_for(20);
    assert!(is_stopped(&scene) && scene.file);
    scene.run_for(2_000);
    assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "REJECTED EMERGENCY_STOPPED");
    scene.emergency_input = false;
    scene.tick();
    assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "SUCCEEDED");
}

#[test]
fn s5_a_file_that_cannot_be_written_leaves_the_stop_in_force_and_a_clearing_undone() {
    for (begin, stopped) in [("EMERGENCY_STOP ID=a", false), ("CLEAR_EMERGENCY_STOP ID=a", true)] {
        let mut scene = Scene::with(|setup| setup.emergency_stopped = stopped);
        scene.file_is_slow = true;
        scene.send(begin);
        scene.writes.clear();
        scene.tell(crate::control::Input::StoreFailed("the disk is full".to_owned()));
        assert_eq!(scene.ends(), "a: FAILED ACTUATOR_FAULT");
        let again = if stopped { vec![true] } else { vec![] };
        assert_eq!(scene.writes, again, "a clearing that failed may have removed the file");
        scene.tell(crate::control::Input::Stored(false));
        assert!(is_stopped(&scene), "{begin}: what comes late is no clearing");
        scene.send("EMERGENCY_STOP ID=b");
        assert_eq!(scene.writes, [true], "written again, once");
        scene.write();
        assert_eq!(scene.ends(), "b: SUCCEEDED");
        assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP ID=c"), "");
        scene.write();
        assert_eq!(scene.ends(), "c: SUCCEEDED");
    }
}

#[test]
fn s5_a_clearing_that_a_fault_ends_is_taken_back() {
    let mut scene = Scene::with(|setup| setup.emergency_stopped = true);
    scene.file_is_slow = true;
    scene.send("CLEAR_EMERGENCY_STOP ID=c");
    scene.tell(crate::control::Input::Fault(vehicle_protocol::Reason::GuardLost));
    assert_eq!(scene.ends(), "c: FAILED GUARD_LOST");
    scene.write();
    assert!(is_stopped(&scene) && scene.file);
}

#[test]
fn clearing_what_is_not_stopped_succeeds() {
    let mut scene = Scene::ready();
    assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "SUCCEEDED");
    assert_eq!(scene.status().mode, Mode::Standing);
}
