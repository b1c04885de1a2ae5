//! What is told without being asked, how often, and how rarely the vehicle wants to be woken.

use super::Scene;
use crate::control::{Input, Report, SafetyChecks, Vehicle, samples};
use vehicle_protocol::{EventKind, Reason, Topic};

#[test]
fn a_new_link_gets_the_description_and_the_status() {
    let mut scene = Scene::new();
    let topics: Vec<Topic> = scene.reports.iter().map(|(_, report)| report.topic()).collect();
    assert_eq!(
        topics,
        [Topic::Events, Topic::Description, Topic::Status],
        "the first one hears of the start"
    );
    scene.reports.clear();
    scene.tell(Input::LinkLost);
    scene.tell(Input::LinkUp { connection: 2, dropped: 3 });
    assert_eq!(scene.reports.len(), 2);
    assert_eq!(scene.statuses()[0].link.dropped, 3);
}

#[test]
fn status_follows_a_change_but_at_most_ten_times_a_second() {
    let mut scene = Scene::new();
    scene.run_for(1_000);
    scene.statuses();
    scene.send("TURN_ON_HEADLIGHTS");
    assert!(scene.statuses()[0].headlights);
    for n in 0..100 {
        scene.send(if n % 2 == 0 { "TURN_OFF_HEADLIGHTS" } else { "TURN_ON_HEADLIGHTS" });
        scene.run_for(10);
    }
    assert!((9..=11).contains(&scene.statuses().len()));
    scene.send("TURN_ON_HEADLIGHTS");
    scene.send("TURN_OFF_HEADLIGHTS");
    scene.run_for(200);
    assert!(!scene.statuses().last().unwrap().headlights, "what changed last is told");
}

#[test]
fn the_end_of_motion_is_told_after_every_kind_of_stop() {
    let stops: [fn(&mut Scene); 5] = [
        |scene| scene.send("BRAKE"),
        |scene| scene.send("EMERGENCY_STOP"),
        |scene| scene.tell(Input::Fault(Reason::GuardLost)),
        |scene| scene.run_for(10_000),
        |scene| scene.send("TURN_OFF_ENGINE"),
    ];
    for (n, stop) in stops.into_iter().enumerate() {
        let mut scene = Scene::ready().rolling(3);
        stop(&mut scene);
        scene.run_for(5_000);
        assert!(scene.stands());
        let speeds = scene.reports.iter().filter_map(|(_, report)| {
            let Report::Telemetry(telemetry) = report else {
                return if let Report::Status(status) = report { Some(status.speed_mph) } else { None };
            };
            telemetry.speed_mph
        });
        assert_eq!(speeds.collect::<Vec<_>>().last(), Some(&0.0), "stop {n}");
    }
}

#[test]
fn telemetry_tells_what_changed_at_most_five_times_a_second() {
    let mut scene = Scene::ready().rolling(2);
    scene.telemetry();
    scene.run_for(2_000);
    let told = scene.telemetry();
    assert!((9..=10).contains(&told.len()), "{}", told.len());
    for telemetry in told {
        assert!(telemetry.y_m.is_some() && telemetry.x_m.is_none() && telemetry.pose.is_none());
        assert!(telemetry.target_speed_mph.is_none() && telemetry.heading_degrees.is_none());
    }
}

#[test]
fn intrusions_are_told_at_once_and_then_together_once_a_second() {
    let mut scene = Scene::new();
    scene.run_for(100);
    for _ in 0..30 {
        scene.deliver(Topic::Commands, false, b"?");
        scene.run_for(100);
    }
    let events = scene.event_reports();
    let counts: Vec<_> = events.iter().map(|event| event.count.unwrap()).collect();
    assert_eq!(counts, [1, 9, 10, 10], "none is lost");
    assert!(
        events
            .iter()
            .all(|event| event.event == EventKind::Intrusion && event.cause == Some(Reason::Malformed))
    );
}

#[test]
fn a_parked_connected_vehicle_wakes_for_the_heartbeat_only() {
    for engine in [false, true] {
        let mut scene = Scene::ready().rolling(1);
        scene.send("PARK");
        if !engine {
            scene.send("TURN_OFF_ENGINE");
        }
        scene.run_for(60_000);
        (scene.wakes, scene.reports) = (0, Vec::new());
        scene.run_for(600_000);
        assert_eq!(scene.wakes, 10, "engine {engine}");
        assert_eq!(scene.statuses().len(), 10);
        assert!(scene.reports.is_empty());
    }
}

#[test]
fn a_stopped_vehicle_wakes_for_the_heartbeat_only() {
    let stops: [fn(&mut Scene); 4] = [
        |scene| scene.send("EMERGENCY_STOP"),
        |scene| scene.tell(Input::Fault(Reason::GuardLost)),
        |scene| scene.tell(Input::BoardFailed("left: stuck".to_owned())),
        |_| {},
    ];
    for stop in stops {
        let mut scene = Scene::ready().rolling(2);
        stop(&mut scene);
        scene.run_for(60_000);
        scene.wakes = 0;
        scene.run_for(600_000);
        assert_eq!(scene.wakes, 10);
    }
}

#[test]
fn an_unconnected_vehicle_that_stands_never_wants_to_be_woken() {
    assert_eq!(Vehicle::new(samples::setup(), SafetyChecks::ALL).deadline(), None);
    let mut scene = Scene::ready().rolling(2);
    scene.tell(Input::LinkLost);
    scene.run_for(20_000);
    assert_eq!(scene.vehicle.deadline(), None);
    scene.reports.clear();
    scene.tick();
    assert!(scene.reports.is_empty());
}

#[test]
fn counters_count_what_was_received_executed_and_refused() {
    let mut scene = Scene::new();
    for words in ["LOCK_DOORS", "ACCELERATE", "REPORT_STATUS", "FLY"] {
        scene.send(words);
    }
    let status = scene.status();
    assert_eq!((status.link.received, status.executed, status.refused), (4, 2, 2));
}
