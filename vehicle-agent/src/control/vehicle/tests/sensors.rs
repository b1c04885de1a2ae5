//! A battery that runs low, and sensors that fall silent.

use super::Scene;
use crate::control::{Battery, Input, Sensor, Sensors};
use vehicle_protocol::{EventKind, Mode, Reason};

const LOW: f64 = 6.0;
const FULL: f64 = 8.0;

/// A vehicle that measures its battery, from 6 V to 8 V, and its motor.
fn scene() -> Scene {
    Scene::with(|setup| {
        let battery = Battery { charge: vec![(LOW, 0.0), (FULL, 100.0)], low_pct: 10.0 };
        setup.sensors = Sensors { battery: Some(battery), others: vec!["motor_celsius".to_owned()] };
    })
}

fn measure(scene: &mut Scene, volts: f64, times: usize) {
    for _ in 0..times {
        scene.tell(Input::Measured(Sensor::Battery, Ok(volts)));
    }
}

#[test]
fn the_charge_stands_in_the_status_and_its_changes_in_telemetry_alone() {
    let mut scene = scene();
    measure(&mut scene, 7.0, 1);
    scene.tell(Input::Measured(Sensor::Other(0), Ok(31.25)));
    scene.run_for(1_000);
    let status = scene.status();
    assert_eq!((status.battery_pct, status.battery_v), (Some(50.0), Some(7.0)));
    assert_eq!(status.sensors.into_iter().collect::<Vec<_>>(), [("motor_celsius".to_owned(), 31.25)]);
    scene.reports.clear();
    measure(&mut scene, 6.98, 1);
    scene.tell(Input::Measured(Sensor::Other(0), Ok(32.0)));
    scene.run_for(1_000);
    assert_eq!(scene.statuses().len(), 0);
    let told: Vec<_> = scene.telemetry().iter().filter_map(|telemetry| telemetry.battery_pct).collect();
    assert_eq!(told, [49.0]);
}

#[test]
fn a_battery_that_runs_low_stops_what_moves_and_nothing_moves_until_it_is_charged() {
    let mut scene = scene().started().rolling(2);
    measure(&mut scene, LOW, 2);
    assert_eq!(scene.status().mode, Mode::Driving);
    measure(&mut scene, LOW, 1);
    assert!(scene.outputs().brake);
    assert_eq!(scene.status().cause, Some(Reason::LowBattery));
    assert_eq!(scene.events(), [(EventKind::Failsafe, Some(Reason::LowBattery))]);
    scene.run_for(3_000);
    assert!(scene.stands());
    assert_eq!(scene.ask("ACCELERATE"), "REJECTED LOW_BATTERY");
    assert_eq!(scene.ask("ROTATE_LEFT DEGREES=90"), "REJECTED LOW_BATTERY");
    for command in
        ["TURN_ON_HEADLIGHTS", "UNLOCK_DOORS", "PARK", "BRAKE", "TURN_OFF_ENGINE", "TURN_ON_ENGINE"]
    {
        assert_eq!(scene.ask(command), "SUCCEEDED", "{command}");
    }
    assert_eq!(scene.ask("ACCELERATE"), "REJECTED LOW_BATTERY");
    measure(&mut scene, FULL, 3);
    assert_eq!(scene.ask("ACCELERATE"), "SUCCEEDED");
}

#[test]
fn a_held_stick_is_stopped_too_and_is_refused_for_its_battery() {
    let mut scene = scene().started();
    scene.stick("MPH=2 DEGREES_PER_S=0", 400);
    measure(&mut scene, LOW, 3);
    assert_eq!(scene.status().cause, Some(Reason::LowBattery));
    scene.run_for(2_000);
    scene.answers();
    scene.stick("MPH=2 DEGREES_PER_S=0", 400);
    assert!(scene.stands() && scene.outputs().brake);
    assert!(scene.answers().iter().any(|answer| answer.reason == Some(Reason::LowBattery)));
}

#[test]
fn a_low_battery_of_a_vehicle_that_stands_is_told_once_and_stops_nothing() {
    let mut scene = scene().started();
    measure(&mut scene, LOW, 9);
    assert_eq!(scene.events(), [(EventKind::Fault, Some(Reason::LowBattery))]);
    assert_eq!((scene.status().mode, scene.status().cause), (Mode::Standing, None));
}

#[test]
fn a_vehicle_on_its_way_to_the_safe_place_parks_where_it_is() {
    let mut scene = Scene::with(|setup| {
        setup.fittings.odometry = true;
        let battery = Battery { charge: vec![(LOW, 0.0), (FULL, 100.0)], low_pct: 10.0 };
        setup.sensors.battery = Some(battery);
    })
    .started();
    scene.send("PARK_IN_SAFE_PLACE ID=p");
    scene.run_for(500);
    assert_eq!(scene.status().mode, Mode::Autonomous);
    measure(&mut scene, LOW, 3);
    scene.run_for(3_000);
    assert!(scene.status().parking_brake && scene.stands());
    assert_eq!(scene.ends(), "p: SUCCEEDED");
}

#[test]
fn a_sensor_that_falls_silent_is_told_once_and_stops_nothing() {
    let mut scene = scene().started().rolling(2);
    measure(&mut scene, FULL, 1);
    for _ in 0..5 {
        scene.tell(Input::Measured(Sensor::Battery, Err("in_voltage0_raw: no such file".to_owned())));
    }
    assert_eq!(scene.events(), [(EventKind::Fault, None)]);
    assert_eq!((scene.status().mode, scene.status().battery_pct), (Mode::Driving, None));
}
