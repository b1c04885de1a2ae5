use super::*;
use proptest::prelude::*;

const fn pin(gpio: u8) -> Pin {
    Pin { gpio, active_low: false }
}

const LEFT: MotorPins = MotorPins::PwmHalves { pwm: pin(12), forward: pin(17), backward: pin(27) };
const RIGHT: MotorPins = MotorPins::Halves { forward: pin(13), backward: pin(19) };

fn wiring() -> Wiring {
    Wiring {
        pwm_period: Duration::from_millis(10),
        left: LEFT,
        right: RIGHT,
        enable: Some(pin(22)),
        brake: Some(pin(23)),
        headlights: Some(pin(24)),
        parking_lights: None,
        hazard_lights: None,
        horn: None,
        doors: Some(pin(25)),
    }
}

fn outputs(left: f64, right: f64) -> Outputs {
    Outputs {
        drivetrain: Drivetrain::SkidSteer { left: Duty::new(left), right: Duty::new(right) },
        enable: true,
        brake: false,
        headlights: false,
        parking_lights: false,
        hazard_lights: false,
        horn: false,
        doors: Doors::Locked,
    }
}

/// The signals of the GPIOs after each of the outputs in turn.
fn last_signals(steps: &[Outputs]) -> Vec<(u8, Signal)> {
    let mut motion = Motion::default();
    let mut signals = Vec::new();
    for outputs in steps {
        motion = motion.then(outputs).unwrap();
        signals = wiring().signals(motion, outputs);
    }
    signals.into_iter().map(|(_, pin, signal)| (pin.gpio, signal)).collect()
}

#[test]
fn power_goes_to_the_half_of_the_direction_and_full_power_is_steady() {
    use Signal::{Off, On, Pulsed};
    let switches = [(22, On), (23, Off), (24, Off), (25, Off)];
    let expected = |motors: [(u8, Signal); 5]| [motors.as_slice(), switches.as_slice()].concat();
    let ahead = expected([(12, Pulsed(350)), (17, On), (27, Off), (13, Pulsed(350)), (19, Off)]);
    assert_eq!(last_signals(&[outputs(0.35, 0.35)]), ahead);
    let right = expected([(12, On), (17, On), (27, Off), (13, Off), (19, On)]);
    assert_eq!(last_signals(&[outputs(1.0, -1.0)]), right);
    let slow = expected([(12, Pulsed(1)), (17, Off), (27, On), (13, Off), (19, Off)]);
    assert_eq!(last_signals(&[outputs(-0.001, 0.0)]), slow);
}

#[test]
fn a_direction_pin_is_on_only_for_backwards() {
    let motor = |duty| {
        let pins = MotorPins::PwmDirection { pwm: pin(12), direction: pin(16) };
        let signals = motor(pins, Line::Left, Turning::Off.then(Duty::new(duty)));
        signals.into_iter().map(|(_, _, signal)| signal).collect::<Vec<_>>()
    };
    assert_eq!(motor(0.5), [Signal::Pulsed(500), Signal::Off]);
    assert_eq!(motor(-0.5), [Signal::Pulsed(500), Signal::On]);
    assert_eq!(motor(0.0), [Signal::Off, Signal::Off]);
}

#[test]
fn between_the_two_ways_there_is_one_step_without_power() {
    let (ahead, back, stop) = (outputs(0.5, 0.5), outputs(-0.5, -0.5), outputs(0.0, 0.0));
    let off = last_signals(&[stop]);
    assert_eq!(last_signals(&[ahead, back]), off);
    assert_eq!(last_signals(&[ahead, back, back]), last_signals(&[back]));
    assert_eq!(last_signals(&[back, ahead]), off);
    assert_eq!(last_signals(&[ahead, stop, back]), last_signals(&[back]));
}

#[test]
fn without_enable_no_motor_has_power_whatever_its_duty() {
    let disabled = Outputs { enable: false, ..outputs(0.5, -0.5) };
    let on: Vec<_> =
        last_signals(&[disabled]).into_iter().filter(|(_, signal)| *signal != Signal::Off).collect();
    assert_eq!(on, []);
}

#[test]
fn a_switch_is_on_when_its_output_is_and_doors_when_they_are_unlocked() {
    let lit = Outputs { brake: true, headlights: true, doors: Doors::Unlocked, ..outputs(0.0, 0.0) };
    let on: Vec<_> = last_signals(&[lit]).into_iter().filter(|(_, signal)| *signal == Signal::On).collect();
    assert_eq!(on, [22, 23, 24, 25].map(|gpio| (gpio, Signal::On)));
}

#[test]
fn what_is_not_wired_is_not_fitted() {
    let fittings = wiring().fittings();
    assert!(fittings.headlights && fittings.doors);
    assert!(!fittings.parking_lights && !fittings.hazard_lights && !fittings.horn && !fittings.odometry);
    assert_eq!(wiring().pins().len(), 9);
}

#[test]
fn a_steering_servo_is_not_wired() {
    let drivetrain = Drivetrain::SteeringServo { drive: Duty::ZERO, steer: Duty::ZERO };
    assert_eq!(Motion::default().then(&Outputs { drivetrain, ..outputs(0.0, 0.0) }), None);
}

proptest! {
    #[test]
    fn both_halves_of_a_bridge_are_never_on_and_none_goes_on_as_the_other_goes_off(
        steps in prop::collection::vec((-1.2..1.2f64, -1.2..1.2f64, any::<bool>()), 1..40)
    ) {
        let mut motion = Motion::default();
        let mut before = [false; 4];
        for (left, right, enable) in steps {
            let outputs = Outputs { enable, ..outputs(left, right) };
            motion = motion.then(&outputs).unwrap();
            let signals = wiring().signals(motion, &outputs);
            let on = [17, 27, 13, 19].map(|gpio| {
                signals.iter().any(|(_, pin, signal)| pin.gpio == gpio && *signal != Signal::Off)
            });
            let both = |one: [bool; 4], other: [bool; 4], (first, second): (usize, usize)| one[first] && other[second];
            for halves in [(0, 1), (1, 0), (2, 3), (3, 2)] {
                prop_assert!(!both(on, on, halves), "{:?}", on);
                prop_assert!(!both(before, on, halves), "{:?} {:?}", before, on);
            }
            before = on;
        }
    }
}
