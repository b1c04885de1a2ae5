//! Which pin is wired to what, refused where it could move a vehicle that nobody has started.

use super::raw::{RawMotor, RawPin, RawRppal};
use crate::board::rppal::{MotorPins, Pin, Wiring};
use crate::control::{Kinematics, Timing};
use std::collections::BTreeMap;
use std::time::Duration;
use vehicle_settings::{Problems, Spot};

/// Frequency of the software PWM unless the configuration says so, in Hz.
const PWM_HZ: u32 = 100;

/// The last pin of the header, and the last whose pull at power-on is high; the others are pulled low.
const LAST_GPIO: u8 = 27;
const LAST_PULLED_HIGH: u8 = 8;

/// What a line could do before the agent runs, and what kind of signal it needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Moves nothing by itself.
    Switch,
    /// Lets a motor run.
    Power,
    /// Lets a motor run, by PWM.
    PulsedPower,
}

/// Looks at each pin, and remembers who has which.
struct Header<'a> {
    taken: BTreeMap<u8, String>,
    problems: &'a mut Problems,
}

pub(super) fn wiring(
    raw: RawRppal,
    kinematics: Kinematics,
    timing: Timing,
    problems: &mut Problems,
) -> Option<Wiring> {
    if let Kinematics::SteeringServo { .. } = kinematics {
        let spot = Spot { key: "drivetrain.kind".to_owned(), origin: None };
        problems.refuse(&spot, "rppal can't drive a steering_servo yet", "use skid_steer, or the board sim");
    }
    let pwm_period = pwm_period(&raw, timing, problems);
    let mut header = Header { taken: BTreeMap::new(), problems };
    let left = header.motor(raw.left, "rppal.left");
    let right = header.motor(raw.right, "rppal.right");
    let (enable_given, enable_spot) = (raw.enable.is_given(), raw.enable.gpio.spot());
    let enable = header.pin(raw.enable, Use::Power);
    if !enable_given && !raw.no_enable_line.or(false) {
        let what = "is missing: without it a motor may run on when the agent dies";
        let next_step = "set rppal.enable.gpio, or accept that with rppal.no_enable_line = true";
        header.problems.refuse(&enable_spot, what, next_step);
    }
    let wiring = |left, right, header: &mut Header<'_>| Wiring {
        pwm_period,
        left,
        right,
        enable,
        brake: header.pin(raw.brake, Use::Switch),
        headlights: header.pin(raw.headlights, Use::Switch),
        parking_lights: header.pin(raw.parking_lights, Use::Switch),
        hazard_lights: header.pin(raw.hazard_lights, Use::Switch),
        horn: header.pin(raw.horn, Use::Switch),
        doors: header.pin(raw.doors, Use::Switch),
    };
    // The rest is looked at even if the motors are wrong.
    let nothing = Pin { gpio: LAST_GPIO, active_low: false };
    let no_motor = MotorPins::PwmDirection { pwm: nothing, direction: nothing };
    let wiring = wiring(left.unwrap_or(no_motor), right.unwrap_or(no_motor), &mut header);
    (left.is_some() && right.is_some()).then_some(wiring)
}

fn pwm_period(raw: &RawRppal, timing: Timing, problems: &mut Problems) -> Duration {
    let field = raw.pwm_hz.clone().within(20..=1_000, "Hz in software", problems);
    // A pulse that has begun goes on to its end, so within one tick it must be over.
    let fits = |hz: &u32| period(*hz) <= timing.tick;
    let field = field.check(fits, "a frequency whose period fits into timing.tick_ms", "raise it", problems);
    let given = field.is_given();
    let hz = field.or(PWM_HZ);
    if !given && !fits(&hz) {
        let spot = raw.pwm_hz.spot();
        let what = format!("is {hz} Hz unless set, too slow for a period within timing.tick_ms");
        problems.refuse(&spot, what, "set it, or make the tick longer");
    }
    period(hz)
}

fn period(hz: u32) -> Duration {
    Duration::from_secs(1).checked_div(hz).unwrap_or_default()
}

impl RawPin {
    fn is_given(&self) -> bool {
        self.gpio.is_given() || self.active_low.is_given()
    }
}

impl Header<'_> {
    fn motor(&mut self, raw: RawMotor, table: &str) -> Option<MotorPins> {
        let given = [&raw.pwm, &raw.direction, &raw.forward, &raw.backward].map(RawPin::is_given);
        match given {
            [true, true, false, false] => {
                let (pwm, direction) =
                    (self.pin(raw.pwm, Use::PulsedPower), self.pin(raw.direction, Use::Switch));
                Some(MotorPins::PwmDirection { pwm: pwm?, direction: direction? })
            }
            [true, false, true, true] => {
                let pwm = self.pin(raw.pwm, Use::PulsedPower);
                let (forward, backward) =
                    (self.pin(raw.forward, Use::Power), self.pin(raw.backward, Use::Power));
                Some(MotorPins::PwmHalves { pwm: pwm?, forward: forward?, backward: backward? })
            }
            [false, false, true, true] => {
                let (forward, backward) =
                    (self.pin(raw.forward, Use::PulsedPower), self.pin(raw.backward, Use::PulsedPower));
                Some(MotorPins::Halves { forward: forward?, backward: backward? })
            }
            _ => {
                let what = if given.contains(&true) { "is no motor that is known" } else { "is missing" };
                let next_step =
                    "set pwm and direction, or pwm, forward and backward, or forward and backward";
                let origin = [raw.pwm, raw.direction, raw.forward, raw.backward]
                    .into_iter()
                    .find_map(|pin| pin.gpio.spot().origin.or(pin.active_low.spot().origin));
                self.problems.refuse(&Spot { key: table.to_owned(), origin }, what, next_step);
                None
            }
        }
    }

    fn pin(&mut self, raw: RawPin, purpose: Use) -> Option<Pin> {
        if !raw.is_given() {
            return None;
        }
        let (spot, low_spot) = (raw.gpio.spot(), raw.active_low.spot());
        let gpio =
            raw.gpio.within(0..=LAST_GPIO, "", self.problems).required("the GPIO number", self.problems)?;
        let active_low = raw.active_low.or(false);
        if let Some(other) = self.taken.insert(gpio, spot.key.clone()) {
            let what = format!("GPIO {gpio} is wired to {other} already");
            self.problems.refuse(&spot, what, "wire each line to a pin of its own");
        }
        if purpose == Use::PulsedPower && active_low {
            let what = "software PWM can't drive a line that is active low: it ends low, which is on";
            self.problems.refuse(&low_spot, what, "invert the line in hardware");
        } else if purpose != Use::Switch {
            self.must_be_off_at_power_on(gpio, active_low, &spot);
        }
        Some(Pin { gpio, active_low })
    }

    fn must_be_off_at_power_on(&mut self, gpio: u8, active_low: bool, spot: &Spot) {
        let pulled_high = gpio <= LAST_PULLED_HIGH;
        if pulled_high != active_low {
            let (pull, other) = if pulled_high { ("high", "9 to 27") } else { ("low", "0 to 8") };
            let what = format!("GPIO {gpio} is pulled {pull} at power-on, which would switch this line on");
            self.problems.refuse(spot, what, format!("use a GPIO from {other}"));
        }
    }
}
