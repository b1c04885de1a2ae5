//! Section 1 of the contract: what there is beyond the sixteen commands, the emergency stop apart.

use super::Scene;
use vehicle_protocol::Topic;

#[test]
fn a_setpoint_holds_from_100_ms_to_the_longest_hold() {
    let mut scene = Scene::ready();
    for (hold, end) in [(99, "REJECTED OUT_OF_RANGE"), (100, ""), (500, ""), (501, "REJECTED OUT_OF_RANGE")] {
        assert_eq!(scene.ask(&format!("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS={hold}")), end, "{hold}");
        scene.run_for(1_100);
    }
}

#[test]
fn a_setpoint_drives_both_ways_and_is_not_answered() {
    let mut scene = Scene::ready();
    scene.stick("MPH=-2 DEGREES_PER_S=30", 2_000);
    assert_eq!(scene.answers(), []);
    let pose = scene.vehicle.motion.pose();
    assert!((pose.speed + 0.894).abs() < 0.001 && (pose.turn_rate - 30.0).abs() < 1e-9, "{pose:?}");
}

#[test]
fn a_released_stick_stops_and_is_no_failsafe() {
    let mut scene = Scene::ready();
    scene.stick("MPH=2 DEGREES_PER_S=0", 1_000);
    scene.send("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=500");
    scene.run_for(2_000);
    assert!(scene.stands());
    assert_eq!(scene.events(), []);
}

#[test]
fn a_heartbeat_is_unanswered_and_does_nothing_else() {
    let mut scene = Scene::ready();
    let before = (scene.outputs(), scene.status().mode);
    scene.send("HEARTBEAT");
    scene.send("HEARTBEAT ID=h");
    assert_eq!(scene.answers(), []);
    assert_eq!((scene.outputs(), scene.status().mode), before);
}

#[test]
fn setpoints_and_heartbeats_belong_on_the_drive_topic_and_everything_else_beside_it() {
    let mut scene = Scene::ready();
    for words in ["DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=200", "HEARTBEAT"] {
        scene.deliver(Topic::Commands, false, super::json(words).as_bytes());
        assert_eq!(scene.ends(), "REJECTED UNSUPPORTED", "{words}");
    }
    scene.deliver(Topic::Drive, false, br#"{"CMD":"ACCELERATE","ID":"a"}"#);
    scene.deliver(Topic::Drive, false, br#"{"CMD":"LOCK_DOORS","ID":"c"}"#);
    assert_eq!(scene.ends(), "a: REJECTED UNSUPPORTED, c: REJECTED UNSUPPORTED", "neither is of the stream");
    scene.deliver(Topic::Drive, false, br#"{"CMD":"BRAKE","ID":"b"}"#);
    assert_eq!(scene.ends(), "b: SUCCEEDED", "a stop is taken wherever it comes");
}

#[test]
fn what_comes_on_the_vehicles_own_topics_is_no_command() {
    let mut scene = Scene::ready();
    for topic in [Topic::Status, Topic::Presence, Topic::ExecutedCommands, Topic::Events] {
        scene.deliver(topic, false, br#"{"CMD":"ACCELERATE"}"#);
    }
    assert_eq!(scene.ends(), "");
    assert!(scene.stands());
}

#[test]
fn control_is_taken_by_the_first_motion_and_lapses_ten_seconds_after_the_last_word() {
    let mut scene = Scene::ready();
    assert_eq!(scene.status().driver, None);
    scene.ask("ACCELERATE");
    assert_eq!(scene.status().driver.as_deref(), Some("unsigned"));
    scene.ask("BRAKE");
    scene.run_for(9_000);
    scene.send("HEARTBEAT");
    scene.run_for(9_900);
    assert!(scene.status().driver.is_some());
    scene.send("REPORT_STATUS");
    scene.run_for(200);
    assert_eq!(scene.status().driver, None, "a question does not hold it");
}

#[test]
fn control_can_be_taken_and_released_on_purpose() {
    let mut scene = Scene::new();
    assert_eq!(scene.ask("RELEASE_CONTROL"), "REJECTED NOT_IN_CONTROL");
    assert_eq!(scene.ask("TAKE_CONTROL"), "SUCCEEDED");
    assert_eq!(scene.status().driver.as_deref(), Some("unsigned"));
    assert_eq!(scene.ask("RELEASE_CONTROL"), "SUCCEEDED");
    assert_eq!(scene.status().driver, None);
}

#[test]
fn who_releases_control_while_driving_stops() {
    let mut scene = Scene::ready().rolling(2);
    assert_eq!(scene.ask("RELEASE_CONTROL"), "SUCCEEDED");
    assert!(scene.outputs().brake);
    scene.run_for(1_000);
    assert!(scene.stands());
}

#[test]
fn the_horn_sounds_for_its_time() {
    let mut scene = Scene::new();
    for (words, millis) in [("HORN", 500), ("HORN DURATION_MS=1", 1), ("HORN DURATION_MS=5000", 5_000)] {
        assert_eq!(scene.ask(words), "SUCCEEDED");
        assert_eq!(scene.run_until(6_000, |scene| !scene.outputs().horn), millis);
    }
    for words in ["HORN DURATION_MS=0", "HORN DURATION_MS=5001"] {
        assert_eq!(scene.ask(words), "REJECTED OUT_OF_RANGE");
    }
}

#[test]
fn report_status_publishes_the_full_status_now() {
    let mut scene = Scene::new();
    scene.run_for(10);
    scene.statuses();
    assert_eq!(scene.ask("REPORT_STATUS"), "SUCCEEDED");
    assert_eq!(scene.statuses().len(), 1);
}

#[test]
fn the_safe_place_is_set_where_it_stands_and_only_there() {
    let mut scene = Scene::measured().started().rolling(2);
    assert_eq!(scene.ask("SET_SAFE_PLACE"), "REJECTED MOVING");
    scene.send("BRAKE");
    scene.run_for(2_000);
    assert_eq!(scene.ask("SET_SAFE_PLACE"), "SUCCEEDED");
    let pose = scene.vehicle.motion.pose();
    assert_eq!(scene.vehicle.setup.autonomy.safe_place, Some((pose.x, pose.y)));
}

#[test]
fn revoking_a_key_is_for_owners() {
    assert_eq!(Scene::new().ask("REVOKE_KEY TARGET_KEY=anna"), "REJECTED UNSIGNED");
}

#[test]
fn cancel_ends_parking_but_not_the_stopping_and_finds_no_stop() {
    let mut scene = Scene::ready().rolling(4);
    scene.send("PARK ID=p");
    scene.run_for(100);
    assert_eq!(scene.ask("CANCEL ID=p"), "p: CANCELED, p: SUCCEEDED");
    scene.run_for(2_000);
    assert!(scene.stands() && !scene.status().parking_brake);
    let mut scene = scene.rolling(4);
    scene.send("BRAKE ID=b");
    assert_eq!(scene.ask("CANCEL ID=b"), "b: REJECTED NOT_FOUND");
    scene.run_for(2_000);
    assert_eq!(scene.ends(), "b: SUCCEEDED");
}
