use super::*;
use crate::board::{Channel, PinLocation};
use crate::control::Duty;
use proptest::prelude::*;

fn wire(gpio: u8) -> Wire {
    Wire::Pin(Pin::gpio(gpio))
}

fn wiring() -> Wiring {
    let left = Motor::PwmHalves { pwm: wire(12), forward: Pin::gpio(17), backward: Pin::gpio(27) };
    let right = Motor::Halves { forward: wire(13), backward: wire(19) };
    Wiring {
        pwm_period: Duration::from_millis(10),
        drive: Drive::SkidSteer { left, right },
        enable: Some(Pin::gpio(22)),
        brake: Some(Pin::gpio(23)),
        headlights: Some(Pin::gpio(24)),
        parking_lights: None,
        hazard_lights: None,
        horn: None,
        doors: Some(DoorLock::Level(Pin::gpio(25))),
        emergency_stop: None,
        encoders: Vec::new(),
    }
}

fn outputs(left: f64, right: f64) -> Outputs {
    let drivetrain = Drivetrain::SkidSteer { left: Duty::new(left), right: Duty::new(right) };
    Outputs { enable: true, ..Outputs::off(drivetrain) }
}

fn steered(drive: f64, steer: f64) -> Outputs {
    let drivetrain = Drivetrain::SteeringServo { drive: Duty::new(drive), steer: Duty::new(steer) };
    Outputs { enable: true, ..Outputs::off(drivetrain) }
}

fn steered_wiring() -> Wiring {
    let servo = |channel, least, most| {
        let wire = Wire::Channel(Channel { chip: "pwm".to_owned(), channel, inverted: false, gpio: None });
        Servo { wire, least, centre: 1_500, most }
    };
    let motor = Motor::Esc(servo(0, 1_000, 1_900));
    Wiring { drive: Drive::SteeringServo { motor, steering: servo(1, 2_000, 1_000) }, ..wiring() }
}

/// The signals of every line after each of the outputs in turn.
fn signals(wiring: &Wiring, steps: &[Outputs]) -> Vec<(Wire, Signal)> {
    let mut motion = Motion::default();
    let mut signals = Vec::new();
    for outputs in steps {
        motion = wiring.next_motion(motion, outputs).unwrap();
        let signal = |(line, wire)| (wire, wiring.signal(line, motion, outputs));
        signals = wiring.outputs().into_iter().map(signal).collect();
    }
    signals
}

/// The same as GPIO numbers.
fn last_signals(steps: &[Outputs]) -> Vec<(u8, Signal)> {
    let number = |(wire, signal)| {
        let Wire::Pin(Pin { location: PinLocation::Gpio(gpio), .. }) = wire else { panic!("{wire}") };
        (gpio, signal)
    };
    signals(&wiring(), steps).into_iter().map(number).collect()
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
    let motor = Motor::PwmDirection { pwm: wire(12), direction: Pin::gpio(16) };
    let signals = |duty| {
        let turning = Turning::Off.then(Duty::new(duty));
        [MotorLine::Pwm, MotorLine::Direction].map(|part| motor.signal(part, turning))
    };
    assert_eq!(signals(0.5), [Signal::Pulsed(500), Signal::Off]);
    assert_eq!(signals(-0.5), [Signal::Pulsed(500), Signal::On]);
    assert_eq!(signals(0.0), [Signal::Off, Signal::Off]);
}

#[test]
fn a_speed_controller_and_a_servo_go_by_the_width_of_their_pulses_each_to_its_own_ends() {
    let widths = |drive, steer| {
        let signals = signals(&steered_wiring(), &[steered(drive, steer)]);
        signals.into_iter().take(2).map(|(_, signal)| signal).collect::<Vec<_>>()
    };
    assert_eq!(widths(0.0, 0.0), [Signal::Servo(1_500), Signal::Servo(1_500)]);
    assert_eq!(widths(1.0, 1.0), [Signal::Servo(1_900), Signal::Servo(1_000)]);
    assert_eq!(widths(-0.5, -0.25), [Signal::Servo(1_250), Signal::Servo(1_625)]);
}

#[test]
fn a_speed_controller_rests_between_the_ways_and_whenever_it_is_not_enabled() {
    let wiring = steered_wiring();
    let rest = Signal::Servo(1_500);
    let reversed = signals(&wiring, &[steered(0.5, 0.0), steered(-0.5, 0.0)]);
    assert_eq!(reversed[0].1, rest);
    let disabled = signals(&wiring, &[Outputs { enable: false, ..steered(1.0, 1.0) }]);
    assert_eq!((disabled[0].1, disabled[1].1), (rest, Signal::Servo(1_000)), "it may steer");
}

#[test]
fn of_the_relays_of_a_lock_only_the_one_that_is_asked_for_is_on_for_a_moment() {
    let pulse = Duration::from_millis(300);
    let doors = Some(DoorLock::Relays { lock: Pin::gpio(5), unlock: Pin::gpio(6), pulse });
    let wiring = Wiring { doors, ..wiring() };
    let relays = |doors| {
        let signals = signals(&wiring, &[Outputs { doors, ..outputs(0.0, 0.0) }]);
        signals.into_iter().rev().take(2).map(|(_, signal)| signal).collect::<Vec<_>>()
    };
    assert_eq!(relays(Doors::Locked), [Signal::Off, Signal::Once(pulse)]);
    assert_eq!(relays(Doors::Unlocked), [Signal::Once(pulse), Signal::Off]);
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
    assert_eq!((wiring().outputs().len(), wiring().motor_wires().len()), (9, 5));
}

#[test]
fn outputs_of_another_drivetrain_have_no_meaning() {
    let rest = Motion::default();
    assert_eq!(wiring().next_motion(rest, &steered(0.0, 0.0)), None);
    assert_eq!(steered_wiring().next_motion(rest, &outputs(0.0, 0.0)), None);
}

proptest! {
    #[test]
    fn both_halves_of_a_bridge_are_never_on_and_none_goes_on_as_the_other_goes_off(
        steps in prop::collection::vec((-1.2..1.2f64, -1.2..1.2f64, any::<bool>()), 1..40)
    ) {
        let wiring = wiring();
        let mut motion = Motion::default();
        let mut before = [false; 4];
        for (left, right, enable) in steps {
            let outputs = Outputs { enable, ..outputs(left, right) };
            motion = wiring.next_motion(motion, &outputs).unwrap();
            let halves = [(Side::Left, MotorLine::Forward), (Side::Left, MotorLine::Backward),
                (Side::Right, MotorLine::Forward), (Side::Right, MotorLine::Backward)];
            let on = halves.map(|(side, part)| {
                wiring.signal(Line::Motor(side, part), motion, &outputs) != Signal::Off
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
