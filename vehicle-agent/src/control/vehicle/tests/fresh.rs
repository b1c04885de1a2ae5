//! Section 4 of the contract: sessions, the timed shape, retained messages. S3: nothing late, nothing twice.

use super::Scene;
use crate::control::{Input, Report};
use std::time::Duration;
use vehicle_protocol::{Epoch, EventKind, Reason, SessionAnswer, Topic};

fn session(scene: &mut Scene, request: &str) -> Option<SessionAnswer> {
    scene.reports.clear();
    scene.deliver(Topic::SessionRequest, false, request.as_bytes());
    scene.reports.iter().find_map(|(_, report)| {
        if let Report::Session(answer) = report { Some(answer.clone()) } else { None }
    })
}

#[test]
fn a_request_for_a_session_is_answered_with_epoch_and_clock() {
    let mut scene = Scene::new();
    scene.run_for(234);
    let answer = session(&mut scene, r#"{"NONCE":"000102030405060708090a0b0c0d0e0f"}"#).unwrap();
    assert_eq!(
        String::from_utf8(Report::Session(answer).payload()).unwrap(),
        r#"{"NONCE":"000102030405060708090a0b0c0d0e0f","EPOCH":"07070707070707070707070707070707","CLOCK":1234}"#
    );
}

#[test]
fn a_signed_or_broken_request_is_counted_and_not_answered() {
    let mut scene = Scene::new();
    let nonce = r#""NONCE":"000102030405060708090a0b0c0d0e0f""#;
    for request in [
        "",
        "{}",
        &format!("{{{nonce},\"X\":1}}"),
        &format!("{{{nonce},\"KEY\":\"anna\",\"MAC\":\"0000000000000000\"}}"),
    ] {
        assert_eq!(session(&mut scene, request), None, "{request}");
    }
    scene.deliver(Topic::SessionRequest, true, format!("{{{nonce}}}").as_bytes());
    assert_eq!(scene.status().refused, 5);
}

#[test]
fn s3_a_timed_command_acts_until_the_last_millisecond_of_its_exp() {
    for (late, end) in [(0, "a: SUCCEEDED"), (1, "a: EXPIRED EXPIRED")] {
        let mut scene = Scene::ready();
        let command = scene.timed("ACCELERATE ID=a", 500);
        scene.run_for(500 + late);
        assert_eq!(scene.ask(&command), end);
    }
}

#[test]
fn s3_motion_lives_2_s_and_everything_else_10() {
    let mut scene = Scene::ready();
    for (words, life) in [("ACCELERATE", 2_000), ("ROTATE_LEFT DEGREES=1", 2_000), ("LOCK_DOORS", 10_000)] {
        let long = scene.timed(&format!("{words} ID=long"), life + 1);
        assert_eq!(scene.ask(&long), "long: REJECTED TTL_TOO_LONG");
        let good = scene.timed(&format!("{words} ID={life}{}", words.len()), life);
        assert!(!scene.ask(&good).contains("REJECTED"), "{words}");
    }
}

#[test]
fn s3_a_command_of_another_boot_is_refused() {
    let mut scene = Scene::ready();
    let command = scene.timed("ACCELERATE ID=a", 500).replace("EPOCH=07", "EPOCH=08");
    assert_eq!(scene.ask(&command), "a: REJECTED BAD_EPOCH");
    let mine = scene.timed("ACCELERATE ID=b", 500);
    scene.tell(Input::Suspended(Epoch([9; 16])));
    assert_eq!(scene.ask(&mine), "b: REJECTED BAD_EPOCH");
}

#[test]
fn s3_a_turn_that_waits_beyond_its_exp_is_not_begun() {
    let mut scene = Scene::ready();
    let waits = scene.timed("ROTATE_RIGHT DEGREES=90 ID=b", 1_500);
    scene.send("ROTATE_RIGHT DEGREES=180 ID=a");
    scene.send(&waits);
    scene.run_for(4_500);
    assert_eq!(scene.ends(), "a: SUCCEEDED, b: EXPIRED EXPIRED");
    assert!((scene.vehicle.motion.pose().heading - 180.0).abs() <= 0.5);
}

#[test]
fn s3_a_turn_that_begins_in_the_last_millisecond_of_its_exp_is_finished_after_it() {
    for (late, end) in [(0, "a: SUCCEEDED"), (1, "a: EXPIRED EXPIRED")] {
        let mut scene = Scene::ready();
        let turn = scene.timed("ROTATE_RIGHT DEGREES=180 ID=a", 0);
        scene.send(&turn);
        scene.now = scene.now.after(Duration::from_millis(late));
        scene.run_for(4_000);
        assert_eq!(scene.ends(), end);
    }
}

#[test]
fn s3_a_repeated_timed_command_has_its_one_end_even_after_its_exp() {
    let mut scene = Scene::ready();
    let turn = scene.timed("ROTATE_RIGHT DEGREES=90 ID=a", 1_000);
    scene.send(&turn);
    scene.run_for(1_200);
    let other = scene.timed("LOCK_DOORS ID=b", 1_000);
    scene.send(&other);
    assert_eq!(scene.ask(&turn), "", "it goes on");
    scene.run_for(2_000);
    assert_eq!(scene.ends(), "a: SUCCEEDED");
    assert_eq!(scene.ask(&turn), "a: SUCCEEDED");
    scene.run_for(2_000);
    assert!((scene.vehicle.motion.pose().heading - 90.0).abs() <= 0.5, "once");
}

#[test]
fn s3_setpoints_never_come_twice_nor_an_older_one_after_a_newer() {
    let mut scene = Scene::ready();
    scene.send("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=500");
    let slow = scene.timed("DRIVE MPH=1 DEGREES_PER_S=0 HOLD_MS=500 ID=s", 300);
    let fast = scene.timed("DRIVE MPH=4 DEGREES_PER_S=0 HOLD_MS=500 ID=f", 301);
    assert_eq!(scene.ask(&fast), "");
    assert_eq!(scene.ask(&slow), "s: REJECTED BAD_COUNTER");
    scene.run_for(150);
    let lease = scene.vehicle.mode.lease().copied();
    scene.send(&fast);
    assert_eq!(scene.vehicle.mode.lease().copied(), lease);
    assert!((scene.status().target_speed_mph - 4.0).abs() < 1e-9);
    let newer = scene.timed("DRIVE MPH=1 DEGREES_PER_S=0 HOLD_MS=500 ID=n", 300);
    assert_eq!(scene.ask(&newer), "");
    assert!((scene.status().target_speed_mph - 1.0).abs() < 1e-9);
}

#[test]
fn a_retained_command_is_never_executed_but_counted_and_reported() {
    for words in ["ACCELERATE", "BRAKE ID=b", "EMERGENCY_STOP", "PARK_IN_SAFE_PLACE"] {
        let mut scene = Scene::ready().rolling(1);
        let before = (scene.outputs(), scene.status().target_speed_mph);
        scene.events();
        scene.deliver(Topic::Commands, true, super::json(words).as_bytes());
        assert!(scene.ends().ends_with("REJECTED RETAINED"), "{words}");
        assert_eq!((scene.outputs(), scene.status().target_speed_mph), before);
        assert_eq!(scene.events(), [(EventKind::Intrusion, Some(Reason::Retained))]);
        assert_eq!(scene.status().refused, 1);
    }
    let mut scene = Scene::new();
    scene.deliver(Topic::Commands, true, b"nonsense");
    assert_eq!(scene.ends(), "REJECTED RETAINED");
}

#[test]
fn a_stop_needs_no_freshness() {
    for words in ["BRAKE ID=a", "TURN_OFF_ENGINE ID=a", "EMERGENCY_STOP ID=a"] {
        let mut scene = Scene::ready().rolling(1);
        let old = format!("{words} EPOCH={} EXP=1", "00".repeat(16));
        scene.send(&old);
        assert!(scene.outputs().brake, "{words}");
        scene.run_for(1_000);
        assert_eq!(scene.ends(), "a: SUCCEEDED");
    }
}

#[test]
fn stops_with_an_expiry_in_a_thousand_years_fill_no_memory() {
    let mut scene = Scene::ready();
    for n in 0..2_000 {
        scene.send(&format!("BRAKE ID={n} EPOCH={} EXP=9007199254740991", "00".repeat(16)));
    }
    let timed = scene.timed("LOCK_DOORS ID=a", 500);
    assert_eq!(scene.ask(&timed), "a: SUCCEEDED");
}

#[test]
fn more_timed_commands_than_can_be_remembered_are_busy_until_some_have_expired() {
    let mut scene = Scene::new();
    for n in 0..1_024 {
        let command = scene.timed(&format!("LOCK_DOORS ID={n}"), 10_000);
        assert_eq!(scene.ask(&command), format!("{n}: SUCCEEDED"));
    }
    let more = scene.timed("LOCK_DOORS ID=x", 10_000);
    assert_eq!(scene.ask(&more), "x: REJECTED BUSY");
    scene.run_for(10_001);
    let more = scene.timed("LOCK_DOORS ID=x", 10_000);
    assert_eq!(scene.ask(&more), "x: SUCCEEDED");
}
