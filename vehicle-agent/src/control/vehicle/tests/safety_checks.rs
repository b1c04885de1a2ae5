//! With one protection off at a time the outputs differ: what the fault harness relies on.

use super::{Scene, json};
use crate::control::{Drivetrain, Duty, Outputs, SafetyChecks, samples};
use vehicle_protocol::Topic;

/// The outputs that `play` leads to, with every protection and with `hole`.
fn differ(hole: SafetyChecks, play: impl Fn(&mut Scene)) -> [Outputs; 2] {
    [SafetyChecks::ALL, hole].map(|checks| {
        let mut scene = Scene::of(samples::setup(), checks).started();
        play(&mut scene);
        scene.outputs()
    })
}

fn left(outputs: &Outputs) -> Duty {
    let Drivetrain::SkidSteer { left, .. } = outputs.drivetrain else { panic!("another drivetrain") };
    left
}

#[test]
fn without_expiry_a_late_command_moves_the_vehicle() {
    let [held, broken] = differ(SafetyChecks { expiry: false, ..SafetyChecks::ALL }, |scene| {
        let late = scene.timed("ACCELERATE ID=a", 500);
        scene.run_for(5_000);
        scene.send(&late);
        scene.run_for(200);
    });
    assert!(!held.drivetrain.is_powered() && broken.drivetrain.is_powered());
}

#[test]
fn without_expiry_a_turn_that_waited_too_long_is_begun() {
    let [held, broken] = differ(SafetyChecks { expiry: false, ..SafetyChecks::ALL }, |scene| {
        let waits = scene.timed("ROTATE_RIGHT DEGREES=90 ID=b", 500);
        scene.send("ROTATE_RIGHT DEGREES=90 ID=a");
        scene.send(&waits);
        scene.run_for(2_500);
    });
    assert!(!held.drivetrain.is_powered() && broken.drivetrain.is_powered());
}

#[test]
fn without_counter_a_repeated_command_acts_twice() {
    let [held, broken] = differ(SafetyChecks { counter: false, ..SafetyChecks::ALL }, |scene| {
        for _ in 0..3 {
            scene.send("ACCELERATE ID=a");
        }
        scene.run_for(2_000);
    });
    assert_eq!((left(&held), left(&broken)), (Duty::new(0.2), Duty::new(0.6)));
}

#[test]
fn without_counter_an_old_setpoint_replaces_a_newer_one() {
    let [held, broken] = differ(SafetyChecks { counter: false, ..SafetyChecks::ALL }, |scene| {
        scene.send("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=500");
        let old = scene.timed("DRIVE MPH=4 DEGREES_PER_S=0 HOLD_MS=500 ID=a", 400);
        let new = scene.timed("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=500 ID=b", 401);
        scene.send(&new);
        scene.send(&old);
        scene.run_for(200);
    });
    assert!(!held.drivetrain.is_powered() && broken.drivetrain.is_powered());
}

#[test]
fn without_lease_motion_goes_on_for_ever_and_the_loop_does_not_spin() {
    let [held, broken] = differ(SafetyChecks { lease: false, ..SafetyChecks::ALL }, |scene| {
        scene.send("ACCELERATE");
        scene.run_for(60_000);
    });
    assert!(!held.drivetrain.is_powered() && broken.drivetrain.is_powered());
}

#[test]
fn without_the_retained_check_an_old_message_moves_the_vehicle() {
    let [held, broken] = differ(SafetyChecks { retained: false, ..SafetyChecks::ALL }, |scene| {
        scene.deliver(Topic::Commands, true, json("ACCELERATE").as_bytes());
        scene.run_for(200);
    });
    assert!(!held.drivetrain.is_powered() && broken.drivetrain.is_powered());
}

#[test]
fn without_the_epoch_check_a_command_of_another_boot_moves_the_vehicle() {
    let [held, broken] = differ(SafetyChecks { epoch: false, ..SafetyChecks::ALL }, |scene| {
        let other = scene.timed("ACCELERATE ID=a", 500).replace("EPOCH=07", "EPOCH=08");
        scene.send(&other);
        scene.run_for(200);
    });
    assert!(!held.drivetrain.is_powered() && broken.drivetrain.is_powered());
}
