//! The correction that motors get on top of their target, so that the wheels reach it.

/// Correction for each unit of error at once, and for each unit that lasts a second. With the lag of usual motors (0.1 s)
/// and that of slow encoders (0.3 s) the loop stays well damped.
const AT_ONCE: f64 = 0.5;
const PER_SECOND: f64 = 2.0;

/// Bounds of a correction, in the direction of the target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Least and most altogether; least is at most zero, most at least.
    pub(super) least: f64,
    pub(super) most: f64,
    /// Most that it may fall and rise in this step.
    pub(super) fall: f64,
    pub(super) rise: f64,
}

/// The correction of one quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Trim {
    value: f64,
    /// The part that has gathered over time.
    gathered: f64,
}

impl Trim {
    pub(super) const NONE: Self = Self { value: 0.0, gathered: 0.0 };

    pub(super) const fn value(self) -> f64 {
        self.value
    }

    /// The correction after `seconds` in which `error` was missing; it gathers only while `steady`, for what follows a ramp
    /// lags behind it without anything being wrong.
    pub(super) fn then(self, error: f64, seconds: f64, steady: bool, bounds: Bounds) -> Self {
        let Bounds { least, most, fall, rise } = bounds;
        let more = if steady { error * PER_SECOND * seconds } else { 0.0 };
        // Cut off where the output is, so that nothing winds up that had no effect.
        let gathered = (self.gathered + more).clamp(least, most);
        let wanted = (gathered + error * AT_ONCE).clamp(self.value - fall, self.value + rise);
        Self { value: wanted.clamp(least, most), gathered }
    }

    /// The correction of something that is to end: it takes away at most what is still asked, and adds nothing.
    pub(super) fn ending(self, asked: f64) -> Self {
        Self { value: self.value.clamp(-asked, 0.0), gathered: self.gathered.clamp(-asked, 0.0) }
    }
}
