//! Wheels that are counted: they turn as fast as they are told, say where the vehicle is, and stop it when they do not obey.

use super::Scene;
use crate::board::sim::SimEncoders;
use crate::control::{Drivetrain, Input, Kinematics, Moment, Sensed, Setup, Wheel, Wheels, samples};
use std::time::Duration;
use vehicle_protocol::{EventKind, Mode, Pose, Reason};

const PULSE: f64 = 0.008;

fn encoded(encoders: SimEncoders, power: f64, change: impl FnOnce(&mut Setup)) -> Scene {
    let mut setup = samples::setup();
    change(&mut setup);
    let full_speed = power * setup.limits.full_speed;
    Scene::encoded(setup, encoders, full_speed).started()
}

fn good(power: f64) -> Scene {
    encoded(SimEncoders::good(PULSE), power, |_| {})
}

fn steered(setup: &mut Setup) {
    setup.kinematics = Kinematics::SteeringServo { wheelbase: 0.3, full_lock: 30.0 };
}

fn shares(scene: &Scene) -> (f64, f64) {
    match scene.outputs().drivetrain {
        Drivetrain::SkidSteer { left, right } => (left.share(), right.share()),
        Drivetrain::SteeringServo { drive, .. } => (drive.share(), drive.share()),
    }
}

#[test]
fn weak_and_strong_motors_reach_the_speed_that_was_asked_for() {
    for power in [0.75, 1.0, 1.2] {
        for kind in [|_: &mut Setup| {}, steered] {
            let mut scene = encoded(SimEncoders::good(PULSE), power, kind);
            for _ in 0..2 {
                assert_eq!(scene.ask("ACCELERATE"), "SUCCEEDED");
            }
            scene.run_attended(6);
            let speed = scene.vehicle.motion.pose().speed;
            assert!((speed - 1.0).abs() < 0.05, "{speed} m/s with {power} of the power");
            let most = scene.log.iter().map(|(_, input, _)| fastest(input)).fold(0.0, f64::max);
            assert!(most < 1.25, "{most} m/s on the way, with {power} of the power");
        }
    }
}

fn fastest(input: &Input) -> f64 {
    let Input::Sensed(Sensed { wheels: Some(wheels), .. }) = input else { return 0.0 };
    match wheels {
        Wheels::Sides { left, right } => left.speed.max(right.speed),
        Wheels::Drive(wheel) => wheel.speed,
    }
}

#[test]
fn encoders_that_miss_half_of_their_pulses_make_no_vehicle_faster_than_its_limit() {
    let half = SimEncoders { missed: (0.5, 0.5), ..SimEncoders::good(PULSE) };
    let mut scene = encoded(half, 1.0, |_| {});
    for _ in 0..4 {
        scene.ask("ACCELERATE");
    }
    scene.run_attended(10);
    let (left, right) = shares(&scene);
    let limits = samples::setup().limits;
    let asked = f64::midpoint(left, right) * limits.full_speed;
    assert!(asked <= limits.speed + 0.01, "{asked} m/s");
}

#[test]
fn the_pose_is_measured_and_is_where_the_wheels_have_rolled() {
    let mut scene = good(0.8);
    assert_eq!(scene.status().pose, Pose::Measured);
    assert_eq!(scene.ask("ROTATE_RIGHT DEGREES=90"), "");
    scene.run_attended(4);
    assert_eq!(scene.ends(), "SUCCEEDED");
    let heading = scene.status().heading_degrees;
    assert!((heading - 90.0).abs() < 2.0, "{heading}");
    scene.ask("ACCELERATE");
    scene.run_attended(4);
    scene.send("BRAKE");
    scene.run_for(3_000);
    assert!(scene.stands());
    let pose = scene.vehicle.motion.pose();
    assert!((1.7..2.3).contains(&pose.x) && pose.y.abs() < 0.1, "{pose:?}");
}

#[test]
fn a_stop_leaves_nothing_of_what_the_encoders_have_added() {
    for stop in ["BRAKE", "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=500"] {
        let mut scene = good(0.6);
        scene.ask("ACCELERATE");
        scene.run_attended(3);
        assert!(shares(&scene).0 > 0.2 + 0.05, "what was asked for and something more: {:?}", shares(&scene));
        scene.send(stop);
        let asked = scene.vehicle.motion.clone();
        assert!(shares(&scene).0 <= 0.2, "{stop}: {:?} {asked:?}", shares(&scene));
        let stopped = scene.run_until(400, |scene| !scene.is_powered());
        assert!(stopped <= 270, "{stopped} ms: no longer than without encoders");
    }
}

#[test]
fn an_encoder_that_dies_stops_the_vehicle_until_it_is_cleared() {
    for kind in [|_: &mut Setup| {}, steered] {
        let dies = Some(Moment::from_millis(5_000));
        let mut scene = encoded(SimEncoders { dies, ..SimEncoders::good(PULSE) }, 1.0, kind);
        scene.ask("ACCELERATE");
        scene.run_attended(3);
        scene.events();
        scene.send("ACCELERATE ID=a");
        let fault = scene.run_until(5_000, |scene| {
            scene.send("HEARTBEAT");
            scene.status().mode == Mode::Failsafe
        });
        let at = scene.now.since(Moment::from_millis(5_000));
        assert!(at >= Duration::from_secs(1) && at < Duration::from_millis(1_700), "{at:?} {fault}");
        assert!(!scene.outputs().enable && !scene.is_powered() && scene.outputs().brake);
        let events = scene.event_reports();
        let fault = events.iter().find(|event| event.event == EventKind::Fault).unwrap();
        assert_eq!(fault.cause, Some(Reason::ActuatorFault));
        assert!(fault.detail.as_deref().unwrap_or_default().contains("does not turn as it is told"));
        assert_eq!(scene.ask("TURN_ON_ENGINE"), "REJECTED FAILSAFE");
        scene.run_for(4_000);
        assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "SUCCEEDED");
        assert_eq!(scene.ask("TURN_ON_ENGINE"), "SUCCEEDED");
    }
}

#[test]
fn a_vehicle_that_is_held_stops() {
    // Its motors turn nothing.
    let mut scene = encoded(SimEncoders::good(PULSE), 1e-6, |_| {});
    scene.ask("ACCELERATE");
    scene.run_attended(3);
    assert_eq!((scene.status().mode, scene.status().cause), (Mode::Failsafe, Some(Reason::ActuatorFault)));
    let told = scene.trace.iter().find(|(_, outputs, _)| outputs.drivetrain.is_powered()).unwrap().0;
    let ended = scene.trace.last().unwrap().0;
    assert!(ended.since(told) < Duration::from_millis(2_200), "{:?}", ended.since(told));
}

#[test]
fn wheels_that_turn_although_nothing_is_asked_of_them_lose_the_enable_line() {
    let mut scene = Scene::new().started();
    let turn = |scene: &mut Scene, millis: u32, speed: f64| {
        for _ in 0..millis / 20 {
            scene.now = scene.now.after(Duration::from_millis(20));
            let wheel = Wheel { travel: scene.now.since_start().as_secs_f64() * speed, speed };
            let wheels = Some(Wheels::Sides { left: wheel, right: wheel });
            scene.tell(Input::Sensed(Sensed { wheels, ..Sensed::default() }));
        }
    };
    turn(&mut scene, 2_900, 0.3);
    assert!(scene.outputs().enable, "somebody may push it a little");
    turn(&mut scene, 100, 0.0);
    turn(&mut scene, 2_900, 0.3);
    assert!(scene.outputs().enable);
    turn(&mut scene, 200, 0.3);
    assert!(!scene.outputs().enable && scene.outputs().brake);
    assert_eq!(scene.status().cause, Some(Reason::ActuatorFault));
    assert!(scene.events().contains(&(EventKind::Fault, Some(Reason::ActuatorFault))));
}

#[test]
fn a_vehicle_with_the_engine_off_may_be_pushed() {
    let mut scene = good(1.0);
    scene.ask("TURN_OFF_ENGINE");
    for step in 0..500 {
        scene.now = scene.now.after(Duration::from_millis(20));
        let wheel = Wheel { travel: f64::from(step) * 0.01, speed: 0.5 };
        let wheels = Some(Wheels::Sides { left: wheel, right: wheel });
        scene.tell(Input::Sensed(Sensed { wheels, ..Sensed::default() }));
    }
    assert_eq!(scene.status().mode, Mode::Off);
    assert!((scene.vehicle.motion.pose().y - 4.99).abs() < 0.02, "{:?}", scene.vehicle.motion.pose());
    assert_eq!(scene.ask("UNLOCK_DOORS"), "REJECTED MOVING");
}

#[test]
fn a_safe_place_that_was_set_in_this_boot_is_found_again() {
    let mut scene = encoded(SimEncoders::good(PULSE), 0.9, |setup| setup.autonomy.safe_place = None);
    scene.send("HEARTBEAT");
    scene.answers();
    scene.send("PARK_IN_SAFE_PLACE ID=a");
    scene.run_for(500);
    let detail = scene.answers().pop().unwrap().detail.unwrap_or_default();
    assert!(detail.contains("the safe place is not known"), "{detail}");
    assert_eq!(scene.ask("SET_SAFE_PLACE"), "SUCCEEDED");
    scene.ask("ACCELERATE");
    scene.run_attended(5);
    assert_eq!(scene.ask("ROTATE_LEFT DEGREES=30"), "");
    scene.run_attended(3);
    let away = scene.vehicle.motion.pose();
    assert!(away.x.hypot(away.y) > 2.0, "{away:?}");
    scene.send("PARK_IN_SAFE_PLACE ID=b");
    assert_eq!(scene.status().mode, Mode::Autonomous);
    scene.run_until(60_000, |scene| scene.status().parking_brake);
    let pose = scene.vehicle.motion.pose();
    assert!(pose.x.hypot(pose.y) < 0.4, "{pose:?}");
    scene.tell(Input::Suspended(vehicle_protocol::Epoch([9; 16])));
    assert_eq!(scene.status().safe_place_x_m, None, "nobody knows where it was carried meanwhile");
}
