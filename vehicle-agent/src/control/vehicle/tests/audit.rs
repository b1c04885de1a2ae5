//! The audit record: senders, commands, outcomes.

use super::Scene;
use super::console::driving;

#[test]
fn each_command_that_ends_or_is_refused_is_told_with_who_asked() {
    let (mut scene, mut tablet) = driving();
    assert_eq!(scene.audits(), ["tablet TURN_ON_ENGINE SUCCEEDED"]);
    tablet.ask(&mut scene, "ACCELERATE ID=go");
    scene.send("LOCK_DOORS");
    tablet.send(&mut scene, "SET_SAFE_PLACE");
    tablet.send(&mut scene, "BRAKE");
    scene.run_for(2_000);
    let expected = [
        "tablet ACCELERATE SUCCEEDED",
        "unsigned LOCK_DOORS REJECTED UNSIGNED",
        "tablet SET_SAFE_PLACE REJECTED FORBIDDEN",
        "tablet BRAKE SUCCEEDED",
    ];
    assert_eq!(scene.audits(), expected);
}

#[test]
fn setpoints_are_told_together_and_heartbeats_not_at_all() {
    let (mut scene, mut tablet) = driving();
    scene.audits();
    for _ in 0..400 {
        tablet.send(&mut scene, "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=200");
        tablet.send(&mut scene, "HEARTBEAT");
        scene.run_for(50);
    }
    scene.run_for(10_000);
    let audits = scene.audits();
    assert!(audits.len() <= 3, "{audits:?}");
    let told: usize = audits
        .iter()
        .filter_map(|line| line.split_once(" DRIVE SUCCEEDED x"))
        .map(|(_, n)| n.parse::<usize>().unwrap())
        .sum();
    assert_eq!(told, 400, "{audits:?}");
}

#[test]
fn a_flood_is_told_in_a_few_lines_that_count_it_whole() {
    let mut scene = Scene::new();
    scene.audits();
    for _ in 0..5_000 {
        scene.send("ACCELERATE");
        scene.send("TURN_ON_HEADLIGHTS");
    }
    scene.run_for(2_000);
    let audits = scene.audits();
    assert!(audits.len() <= 30, "{}", audits.len());
    for (words, all) in [("ACCELERATE REJECTED ENGINE_OFF", 5_000), ("TURN_ON_HEADLIGHTS SUCCEEDED", 5_000)] {
        let lines = audits.iter().filter(|line| line.contains(words));
        let told: usize =
            lines.map(|line| line.rsplit_once(" x").map_or(1, |(_, n)| n.parse::<usize>().unwrap())).sum();
        assert_eq!(told, all, "{words}");
    }
}

#[test]
fn many_kinds_of_refusals_do_not_make_many_lines() {
    let mut scene = Scene::new();
    scene.run_for(2_000);
    scene.audits();
    for name in vehicle_protocol::CommandName::ALL {
        for _ in 0..20 {
            scene.send_json(&format!(r#"{{"CMD":"{name}","MPH":-1,"DEGREES":-1}}"#));
            scene.send_json(&format!(r#"{{"CMD":"{name}","ID":"a","EPOCH":"{}","EXP":1}}"#, "00".repeat(16)));
        }
    }
    scene.run_for(1_000);
    let audits = scene.audits();
    assert!(audits.len() <= 70, "{}: {audits:#?}", audits.len());
}

#[test]
fn what_waits_to_be_told_is_told_before_the_agent_leaves() {
    let (mut scene, mut tablet) = driving();
    scene.audits();
    tablet.send(&mut scene, "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=200");
    scene.tell(crate::control::Input::Shutdown);
    assert_eq!(scene.audits(), ["tablet DRIVE SUCCEEDED x1"]);
}
