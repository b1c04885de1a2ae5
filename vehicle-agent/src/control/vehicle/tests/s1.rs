//! S1: motion is a lease.

use super::{Scene, json};
use crate::control::Input;
use vehicle_protocol::{EventKind, Mode, Reason, Topic};

/// Milliseconds until the brakes are on.
fn until_brake(scene: &mut Scene) -> u64 {
    scene.run_until(20_000, |scene| scene.outputs().brake)
}

#[test]
fn discrete_motion_lapses_operator_timeout_after_the_last_word() {
    let mut scene = Scene::ready().rolling(0);
    scene.send("ACCELERATE");
    assert_eq!(until_brake(&mut scene), 5_000);
    assert_eq!(scene.events(), [(EventKind::Failsafe, Some(Reason::OperatorLost))]);
    scene.run_for(1_000);
    assert!(scene.stands() && scene.outputs().brake);
    assert_eq!((scene.status().mode, scene.status().cause), (Mode::Failsafe, Some(Reason::OperatorLost)));
}

#[test]
fn a_setpoint_lapses_after_its_hold() {
    let mut scene = Scene::ready();
    scene.send("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=150");
    scene.send("DRIVE MPH=2 DEGREES_PER_S=0 HOLD_MS=150");
    assert_eq!(until_brake(&mut scene), 150);
    assert_eq!(scene.events(), [(EventKind::Failsafe, Some(Reason::HoldLapsed))]);
}

#[test]
fn admitted_commands_and_heartbeats_renew_discrete_motion() {
    let mut scene = Scene::ready();
    scene.send("ACCELERATE");
    for words in ["HEARTBEAT", "LOCK_DOORS", "HEARTBEAT ID=h", "TURN_ON_HEADLIGHTS ID=l"] {
        scene.run_for(4_900);
        scene.send(words);
    }
    assert_eq!(until_brake(&mut scene), 5_000);
}

#[test]
fn a_heartbeat_renews_no_setpoint() {
    let mut scene = Scene::ready();
    scene.stick("MPH=2 DEGREES_PER_S=0", 500);
    scene.send("HEARTBEAT");
    assert!(until_brake(&mut scene) <= 150);
}

#[test]
fn questions_session_requests_and_refused_repeated_and_retained_messages_renew_nothing() {
    let mut scene = Scene::ready();
    let beat = scene.timed("HEARTBEAT ID=t", 4_000);
    for words in ["LOCK_DOORS ID=seen", "HEARTBEAT ID=seen", &beat, "ACCELERATE ID=go"] {
        scene.send(words);
    }
    for _ in 0..49 {
        scene.run_for(100);
        for words in [
            "REPORT_STATUS",
            "UNLOCK_DOORS",
            "FLY",
            "LOCK_DOORS ID=seen",
            "ACCELERATE ID=go",
            "HEARTBEAT ID=seen",
            &beat,
            "DRIVE MPH=1 DEGREES_PER_S=0 HOLD_MS=200",
            "CANCEL ID=none",
            "ACCELERATE ID=old EPOCH=07070707070707070707070707070707 EXP=1",
        ] {
            scene.send(words);
        }
        scene.deliver(Topic::SessionRequest, false, br#"{"NONCE":"000102030405060708090a0b0c0d0e0f"}"#);
        scene.deliver(Topic::Drive, true, json("HEARTBEAT").as_bytes());
    }
    assert!(!scene.outputs().brake);
    assert_eq!(until_brake(&mut scene), 100);
}

#[test]
fn a_repeated_setpoint_does_not_prolong_its_hold() {
    let mut scene = Scene::ready();
    scene.send("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=200");
    for _ in 0..4 {
        scene.send("DRIVE MPH=2 DEGREES_PER_S=0 HOLD_MS=200 ID=once");
        scene.run_for(50);
    }
    assert!(scene.outputs().brake);
}

#[test]
fn the_lease_ends_even_if_the_loop_wakes_only_at_deadlines() {
    let mut scene = Scene::ready();
    scene.send("ACCELERATE");
    scene.run_for(60_000);
    let powered = scene.trace.iter().rposition(|(_, outputs, _)| outputs.drivetrain.is_powered()).unwrap();
    let (at, _, _) = &scene.trace[powered + 1];
    assert!(at.clock() <= 1_000 + 5_000 + 300, "{at:?}");
}

#[test]
fn a_stall_of_the_loop_ends_the_motion_when_it_is_over() {
    let mut scene = Scene::ready().rolling(1);
    scene.now = scene.now.after(std::time::Duration::from_secs(6));
    scene.send("HEARTBEAT");
    assert!(scene.outputs().brake, "too late to renew anything");
}

#[test]
fn a_lease_is_not_renewed_by_a_new_link() {
    let mut scene = Scene::ready();
    scene.send("ACCELERATE");
    scene.run_for(4_000);
    scene.tell(Input::LinkUp { connection: 2, dropped: 0 });
    assert_eq!(until_brake(&mut scene), 1_000);
}
