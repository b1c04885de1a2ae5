//! S2: silence stops, and failsafes end as the rule says.

use super::Scene;
use crate::control::Input;
use vehicle_protocol::{EventKind, Mode, Reason};

#[test]
fn a_lost_link_brakes_discrete_motion_at_once_and_ends_its_commands() {
    let mut scene = Scene::ready().rolling(2);
    scene.send("ROTATE_LEFT DEGREES=90 ID=a");
    scene.tell(Input::LinkLost);
    assert!(scene.outputs().brake);
    assert_eq!(scene.ends(), "a: FAILED LINK_LOST");
    assert_eq!(scene.events(), [(EventKind::Failsafe, Some(Reason::LinkLost))]);
    scene.run_for(1_000);
    assert!(scene.stands());
}

#[test]
fn a_lost_link_leaves_a_setpoint_to_its_hold() {
    let mut scene = Scene::ready();
    scene.stick("MPH=2 DEGREES_PER_S=0", 500);
    scene.tell(Input::LinkLost);
    assert!(!scene.outputs().brake);
    scene.run_for(160);
    assert!(scene.outputs().brake);
    assert_eq!(scene.status().cause, Some(Reason::HoldLapsed));
}

#[test]
fn a_lost_link_lets_a_stop_go_on_and_leaves_what_stands_alone() {
    let mut scene = Scene::ready().rolling(2);
    scene.send("PARK ID=p");
    scene.tell(Input::LinkLost);
    scene.run_for(1_000);
    assert_eq!(scene.ends(), "p: SUCCEEDED");
    scene.tell(Input::LinkLost);
    assert_eq!((scene.status().mode, scene.events()), (Mode::Standing, Vec::new()));
}

#[test]
fn the_cause_is_told_as_soon_as_there_is_a_link() {
    let mut scene = Scene::ready().rolling(2);
    scene.tell(Input::LinkLost);
    scene.run_for(1_000);
    scene.reports.clear();
    scene.tell(Input::LinkUp { connection: 2, dropped: 0 });
    let statuses = scene.statuses();
    assert_eq!(statuses.len(), 1);
    assert_eq!((statuses[0].mode, statuses[0].cause), (Mode::Failsafe, Some(Reason::LinkLost)));
    assert_eq!(statuses[0].link.connections, 2);
}

#[test]
fn a_failsafe_ends_with_the_next_motion_command_once_the_vehicle_stands() {
    let mut scene = Scene::ready().rolling(2);
    scene.tell(Input::LinkLost);
    scene.tell(Input::LinkUp { connection: 2, dropped: 0 });
    assert_eq!(scene.ask("ACCELERATE"), "REJECTED FAILSAFE");
    scene.run_for(1_000);
    for words in ["LOCK_DOORS", "TURN_ON_ENGINE", "BRAKE", "HEARTBEAT", "PARK", "TAKE_CONTROL"] {
        scene.send(words);
        assert_eq!(scene.status().mode, Mode::Failsafe, "{words} moves nothing");
    }
    scene.events();
    assert_eq!(scene.ask("ACCELERATE").split(", ").last(), Some("SUCCEEDED"));
    assert_eq!(scene.status().mode, Mode::Driving);
    assert_eq!(scene.events(), [(EventKind::FailsafeEnded, Some(Reason::LinkLost))]);
}

#[test]
fn after_a_failsafe_a_stick_must_be_released_before_it_drives() {
    let mut scene = Scene::ready();
    scene.stick("MPH=2 DEGREES_PER_S=0", 500);
    scene.run_for(160);
    let press = "DRIVE MPH=2 DEGREES_PER_S=0 HOLD_MS=200";
    assert_eq!(scene.ask(press), "REJECTED FAILSAFE");
    scene.run_for(2_000);
    assert_eq!(scene.ask(press), "REJECTED NOT_NEUTRAL");
    scene.run_for(2_000);
    assert!(scene.stands());
    assert_eq!(scene.ask("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=200"), "");
    assert_eq!(scene.status().mode, Mode::Failsafe, "neutral alone moves nothing");
    assert_eq!(scene.ask(press), "");
    assert_eq!(scene.status().mode, Mode::Driving);
}

#[test]
fn the_engine_turned_off_ends_a_failsafe_and_says_so() {
    let mut scene = Scene::ready().rolling(2);
    scene.tell(Input::LinkLost);
    scene.send("TURN_OFF_ENGINE ID=o");
    assert!(scene.outputs().brake && scene.outputs().enable);
    scene.run_for(1_000);
    assert_eq!(scene.ends(), "o: SUCCEEDED");
    assert_eq!(scene.status().mode, Mode::Off);
    let kinds: Vec<_> = scene.events().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [EventKind::Failsafe, EventKind::FailsafeEnded]);
}
