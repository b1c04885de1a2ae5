//! The wiring, refused where it could move a vehicle that nobody has started.

mod encoders;
mod motors;
mod pins;

use super::raw::{RawDoors, RawMotor, RawPin, RawSteering, RawWiring};
use crate::board::{Bias, DoorLock, Drive, GpioBackendKind, Pin, Wire, Wiring};
use crate::control::Kinematics;
use encoders::RawEncoder;
pub(super) use encoders::metres_per_pulse;
use pins::{Pins, Use};
use std::ops::RangeInclusive;
use std::time::Duration;
use vehicle_settings::{Field, Problems, Spot};

/// Frequency of the motors' PWM unless the configuration says so, in Hz.
const PWM_HZ: u32 = 100;
/// The PWM frequencies that threads can time and motors can follow, in Hz.
const SOFTWARE_HZ: RangeInclusive<u32> = 20..=1_000;
/// The PWM frequencies of hardware, in Hz.
const HARDWARE_HZ: RangeInclusive<u32> = 20..=50_000;
/// Default time that a relay of the doors' lock is on, in milliseconds.
const DOOR_PULSE_MS: u64 = 300;

/// The widths of a servo's pulses, in microseconds.
const WIDTHS_US: RangeInclusive<u16> = 500..=2_500;

pub(super) fn wiring(
    raw: RawWiring,
    backend: GpioBackendKind,
    kinematics: Kinematics,
    full_speed: f64,
    problems: &mut Problems,
) -> Option<Wiring> {
    let mut pins = Pins::new(backend, problems);
    let encoders = [&raw.left, &raw.right, &raw.drive].map(RawEncoder::of);
    let drive = drive(&mut pins, raw.left, raw.right, raw.drive, raw.steering, kinematics);
    let enable = enable(&mut pins, raw.enable, raw.no_enable_line);
    let mut switch = |field| pins.pin(field, Use::Switch);
    let (brake, headlights) = (switch(raw.brake), switch(raw.headlights));
    let (parking_lights, hazard_lights) = (switch(raw.parking_lights), switch(raw.hazard_lights));
    let horn = switch(raw.horn);
    let doors = doors(&mut pins, raw.doors);
    let emergency_stop = emergency_stop(&mut pins, raw.emergency_stop);
    let encoders = pins.encoders(encoders, kinematics, full_speed);
    let pwm_period = pwm_period(raw.pwm_hz, drive.as_ref(), problems);
    let drive = drive?;
    Some(Wiring {
        pwm_period,
        drive,
        enable,
        brake,
        headlights,
        parking_lights,
        hazard_lights,
        horn,
        doors,
        emergency_stop,
        encoders,
    })
}

fn drive(
    pins: &mut Pins<'_>,
    left: RawMotor,
    right: RawMotor,
    motor: RawMotor,
    steering: RawSteering,
    kinematics: Kinematics,
) -> Option<Drive> {
    match kinematics {
        Kinematics::SkidSteer { .. } => {
            pins.not_with("skid_steer", &motor, "wiring.drive");
            if steering.servo.is_given() {
                pins.refuse(&steering.servo.spot(), NOT_STEERED, "leave it out, or set that");
            }
            let (left, right) = (pins.motor(left, "wiring.left"), pins.motor(right, "wiring.right"));
            Some(Drive::SkidSteer { left: left?, right: right? })
        }
        Kinematics::SteeringServo { .. } => {
            pins.not_with("steering_servo", &left, "wiring.left");
            pins.not_with("steering_servo", &right, "wiring.right");
            let motor = pins.motor(motor, "wiring.drive");
            let widths = [steering.left_us, steering.centre_us, steering.right_us];
            let steering = pins.servo(steering.servo, widths, [1_000, 1_500, 2_000]);
            Some(Drive::SteeringServo { motor: motor?, steering: steering? })
        }
    }
}

const NOT_STEERED: &str = "needs drivetrain.kind = \"steering_servo\"";

fn enable(pins: &mut Pins<'_>, enable: Field<RawPin>, none: Field<bool>) -> Option<Pin> {
    let (given, spot, none_spot) = (enable.is_given(), enable.spot(), none.spot());
    let enable = pins.pin(enable, Use::Power);
    match (given, none.or(false)) {
        (false, false) => {
            let what = "is missing: without it a motor may run on when the agent dies";
            let next_step = "set wiring.enable, or accept that with wiring.no_enable_line = true";
            pins.refuse(&spot, what, next_step);
        }
        (true, true) => {
            pins.refuse(&none_spot, "contradicts wiring.enable", "leave out one of them");
        }
        (true, false) | (false, true) => {}
    }
    enable
}

fn doors(pins: &mut Pins<'_>, raw: RawDoors) -> Option<DoorLock> {
    let given = [raw.unlocked.is_given(), raw.lock.is_given(), raw.unlock.is_given(), raw.servo.is_given()];
    match given {
        [false, false, false, false] => None,
        [true, false, false, false] => pins.pin(raw.unlocked, Use::Unlocks).map(DoorLock::Level),
        [false, true, true, false] => {
            let pulse = pins.within(raw.pulse_ms, 20..=5_000, "ms").or(DOOR_PULSE_MS);
            let (lock, unlock) = (pins.pin(raw.lock, Use::Switch), pins.pin(raw.unlock, Use::Unlocks));
            Some(DoorLock::Relays { lock: lock?, unlock: unlock?, pulse: Duration::from_millis(pulse) })
        }
        [false, false, false, true] => {
            // There is no middle to a lock; its place is never asked for.
            let widths = [raw.locked_us, Field::default(), raw.unlocked_us];
            pins.servo(raw.servo, widths, [1_000, 1_500, 2_000]).map(DoorLock::Servo)
        }
        _ => {
            let fields = [raw.unlocked, raw.lock, raw.unlock, raw.servo];
            let origin = fields.iter().find_map(|field| field.spot().origin);
            let spot = Spot { key: "wiring.doors".to_owned(), origin };
            pins.refuse(&spot, "is no lock that is known", "set unlocked, or lock and unlock, or servo");
            None
        }
    }
}

/// The input is on while the switch is open, so that a wire that breaks is a stop.
fn emergency_stop(pins: &mut Pins<'_>, field: Field<RawPin>) -> Option<Pin> {
    let spot = field.spot();
    let pin = pins.pin(field, Use::Input)?;
    let (right, wrong) = if pin.active_low { (Bias::PullDown, "high") } else { (Bias::PullUp, "low") };
    match pin.bias {
        None => return Some(Pin { bias: Some(right), ..pin }),
        Some(Bias::None) => {}
        Some(bias) if bias == right => {}
        Some(_) => {
            let what = format!("an open wire would be pulled {wrong}, as if the switch were closed");
            let next_step = "switch to ground with bias = \"pull_up\", or to 3.3 V with active_low = true and \
                             bias = \"pull_down\"";
            pins.refuse(&spot, what, next_step);
        }
    }
    Some(pin)
}

fn pwm_period(field: Field<u32>, drive: Option<&Drive>, problems: &mut Problems) -> Duration {
    let software = |wire: &Wire| !wire.is_hardware();
    let in_software = drive.is_some_and(|drive| pulsed(drive).iter().any(software));
    let (range, unit) = if in_software { (SOFTWARE_HZ, "Hz in software") } else { (HARDWARE_HZ, "Hz") };
    let hz = field.within(range, unit, problems).or(PWM_HZ);
    Duration::from_secs(1).checked_div(hz).unwrap_or_default()
}

/// The wires that carry the motors' PWM.
fn pulsed(drive: &Drive) -> Vec<Wire> {
    match drive {
        Drive::SkidSteer { left, right } => [left.pwm_wires(), right.pwm_wires()].concat(),
        Drive::SteeringServo { motor, .. } => motor.pwm_wires(),
    }
}
