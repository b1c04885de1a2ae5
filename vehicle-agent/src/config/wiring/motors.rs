//! Motors and servos.

use super::WIDTHS_US;
use super::pins::{Pins, Use};
use crate::board::{Motor, Servo};
use crate::config::raw::{RawMotor, RawPin};
use vehicle_settings::{Field, Spot};

const KINDS: &str = "set pwm and direction, or pwm, forward and backward, or forward and backward, or esc";

impl RawMotor {
    fn pins(&self) -> [&Field<RawPin>; 5] {
        [&self.pwm, &self.direction, &self.forward, &self.backward, &self.esc]
    }

    fn spot(&self, table: &str) -> Spot {
        let origin = self.pins().into_iter().find_map(|pin| pin.spot().origin);
        Spot { key: table.to_owned(), origin }
    }
}

impl Pins<'_> {
    /// Refuses a motor that another kind of drivetrain has.
    pub(super) fn not_with(&mut self, kind: &str, raw: &RawMotor, table: &str) {
        if raw.pins().into_iter().any(Field::is_given) {
            let what = format!("is not for drivetrain.kind = {kind:?}");
            self.refuse(&raw.spot(table), what, "leave it out, or choose the other kind");
        }
    }

    pub(super) fn motor(&mut self, raw: RawMotor, table: &str) -> Option<Motor> {
        let widths_given = [&raw.backward_us, &raw.neutral_us, &raw.forward_us].map(Field::is_given);
        let given = raw.pins().map(Field::is_given);
        if widths_given.contains(&true) && given != [false, false, false, false, true] {
            let spot = [&raw.backward_us, &raw.neutral_us, &raw.forward_us].map(Field::spot);
            for spot in spot.iter().filter(|spot| spot.origin.is_some()) {
                self.refuse(spot, "is for a motor with esc", "leave it out");
            }
        }
        match given {
            [true, true, false, false, false] => {
                let (pwm, direction) = (self.wire(raw.pwm, Use::Power), self.pin(raw.direction, Use::Switch));
                Some(Motor::PwmDirection { pwm: pwm?, direction: direction? })
            }
            [true, false, true, true, false] => {
                let pwm = self.wire(raw.pwm, Use::Power);
                let (forward, backward) =
                    (self.pin(raw.forward, Use::Power), self.pin(raw.backward, Use::Power));
                Some(Motor::PwmHalves { pwm: pwm?, forward: forward?, backward: backward? })
            }
            [false, false, true, true, false] => {
                let (forward, backward) =
                    (self.wire(raw.forward, Use::Power), self.wire(raw.backward, Use::Power));
                Some(Motor::Halves { forward: forward?, backward: backward? })
            }
            [false, false, false, false, true] => {
                let widths = [raw.backward_us, raw.neutral_us, raw.forward_us];
                self.servo(raw.esc, widths, [1_000, 1_500, 2_000]).map(Motor::Esc)
            }
            _ => {
                let what = if given.contains(&true) { "is no motor that is known" } else { "is missing" };
                self.refuse(&raw.spot(table), what, KINDS);
                None
            }
        }
    }

    /// A servo with its widths at -1, 0 and +1, in microseconds.
    pub(super) fn servo(
        &mut self,
        field: Field<RawPin>,
        widths: [Field<u16>; 3],
        defaults: [u16; 3],
    ) -> Option<Servo> {
        if !field.is_given() {
            self.refuse(&field.spot(), "is missing", "set the pin of the servo");
        }
        let wire = self.wire(field, Use::Pulses);
        let [least, centre, most] = widths;
        let centre_spot = centre.spot();
        let mut width = |field, default| self.within(field, WIDTHS_US, "us").or(default);
        let [at_least, at_centre, at_most] = defaults;
        let (least, centre, most) = (width(least, at_least), width(centre, at_centre), width(most, at_most));
        if !(least < centre && centre < most || least > centre && centre > most) {
            let what = format!("{centre} us does not lie between {least} and {most} us");
            self.refuse(&centre_spot, what, "choose three widths in their order");
        }
        Some(Servo { wire: wire?, least, centre, most })
    }
}
