//! ControlLock: one party drives at a time, and everybody sees who.

use super::console::driving;
use super::{Console, Scene};
use crate::control::{Cause, Input};
use vehicle_protocol::auth::Role;
use vehicle_protocol::{CommandName, EventKind, Mode, OperatorName, Reason};

/// A driver who rolls, and two others with sessions.
fn rolling() -> (Scene, Console, Console, Console) {
    let [tablet, phone] = ["tablet", "phone"].map(|name| Console::new(name, Role::Driver));
    let desk = Console::new("desk", Role::Owner);
    let mut scene = Scene::trusting(&[&tablet, &phone, &desk]);
    let [mut tablet, phone, desk] = [tablet, phone, desk].map(|console| console.open(&mut scene));
    tablet.ask(&mut scene, "TURN_ON_ENGINE");
    assert_eq!(tablet.ask(&mut scene, "ACCELERATE"), "SUCCEEDED");
    scene.run_for(500);
    assert!(scene.is_powered());
    (scene, tablet, phone, desk)
}

fn presence(scene: &mut Scene, name: &str, retained: bool, state: &str) {
    let payload = format!(r#"{{"state":"{state}","more":1}}"#).into_bytes();
    scene.tell(Input::Operator { name: name.parse().unwrap(), retained, payload });
}

#[test]
fn while_one_drives_others_may_stop_and_nothing_that_moves() {
    let (mut scene, _, mut phone, _) = rolling();
    for motion in ["ACCELERATE", "ROTATE_LEFT DEGREES=10", "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=100"] {
        assert_eq!(phone.ask(&mut scene, motion), "REJECTED NOT_IN_CONTROL", "{motion}");
        scene.run_for(1_000);
    }
    phone.send(&mut scene, "BRAKE");
    scene.run_for(2_000);
    assert!(scene.stands());
    assert_eq!(scene.status().driver.as_deref(), Some("tablet"), "a stop takes no control");
}

#[test]
fn another_session_of_the_same_key_is_another_party() {
    let (mut scene, tablet, ..) = rolling();
    let mut second = tablet.open(&mut scene);
    assert_eq!(second.ask(&mut scene, "ACCELERATE"), "REJECTED NOT_IN_CONTROL");
}

#[test]
fn control_changes_hands_after_a_notice_when_the_vehicle_stands_and_neutral_first() {
    let (mut scene, mut tablet, mut phone, _) = rolling();
    scene.events();
    phone.send(&mut scene, "TAKE_CONTROL ID=mine");
    assert_eq!(scene.events().iter().map(|event| event.0).collect::<Vec<_>>(), [EventKind::ControlRequested]);
    assert_eq!(scene.status().next_driver.as_deref(), Some("phone"));
    for _ in 0..29 {
        tablet.send(&mut scene, "HEARTBEAT");
        scene.run_for(100);
        assert!(scene.is_powered() && !scene.outputs().brake, "the holder drives on");
        assert_eq!(scene.status().driver.as_deref(), Some("tablet"));
    }
    scene.answers();
    scene.run_for(150);
    assert!(scene.outputs().brake);
    let cause = Cause::Command(CommandName::TakeControl, "mine".parse().ok());
    assert!(scene.log.iter().any(|(_, _, effects)| effects.cause == cause));
    for console in [&mut tablet, &mut phone] {
        assert_eq!(
            console.ask(&mut scene, "ACCELERATE"),
            "REJECTED NOT_IN_CONTROL",
            "nobody drives meanwhile"
        );
    }
    scene.run_until(3_000, |scene| scene.status().driver.as_deref() == Some("phone"));
    assert!(scene.stands());
    assert_eq!(scene.status().next_driver, None);
    scene.run_for(20);
    assert!(phone.ends(&mut scene).ends_with("mine: SUCCEEDED"));
    assert!(scene.events().contains(&(EventKind::ControlChanged, None)));
    let held = "DRIVE MPH=1 DEGREES_PER_S=0 HOLD_MS=300";
    assert_eq!(tablet.ask(&mut scene, held), "REJECTED NOT_IN_CONTROL");
    assert_eq!(phone.ask(&mut scene, held), "REJECTED NOT_NEUTRAL");
    phone.send(&mut scene, "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=300");
    phone.send(&mut scene, held);
    scene.run_for(200);
    assert!(scene.is_powered());
}

#[test]
fn a_standing_vehicle_changes_hands_when_the_notice_is_over() {
    let (mut scene, mut tablet, mut phone, _) = rolling();
    tablet.send(&mut scene, "BRAKE");
    scene.run_for(2_000);
    phone.send(&mut scene, "TAKE_CONTROL");
    scene.run_for(2_900);
    assert_eq!(scene.status().driver.as_deref(), Some("tablet"));
    scene.run_for(200);
    assert_eq!(scene.status().driver.as_deref(), Some("phone"));
}

#[test]
fn an_owner_gets_control_as_soon_as_the_vehicle_stands() {
    let (mut scene, _, mut phone, mut desk) = rolling();
    phone.send(&mut scene, "TAKE_CONTROL ID=p");
    desk.send(&mut scene, "TAKE_CONTROL ID=o");
    assert!(scene.outputs().brake);
    assert_eq!(scene.status().next_driver.as_deref(), Some("desk"));
    scene.run_until(3_000, |scene| scene.status().driver.as_deref() == Some("desk"));
    scene.run_for(20);
    assert_eq!(scene.ends(), "p: SUPERSEDED, o: SUCCEEDED");
}

#[test]
fn a_second_request_waits_for_the_first() {
    let (mut scene, _, mut phone, _) = rolling();
    phone.send(&mut scene, "TAKE_CONTROL ID=p");
    let mut second = phone.clone().open(&mut scene);
    scene.answers();
    assert_eq!(second.ask(&mut scene, "TAKE_CONTROL ID=q"), "q: REJECTED BUSY");
}

#[test]
fn who_asked_gets_control_at_once_when_the_holder_lets_go() {
    let (mut scene, mut tablet, mut phone, _) = rolling();
    phone.send(&mut scene, "TAKE_CONTROL");
    tablet.send(&mut scene, "RELEASE_CONTROL");
    scene.run_until(2_000, |scene| scene.status().driver.as_deref() == Some("phone"));
    assert!(scene.stands());
}

#[test]
fn a_request_that_is_cancelled_changes_nothing() {
    let (mut scene, mut tablet, mut phone, _) = rolling();
    phone.send(&mut scene, "TAKE_CONTROL ID=p");
    phone.send(&mut scene, "CANCEL ID=p");
    for _ in 0..5 {
        tablet.send(&mut scene, "HEARTBEAT");
        scene.run_for(1_000);
    }
    assert!(scene.is_powered());
    assert_eq!(scene.status().driver.as_deref(), Some("tablet"));
}

#[test]
fn control_lapses_ten_seconds_after_its_holder_was_heard() {
    let (mut scene, _, mut phone, _) = rolling();
    scene.run_for(9_400);
    assert_eq!(phone.ask(&mut scene, "ACCELERATE"), "REJECTED NOT_IN_CONTROL");
    scene.run_for(200);
    assert_eq!(scene.status().driver, None);
    assert_eq!(phone.ask(&mut scene, "ACCELERATE"), "SUCCEEDED");
}

#[test]
fn the_presence_of_the_holder_is_followed_while_it_holds_and_its_end_ends_control() {
    for state in ["OFFLINE", "CONNECTION_BROKEN"] {
        let (mut scene, _, mut phone, _) = rolling();
        assert_eq!(scene.effects.follow.as_ref().map(OperatorName::as_str), Some("tablet"));
        presence(&mut scene, "phone", false, state);
        presence(&mut scene, "tablet", true, state);
        presence(&mut scene, "tablet", false, "ONLINE");
        presence(&mut scene, "tablet", false, "GONE");
        assert!(scene.is_powered() && !scene.outputs().brake);
        presence(&mut scene, "tablet", false, state);
        assert!(scene.outputs().brake);
        assert_eq!(scene.effects.follow, None);
        let status = scene.status();
        assert_eq!(
            (status.mode, status.cause, status.driver),
            (Mode::Failsafe, Some(Reason::OperatorLost), None)
        );
        scene.run_for(2_000);
        assert_eq!(phone.ask(&mut scene, "ACCELERATE"), "SUCCEEDED");
    }
}

#[test]
fn who_releases_the_stick_and_leaves_is_not_lost() {
    for (stick, cause) in [("MPH=0", None), ("MPH=2", Some(Reason::OperatorLost))] {
        let (mut scene, mut tablet, ..) = rolling();
        for words in ["MPH=0", "MPH=2", stick] {
            assert_eq!(tablet.ask(&mut scene, &format!("DRIVE {words} DEGREES_PER_S=0 HOLD_MS=500")), "");
        }
        assert!(!scene.stands());
        presence(&mut scene, "tablet", false, "OFFLINE");
        assert!(scene.outputs().brake);
        assert_eq!((scene.status().driver, scene.status().cause), (None, cause), "{stick}");
        scene.run_for(2_000);
        assert!(scene.stands());
    }
}

#[test]
fn a_presence_never_gives_control_nor_keeps_it() {
    let (mut scene, ..) = rolling();
    for _ in 0..6 {
        presence(&mut scene, "tablet", false, "ONLINE");
        scene.run_for(1_000);
    }
    assert_eq!(scene.status().cause, Some(Reason::OperatorLost), "nobody spoke for five seconds");
    scene.run_for(5_000);
    presence(&mut scene, "tablet", false, "ONLINE");
    assert_eq!(scene.status().driver, None);
}

#[test]
fn who_signs_nothing_is_one_party_that_no_presence_speaks_for() {
    let mut scene = Scene::ready().rolling(1);
    assert_eq!(scene.status().driver.as_deref(), Some("unsigned"));
    assert_eq!(scene.effects.follow, None);
    presence(&mut scene, "unsigned", false, "OFFLINE");
    assert!(scene.is_powered());
}

#[test]
fn a_heartbeat_of_another_session_renews_nothing() {
    let (mut scene, tablet) = driving();
    let mut tablet = tablet;
    let mut second = tablet.clone().open(&mut scene);
    tablet.send(&mut scene, "ACCELERATE");
    for _ in 0..6 {
        second.send(&mut scene, "HEARTBEAT");
        scene.run_for(1_000);
    }
    assert_eq!(scene.status().cause, Some(Reason::OperatorLost));
}
