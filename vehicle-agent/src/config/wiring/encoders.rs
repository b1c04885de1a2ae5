//! Encoders of wheels: their lines, and how far a pulse goes.

use super::pins::{Pins, Use};
use crate::board::{Encoder, Side};
use crate::config::raw::{RawMotor, RawPin};
use crate::control::Kinematics;
use std::ops::RangeInclusive;
use vehicle_settings::{Field, Problems, Spot};

/// Edges that the kernel can tell and the control loop can count, of one wheel, in Hz.
const MOST_HZ: f64 = 10_000.0;
/// Coarser ones could not tell a slow vehicle from one that stands; finer ones than a micrometre are a slip.
const METRES: RangeInclusive<f64> = 0.000_001..=0.05;
const SCALE: &str = "set metres_per_pulse, or pulses_per_turn and wheel_circumference_m";

/// The encoder in a motor's table.
pub(super) struct RawEncoder {
    a: Field<RawPin>,
    b: Field<RawPin>,
    pulses_per_turn: Field<f64>,
    circumference: Field<f64>,
    metres_per_pulse: Field<f64>,
}

impl RawEncoder {
    pub(super) fn of(raw: &RawMotor) -> Self {
        Self {
            a: raw.encoder_a.clone(),
            b: raw.encoder_b.clone(),
            pulses_per_turn: raw.pulses_per_turn.clone(),
            circumference: raw.wheel_circumference_m.clone(),
            metres_per_pulse: raw.metres_per_pulse.clone(),
        }
    }

    fn is_given(&self) -> bool {
        let scale = [&self.pulses_per_turn, &self.circumference, &self.metres_per_pulse];
        self.a.is_given() || self.b.is_given() || scale.into_iter().any(Field::is_given)
    }
}

pub(in crate::config) fn metres_per_pulse(field: Field<f64>, problems: &mut Problems) -> Field<f64> {
    field.within(METRES, "m", problems)
}

impl Pins<'_> {
    /// The encoders of all driven wheels, or none: of one side alone nothing follows for the vehicle.
    pub(super) fn encoders(
        &mut self,
        [left, right, drive]: [RawEncoder; 3],
        kinematics: Kinematics,
        full_speed: f64,
    ) -> Vec<(Side, Encoder)> {
        let (own, foreign) = match kinematics {
            Kinematics::SkidSteer { .. } => (vec![(Side::Left, left), (Side::Right, right)], vec![drive]),
            Kinematics::SteeringServo { .. } => (vec![(Side::Drive, drive)], vec![left, right]),
        };
        // A motor of the other drivetrain is refused with all it has, an encoder without its motor here.
        for encoder in foreign {
            if encoder.is_given() {
                let next_step = "move it to the motor that it belongs to";
                self.refuse(&encoder.a.spot(), "belongs to no motor of this drivetrain.kind", next_step);
            }
        }
        let wanted = own.iter().any(|(_, encoder)| encoder.is_given());
        let mut found = Vec::new();
        for (side, encoder) in own {
            if !wanted {
                continue;
            }
            if let Some(encoder) = self.encoder(encoder, full_speed) {
                found.push((side, encoder));
            }
        }
        found
    }

    fn encoder(&mut self, raw: RawEncoder, full_speed: f64) -> Option<Encoder> {
        let spot = raw.a.spot();
        if !raw.a.is_given() {
            let alone = "each driven wheel needs one, or none has one";
            let next_step = if raw.is_given() { "set the line of its pulses" } else { alone };
            self.refuse(&spot, "is missing", next_step);
        }
        let (a, b) = (self.pin(raw.a, Use::Input), self.pin(raw.b, Use::Input));
        let metres =
            self.metres_per_pulse(&spot, raw.metres_per_pulse, raw.pulses_per_turn, raw.circumference)?;
        let encoder = Encoder { a: a?, b, metres_per_pulse: metres };
        let rate = full_speed / encoder.metres_per_edge();
        if rate > MOST_HZ {
            let what =
                format!("gives {rate:.0} edges a second at full speed, which must be at most {MOST_HZ}");
            self.refuse(&spot, what, "leave out encoder_b, or use an encoder with fewer pulses");
        }
        Some(encoder)
    }

    /// The distance of one pulse in metres; none if it is missing or wrong.
    fn metres_per_pulse(
        &mut self,
        spot: &Spot,
        metres: Field<f64>,
        pulses: Field<f64>,
        circumference: Field<f64>,
    ) -> Option<f64> {
        let given = [&metres, &pulses, &circumference].map(Field::is_given);
        let twice = metres.spot();
        let metres = self.within(metres, METRES, "m").optional();
        let pulses = self.within(pulses, 1.0..=1_000_000.0, "pulses").optional();
        let circumference = self.within(circumference, 0.01..=10.0, "m").optional();
        match given {
            [true, false, false] => metres,
            [false, true, true] => {
                let metres = circumference? / pulses?;
                if !METRES.contains(&metres) {
                    let (least, most) = (METRES.start(), METRES.end());
                    let what = format!("goes {metres} m with each pulse, which must be {least} to {most} m");
                    self.refuse(spot, what, "check pulses_per_turn and wheel_circumference_m");
                }
                Some(metres)
            }
            [true, ..] => {
                self.refuse(&twice, "is said twice, by the turns of the wheel too", "leave out one of them");
                None
            }
            [false, ..] => {
                if spot.origin.is_some() {
                    self.refuse(spot, "does not say how far a pulse goes", SCALE);
                }
                None
            }
        }
    }
}
