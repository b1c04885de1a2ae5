//! Measurements of encoders.

mod watch;

pub(super) use watch::Watch;

/// One wheel, or all that turn with it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wheel {
    /// Metres rolled since boot, those backwards subtracted.
    pub travel: f64,
    /// Speed in m/s, negative backwards.
    pub speed: f64,
}

/// The driven wheels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wheels {
    /// Those of the two sides of a skid steer.
    Sides {
        /// The left side.
        left: Wheel,
        /// The right side.
        right: Wheel,
    },
    /// Those of the one drive beside a steering servo.
    Drive(Wheel),
}
