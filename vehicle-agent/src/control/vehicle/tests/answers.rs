//! Section 3 of the contract: answers to the letter, each command's one terminal answer, and input that is none.

use super::{Scene, json};
use crate::control::Report;
use vehicle_protocol::{Reason, State, Topic};

/// Everything that was answered since the last look, as it goes out.
fn wire(scene: &mut Scene) -> Vec<String> {
    scene
        .answers()
        .into_iter()
        .map(|answer| String::from_utf8(Report::Answer(answer).payload()).unwrap())
        .collect()
}

fn asked(scene: &mut Scene, json: &str) -> Vec<String> {
    scene.send_json(json);
    wire(scene)
}

#[test]
fn a_plain_success_is_exactly_what_existing_clients_wait_for() {
    let mut scene = Scene::ready();
    wire(&mut scene);
    for name in [
        "TURN_ON_ENGINE",
        "LOCK_DOORS",
        "UNLOCK_DOORS",
        "PARK",
        "TURN_ON_HEADLIGHTS",
        "TURN_OFF_HEADLIGHTS",
        "TURN_ON_PARKING_LIGHTS",
        "TURN_OFF_PARKING_LIGHTS",
        "ACCELERATE",
        "TURN_OFF_ENGINE",
    ] {
        let answers = asked(&mut scene, &json(name));
        assert_eq!(answers, [format!("{{\"SUCCESSFULLY_PROCESSED_COMMAND\":\"{name}\"}}")]);
    }
}

#[test]
fn a_plain_command_that_takes_long_is_answered_once_when_it_is_done() {
    let mut scene = Scene::ready();
    scene.send("ROTATE_RIGHT DEGREES=90");
    scene.run_for(1_000);
    scene.send("PARK_IN_SAFE_PLACE");
    scene.run_for(1_000);
    assert_eq!(
        wire(&mut scene),
        [
            r#"{"CMD":"ROTATE_RIGHT","STATE":"SUPERSEDED","DETAIL":"by PARK_IN_SAFE_PLACE","CLOCK":2000}"#,
            r#"{"SUCCESSFULLY_PROCESSED_COMMAND":"PARK_IN_SAFE_PLACE"}"#,
        ]
    );
}

#[test]
fn an_identified_success_and_a_failure_are_to_the_letter() {
    let mut scene = Scene::ready();
    wire(&mut scene);
    assert_eq!(
        asked(&mut scene, r#"{"CMD":"LOCK_DOORS","ID":"a"}"#),
        [
            r#"{"CMD":"LOCK_DOORS","ID":"a","STATE":"SUCCEEDED","CLOCK":1000,"SUCCESSFULLY_PROCESSED_COMMAND":"LOCK_DOORS"}"#
        ]
    );
    assert_eq!(
        asked(&mut scene, r#"{"CMD":"SET_SAFE_PLACE"}"#),
        [
            r#"{"CMD":"SET_SAFE_PLACE","STATE":"REJECTED","REASON":"UNSUPPORTED","DETAIL":"nothing here measures where the vehicle is","CLOCK":1000}"#
        ]
    );
}

#[test]
fn what_goes_on_says_so_at_least_once_a_second_and_never_goes_back() {
    let mut scene = Scene::ready();
    scene.answers();
    scene.send("ROTATE_RIGHT DEGREES=300 ID=a");
    let (mut last, mut count) = (0, 0);
    for _ in 0..5 {
        scene.run_for(1_000);
        let answers = scene.answers();
        assert!(!answers.is_empty());
        for answer in answers.iter().filter(|answer| answer.state == State::Executing) {
            assert!(answer.progress >= Some(last) && answer.progress <= Some(99) && answer.clock.is_some());
            last = answer.progress.unwrap();
            count += 1;
        }
    }
    assert!(last > 80 && count >= 6, "{last} {count}");
}

#[test]
fn a_repeated_id_is_answered_with_the_present_or_final_state_and_not_executed_again() {
    let mut scene = Scene::ready();
    scene.send("ACCELERATE ID=a");
    assert_eq!(scene.ask("ACCELERATE ID=a"), "a: SUCCEEDED");
    assert!((scene.status().target_speed_mph - 1.118).abs() < 1e-9, "one step");
    scene.send("ROTATE_RIGHT DEGREES=90 ID=r");
    scene.run_for(600);
    scene.answers();
    scene.send("ROTATE_RIGHT DEGREES=90 ID=r");
    let answers = scene.answers();
    assert_eq!(answers.len(), 1);
    assert!(answers[0].state == State::Executing && answers[0].progress > Some(0));
    scene.run_for(3_000);
    assert_eq!(scene.ends(), "r: SUCCEEDED");
    assert_eq!(scene.ask("LOCK_DOORS ID=r"), "r: SUCCEEDED", "what the ID was first given to");
}

#[test]
fn a_refused_command_may_be_sent_again_under_its_id() {
    let mut scene = Scene::new();
    assert_eq!(scene.ask("ACCELERATE ID=a"), "a: REJECTED ENGINE_OFF");
    scene.ask("TURN_ON_ENGINE");
    assert_eq!(scene.ask("ACCELERATE ID=a"), "a: SUCCEEDED");
}

#[test]
fn a_repeated_stop_is_applied_and_answered_again() {
    let mut scene = Scene::ready().rolling(2);
    scene.send("BRAKE ID=b");
    scene.run_for(1_000);
    assert_eq!(scene.ends(), "b: SUCCEEDED");
    let mut scene = scene.rolling(2);
    assert_eq!(scene.ask("BRAKE ID=b"), "");
    assert!(scene.outputs().brake);
    scene.send("BRAKE ID=b");
    scene.run_for(1_000);
    assert_eq!(scene.ends(), "b: SUCCEEDED, b: SUCCEEDED", "each time it came, even while it was under way");
}

#[test]
fn the_256_ids_before_are_remembered_and_what_goes_on_longer_than_that() {
    let mut scene = Scene::ready();
    scene.send("ACCELERATE ID=first");
    scene.send("ROTATE_RIGHT DEGREES=300 ID=long");
    for n in 0..254 {
        scene.send(&format!("LOCK_DOORS ID={n}"));
    }
    assert_eq!(scene.ask("ACCELERATE ID=first"), "first: SUCCEEDED");
    assert!((scene.status().target_speed_mph - 1.118).abs() < 1e-9, "not again");
    scene.send("LOCK_DOORS ID=254");
    scene.send("LOCK_DOORS ID=255");
    scene.send("ACCELERATE ID=first");
    assert!((scene.status().target_speed_mph - 2.237).abs() < 1e-9, "forgotten");
    scene.send("ROTATE_RIGHT DEGREES=300 ID=long");
    assert_eq!(scene.vehicle.running.len(), 1);
}

#[test]
fn more_than_64_commands_under_way_are_busy_but_stops_sticks_and_heartbeats_are_not() {
    let mut scene = Scene::ready().rolling(4);
    for n in 0..64 {
        assert_eq!(scene.ask(&format!("PARK ID={n}")), "");
    }
    assert_eq!(scene.ask("LOCK_DOORS"), "REJECTED BUSY");
    assert_eq!(scene.ask("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=100"), "");
    assert_eq!(scene.ask("HEARTBEAT"), "");
    assert_eq!(scene.ask("CANCEL ID=63"), "63: CANCELED, 63: SUCCEEDED");
    for n in 0..64 {
        assert_eq!(scene.ask(&format!("BRAKE ID=b{n}")), "");
    }
    assert_eq!(scene.ask("BRAKE ID=more"), "b0: SUPERSEDED", "room is made, and nothing is refused");
    scene.run_for(2_000);
    assert_eq!(scene.ends().matches("SUCCEEDED").count(), 63 + 64);
}

#[test]
fn input_that_is_no_command_is_malformed_named_as_far_as_it_can_be_read_and_changes_nothing() {
    let mut scene = Scene::ready();
    let before = (scene.outputs(), scene.status().mode);
    for (bytes, end) in [
        (&b""[..], "REJECTED MALFORMED"),
        (b"hello", "REJECTED MALFORMED"),
        (b"\xff\xfe\x00", "REJECTED MALFORMED"),
        (br#"{"CMD":"FLY","ID":"a"}"#, "a: REJECTED UNSUPPORTED"),
        (br#"{"CMD":"ACCELERATE","ID":"a","MPH":1}"#, "a: REJECTED MALFORMED"),
        (br#"{"CMD":"ACCELERATE","ID":"a","EXP":1}"#, "a: REJECTED MALFORMED"),
        (br#"{"CMD":"ACCELERATE","ID":null}"#, "REJECTED MALFORMED"),
        (br#"{"CMD":"ACCELERATE"}{}"#, "REJECTED MALFORMED"),
        (br#"{"CMD":"SET_MAX_SPEED","MPH":1e309}"#, "REJECTED MALFORMED"),
        (br#"{"CMD":"DRIVE","MPH":2000,"DEGREES_PER_S":0,"HOLD_MS":100}"#, "REJECTED OUT_OF_RANGE"),
    ] {
        let topic = if bytes.starts_with(br#"{"CMD":"DRIVE"#) { Topic::Drive } else { Topic::Commands };
        scene.answers();
        scene.deliver(topic, false, bytes);
        assert_eq!(scene.ends(), end, "{}", String::from_utf8_lossy(bytes));
    }
    scene.deliver(Topic::Commands, false, &vec![b'['; 200_000]);
    assert_eq!((scene.outputs(), scene.status().mode), before);
    assert_eq!(scene.status().refused, 11);
}

#[test]
fn a_signed_command_names_a_key_that_nobody_knows_and_is_no_stop() {
    let mut scene = Scene::ready().rolling(1);
    let zeros = |n| "0".repeat(n);
    let signed = format!("KEY=anna SID={} EPOCH={} CTR=1 EXP=9999 MAC={}", zeros(8), zeros(32), zeros(16));
    for command in [
        format!("ACCELERATE {signed}"),
        format!("BRAKE {signed}"),
        format!("BRAKE KEY=anna MAC={}", zeros(16)),
    ] {
        assert_eq!(scene.ask(&command), "REJECTED UNKNOWN_KEY");
    }
    assert!(!scene.outputs().brake);
}

#[test]
fn refusals_of_the_stream_are_answered_once_a_second() {
    let mut scene = Scene::ready();
    for _ in 0..60 {
        scene.send("DRIVE MPH=1 DEGREES_PER_S=0 HOLD_MS=200");
        scene.run_for(50);
    }
    assert_eq!(scene.ends(), ["REJECTED NOT_NEUTRAL"; 3].join(", "));
    assert_eq!(scene.status().refused, 60);
}

#[test]
fn a_flood_of_what_nobody_can_have_meant_is_answered_a_hundred_times_a_second() {
    let mut scene = Scene::new();
    scene.answers();
    for (retained, payload) in [(false, "]".to_owned()), (true, json("ACCELERATE ID=a"))] {
        for _ in 0..5_000 {
            scene.deliver(Topic::Commands, retained, payload.as_bytes());
        }
        let mut answers = scene.answers();
        assert_eq!(answers.pop().and_then(|last| last.reason), Some(Reason::RateLimited));
        assert_eq!(answers.len(), 100);
        scene.run_for(1_000);
    }
}
