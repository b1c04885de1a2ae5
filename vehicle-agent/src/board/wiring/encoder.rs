//! The encoder of a wheel.

use super::Side;
use crate::board::pin::{Pin, Wire};

/// The encoder of a driven wheel as it is wired.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    /// Its pulses.
    pub a: Pin,
    /// The same pulses a quarter later when the wheel turns forwards. Without it nothing tells which way the wheel turns, and
    /// that is taken from what the motor was last told.
    pub b: Option<Pin>,
    /// Way of the vehicle from pulse to pulse, in metres.
    pub metres_per_pulse: f64,
}

impl Encoder {
    /// Counts the edges of a pulse: every one of two channels, or the rising one of one.
    #[must_use]
    pub const fn edges_per_pulse(&self) -> u8 {
        if self.b.is_some() { 4 } else { 1 }
    }

    /// Way of the vehicle from edge to edge, in metres.
    #[must_use]
    pub fn metres_per_edge(&self) -> f64 {
        self.metres_per_pulse / f64::from(self.edges_per_pulse())
    }

    pub(super) fn wires(&self, side: Side) -> Vec<(&'static str, Wire)> {
        let [a, b] = side.encoder();
        let second = self.b.iter().map(|pin| (b, Wire::Pin(pin.clone())));
        [(a, Wire::Pin(self.a.clone()))].into_iter().chain(second).collect()
    }
}
