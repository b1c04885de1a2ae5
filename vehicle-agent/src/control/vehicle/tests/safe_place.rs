//! Section 6 of the contract: PARK_IN_SAFE_PLACE, and last wills as commands.

use super::Scene;
use crate::control::{Input, Kinematics, Setup};
use std::time::Duration;
use vehicle_protocol::{EventKind, Mode, Reason, State};

/// Measured, with the engine on and an operator who was heard just now.
fn willing(change: impl FnOnce(&mut Setup)) -> Scene {
    let mut scene = Scene::with(|setup| {
        setup.fittings.odometry = true;
        change(setup);
    })
    .started();
    scene.send("HEARTBEAT");
    scene
}

/// How far it is from the safe place.
fn away(scene: &Scene) -> f64 {
    let pose = scene.vehicle.motion.pose();
    (pose.x - 3.0).hypot(pose.y - 4.0)
}

fn is_parked(scene: &Scene) -> bool {
    scene.stands() && scene.status().parking_brake && scene.outputs().parking_lights
}

/// The DETAIL of the one terminal answer, which is a success.
fn detail(scene: &mut Scene) -> String {
    let answers = scene.answers();
    let ends: Vec<_> = answers.into_iter().filter(|answer| answer.state.is_terminal()).collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(ends[0].state, State::Succeeded);
    ends[0].detail.clone().unwrap_or_default()
}

#[test]
fn it_drives_to_the_place_with_progress_and_parks_there() {
    for kinematics in
        [Kinematics::SkidSteer { track: 0.5 }, Kinematics::SteeringServo { wheelbase: 0.3, full_lock: 30.0 }]
    {
        let mut scene = willing(|setup| setup.kinematics = kinematics);
        scene.answers();
        scene.send("PARK_IN_SAFE_PLACE ID=p");
        assert_eq!(scene.status().mode, Mode::Autonomous);
        let mut progress = Vec::new();
        while !is_parked(&scene) {
            scene.run_for(1_000);
            let told: Vec<_> = scene.answers().iter().filter_map(|answer| answer.progress).collect();
            assert!(!told.is_empty() || is_parked(&scene), "each second");
            progress.extend(told);
        }
        assert!(progress.is_sorted() && progress.iter().max() > Some(&80), "{progress:?}");
        assert!(away(&scene) < 0.6, "{} m", away(&scene));
        assert_eq!(scene.vehicle.running.len(), 0);
    }
}

#[test]
fn it_parks_where_it_stands_and_says_why_unless_everything_holds() {
    let cases: [(&str, Scene); 5] = [
        ("autonomy", willing(|setup| setup.autonomy.enabled = false)),
        ("safe place", willing(|setup| setup.autonomy.safe_place = None)),
        ("pose", {
            let mut scene = Scene::ready();
            scene.send("HEARTBEAT");
            scene
        }),
        ("ENGINE_OFF", Scene::measured()),
        ("operator", {
            let mut scene = willing(|_| {});
            scene.run_for(15_001);
            scene
        }),
    ];
    for (why, mut scene) in cases {
        scene.answers();
        scene.send("PARK_IN_SAFE_PLACE ID=p");
        assert!(is_parked(&scene), "{why}");
        assert!(detail(&mut scene).contains(why), "{why}");
        scene.run_for(10_000);
        assert!(is_parked(&scene));
    }
}

#[test]
fn in_emergency_stop_it_parks_where_it_stands() {
    let mut scene = willing(|_| {});
    scene.ask("EMERGENCY_STOP");
    scene.send("PARK_IN_SAFE_PLACE ID=p");
    assert!(detail(&mut scene).contains("EMERGENCY_STOPPED"));
    assert!(!scene.outputs().enable);
}

#[test]
fn a_plain_one_does_not_wake_a_parked_vehicle_and_an_identified_one_does() {
    for (words, mode) in
        [("PARK_IN_SAFE_PLACE", Mode::Standing), ("PARK_IN_SAFE_PLACE ID=p", Mode::Autonomous)]
    {
        let mut scene = willing(|_| {});
        scene.ask("PARK");
        scene.send(words);
        assert_eq!(scene.status().mode, mode, "{words}");
    }
}

#[test]
fn a_plain_one_does_not_drive_away_from_where_the_vehicle_is_about_to_park() {
    let mut scene = willing(|_| {}).rolling(4);
    scene.send("PARK");
    scene.send("PARK_IN_SAFE_PLACE");
    assert_eq!(scene.status().mode, Mode::Braking);
    scene.run_for(3_000);
    assert!(is_parked(&scene));
}

#[test]
fn a_last_will_is_no_sign_of_an_operator() {
    let mut scene = willing(|_| {}).rolling(1);
    scene.tell(Input::LinkLost);
    scene.run_for(16_000);
    for words in ["PARK_IN_SAFE_PLACE", "PARK_IN_SAFE_PLACE", "PARK_IN_SAFE_PLACE ID=p"] {
        scene.send(words);
        assert_eq!(scene.status().mode, Mode::Failsafe, "{words}");
        scene.run_for(100);
    }
    assert!(is_parked(&scene));
}

#[test]
fn it_is_bounded_in_duration() {
    let mut scene = willing(|setup| setup.autonomy.duration = Duration::from_secs(3));
    scene.answers();
    scene.send("PARK_IN_SAFE_PLACE ID=p");
    scene.run_for(4_500);
    assert!(is_parked(&scene) && away(&scene) > 1.0);
    assert!(
        scene
            .answers()
            .iter()
            .any(|answer| answer.detail.as_deref().is_some_and(|why| why.contains("too long")))
    );
}

#[test]
fn it_is_bounded_in_distance_and_speed() {
    let mut scene = willing(|setup| setup.autonomy.distance = 1.0);
    scene.answers();
    scene.send("PARK_IN_SAFE_PLACE ID=p");
    let mut fastest = 0.0f64;
    while scene.status().mode == Mode::Autonomous {
        scene.run_for(20);
        fastest = fastest.max(scene.vehicle.motion.pose().speed);
    }
    scene.run_for(2_000);
    let pose = scene.vehicle.motion.pose();
    assert!(is_parked(&scene) && pose.x.hypot(pose.y) < 1.6, "{pose:?}");
    assert!(fastest < 1.05, "{fastest}");
    assert!(
        scene
            .answers()
            .iter()
            .any(|answer| answer.detail.as_deref().is_some_and(|why| why.contains("distance")))
    );
}

#[test]
fn neither_heartbeats_nor_a_will_that_comes_again_prolong_it() {
    let mut scene = willing(|setup| setup.autonomy.duration = Duration::from_secs(3));
    scene.send("PARK_IN_SAFE_PLACE ID=p");
    scene.run_attended(4);
    assert!(is_parked(&scene));
}

#[test]
fn it_parks_where_it_is_when_the_link_is_lost() {
    let mut scene = willing(|_| {});
    scene.answers();
    scene.send("PARK_IN_SAFE_PLACE ID=p");
    scene.run_for(4_000);
    scene.events();
    scene.tell(Input::LinkLost);
    assert!(scene.outputs().brake);
    assert_eq!(scene.trace.last().map(|(_, _, cause)| cause.as_str()), Some("LINK_LOST"));
    scene.run_for(2_000);
    assert!(is_parked(&scene) && away(&scene) > 1.0);
    assert_eq!(scene.events(), [(EventKind::Failsafe, Some(Reason::LinkLost))]);
    assert!(scene.ends().ends_with("p: SUCCEEDED"));
}

#[test]
fn an_operator_takes_over_by_any_motion_command_and_by_cancel() {
    for (words, end) in [
        ("ACCELERATE", "p: SUPERSEDED, SUCCEEDED"),
        ("ROTATE_LEFT DEGREES=30", "p: SUPERSEDED"),
        ("BRAKE", "p: SUPERSEDED"),
        ("PARK", "p: SUPERSEDED"),
        ("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=200", "p: SUPERSEDED"),
        ("CANCEL ID=p", "p: CANCELED, p: SUCCEEDED"),
    ] {
        let mut scene = willing(|_| {});
        scene.send("PARK_IN_SAFE_PLACE ID=p");
        scene.run_for(4_000);
        assert_eq!(scene.ask(words), end);
        scene.run_for(8_000);
        assert!(scene.stands(), "{words}");
    }
}
