use super::*;
use crate::control::Duty;
use proptest::prelude::*;
use std::time::Duration;
use vehicle_protocol::Doors;

const SKID: Kinematics = Kinematics::SkidSteer { track: 0.5 };
const CAR: Kinematics = Kinematics::SteeringServo { wheelbase: 0.3, full_lock: 30.0 };

const LIMITS: Limits = Limits {
    speed: 2.2,
    full_speed: 2.7,
    speed_step: 0.45,
    acceleration: 1.0,
    deceleration: 2.0,
    turn_rate: 90.0,
    turn_acceleration: 360.0,
    reverse_pause: Duration::from_millis(200),
};

fn outputs(drivetrain: Drivetrain, enable: bool, brake: bool) -> Outputs {
    Outputs {
        drivetrain,
        enable,
        brake,
        headlights: false,
        parking_lights: false,
        hazard_lights: false,
        horn: false,
        doors: Doors::Locked,
    }
}

fn sides(left: f64, right: f64) -> Drivetrain {
    Drivetrain::SkidSteer { left: Duty::new(left), right: Duty::new(right) }
}

fn car(drive: f64, steer: f64) -> Drivetrain {
    Drivetrain::SteeringServo { drive: Duty::new(drive), steer: Duty::new(steer) }
}

fn model(kinematics: Kinematics) -> Model {
    Model::new(kinematics, &LIMITS)
}

fn at(millis: u64) -> Moment {
    Moment::from_millis(millis)
}

#[track_caller]
fn assert_near(actual: f64, expected: f64, share: f64) {
    let most = expected.abs() * share;
    assert!((actual - expected).abs() <= most, "{actual} is not within {most} of {expected}");
}

#[test]
fn a_straight_run_has_the_length_of_its_speed_and_time_and_stays_straight() {
    let mut model = model(SKID);
    model.obey(at(0), &outputs(sides(0.5, 0.5), true, false));
    let running = model.odometry(at(10_000));
    // Half of full speed for 10 s, less the lag and the time on the limit of traction.
    let speed = 0.5 * LIMITS.full_speed;
    assert_near(running.speed, speed, 0.001);
    assert_near(running.y, speed * 9.85, 0.02);
    assert_eq!((running.x, running.heading, running.turn_rate), (0.0, 0.0, 0.0));
    model.obey(at(10_000), &outputs(sides(0.0, 0.0), true, true));
    let stood = model.odometry(at(12_000));
    assert_eq!(stood.speed, 0.0);
    assert_near(stood.y - running.y, speed * speed / (2.0 * 2.0 * LIMITS.deceleration), 0.02);
}

#[test]
fn opposite_sides_turn_on_the_spot_all_the_way_round_to_the_right() {
    let mut model = model(SKID);
    model.obey(at(0), &outputs(sides(0.1, -0.1), true, false));
    let rate = (2.0 * 0.27 / 0.5_f64).to_degrees();
    let turned = model.odometry(Moment::new(Duration::from_secs_f64(360.0 / rate + 0.06)));
    assert_near(turned.heading, 360.0, 0.02);
    assert_near(turned.turn_rate, rate, 0.001);
    assert!(turned.x.abs() < 1e-9 && turned.y.abs() < 1e-9 && turned.speed.abs() < 1e-9, "{turned:?}");
}

#[test]
fn a_quarter_turn_to_the_right_leads_along_x() {
    let mut model = model(SKID);
    model.heading = 90.0;
    model.obey(at(0), &outputs(sides(0.5, 0.5), true, false));
    let there = model.odometry(at(5_000));
    assert!(there.x > 6.0 && there.y.abs() < 1e-9, "{there:?}");
}

#[test]
fn a_steered_axle_goes_round_a_circle_of_its_radius_and_not_at_standstill() {
    let mut model = model(CAR);
    model.obey(at(0), &outputs(car(0.0, 1.0), true, false));
    assert_eq!(model.odometry(at(50)).heading, 0.0);
    assert_near(model.steer, 15.0, 1e-9);
    assert_eq!(model.odometry(at(1_000)).heading, 0.0);
    assert_near(model.steer, 30.0, 1e-9);
    model.obey(at(1_000), &outputs(car(0.3, 1.0), true, false));
    let (mut widest, mut time): (f64, u64) = (0.0, 1_000);
    while model.heading < 360.0 && time < 20_000 {
        time += 20;
        widest = widest.max(model.odometry(at(time)).x);
    }
    let radius = 0.3 / 30.0_f64.to_radians().tan();
    assert_near(widest, 2.0 * radius, 0.02);
    assert!(model.x.abs() < 0.05 && model.y.abs() < 0.05, "{model:?}");
}

#[test]
fn without_enable_it_rolls_out_slower_than_it_brakes_and_with_power_at_zero_it_stops_exactly() {
    let speed_after = |drivetrain, enable, brake, millis: u64| {
        let mut model = model(SKID);
        model.obey(at(0), &outputs(sides(1.0, 1.0), true, false));
        model.obey(at(3_000), &outputs(drivetrain, enable, brake));
        model.odometry(at(3_000 + millis)).speed
    };
    let full = sides(1.0, 1.0);
    assert_near(speed_after(full, false, false, 1_000), LIMITS.full_speed - FRICTION, 0.01);
    assert_near(speed_after(full, true, true, 500), LIMITS.full_speed - 2.0, 0.01);
    assert_eq!(speed_after(full, false, false, 6_000), 0.0);
    assert_eq!(speed_after(full, true, true, 700), 0.0);
    assert_eq!(speed_after(sides(0.0, 0.0), true, false, 2_000), 0.0);
}

#[test]
fn no_time_and_time_that_runs_backwards_move_nothing() {
    let mut model = model(SKID);
    model.obey(at(1_000), &outputs(sides(1.0, 1.0), true, false));
    let before = model.odometry(at(2_000));
    assert_eq!(model.odometry(at(2_000)), before);
    assert_eq!(model.odometry(at(500)), before);
}

fn any_step() -> impl Strategy<Value = (f64, f64, bool, bool, u64)> {
    (-1.5..1.5f64, -1.5..1.5f64, any::<bool>(), any::<bool>(), 0..3_000u64)
}

proptest! {
    #[test]
    fn whatever_is_asked_motion_stays_finite_within_full_speed_and_powerless_wheels_only_slow_down(
        steps in prop::collection::vec(any_step(), 1..30),
        steered: bool,
    ) {
        let mut model = model(if steered { CAR } else { SKID });
        let mut now = 0;
        for (first, second, enable, brake, millis) in steps {
            let drivetrain = if steered { car(first, second) } else { sides(first, second) };
            model.obey(at(now), &outputs(drivetrain, enable, brake));
            let before = model.clone();
            now += millis;
            let odometry = model.odometry(at(now));
            let all = [odometry.speed, odometry.turn_rate, odometry.heading, odometry.x, odometry.y];
            prop_assert!(all.iter().all(|number| number.is_finite()), "{odometry:?}");
            let most = LIMITS.full_speed + 1e-9;
            prop_assert!(model.left.abs() <= most && model.right.abs() <= most, "{model:?}");
            let moved = (model.x - before.x).hypot(model.y - before.y);
            prop_assert!(moved <= most * at(millis).since_start().as_secs_f64() + 1e-9, "{moved} m in {millis} ms");
            if brake || !enable {
                prop_assert!(model.left.abs() <= before.left.abs() && model.right.abs() <= before.right.abs());
            }
        }
    }

    #[test]
    fn one_late_look_sees_what_many_early_ones_saw(left in -1.0..1.0f64, right in -1.0..1.0f64, looks in 1u64..200) {
        let (mut late, mut early) = (model(SKID), model(SKID));
        let asked = outputs(sides(left, right), true, false);
        late.obey(at(0), &asked);
        early.obey(at(0), &asked);
        for look in 0..looks {
            early.odometry(at(look * 10));
        }
        let (late, early) = (late.odometry(at(looks * 10)), early.odometry(at(looks * 10)));
        prop_assert!((late.x - early.x).hypot(late.y - early.y) < 1e-9, "{late:?} {early:?}");
        prop_assert!((late.heading - early.heading).abs() < 1e-9);
    }
}
