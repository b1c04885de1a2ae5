//! Quantities of commands, held as integer thousandths so that no float is ever compared or authenticated.

use crate::MAX_INTEGER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Thousandths of a decimal number from JSON, rounded to the nearest.
pub(crate) struct Thousandths(pub(crate) i64);

impl<'de> Deserialize<'de> for Thousandths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

/// Accepts JSON numbers only, finite and within +-(2^53 - 1).
struct NumberVisitor;

impl de::Visitor<'_> for NumberVisitor {
    type Value = Thousandths;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number within ±9007199254740991")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Thousandths, E> {
        let whole =
            i64::try_from(value).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))?;
        self.visit_i64(whole)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Thousandths, E> {
        match value.checked_mul(1000) {
            Some(thousandths) if value.unsigned_abs() <= MAX_INTEGER => Ok(Thousandths(thousandths)),
            _ => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "2^53 - 1 is exact in an f64")]
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Thousandths, E> {
        if value.is_finite() && value.abs() <= MAX_INTEGER as f64 {
            Ok(Thousandths(to_thousandths(value)))
        } else {
            Err(E::invalid_value(de::Unexpected::Float(value), &self))
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and NaN becomes zero")]
fn to_thousandths(value: f64) -> i64 {
    (value * 1000.0).round() as i64
}

macro_rules! quantity {
    ($(#[$about:meta])* $name:ident, $unit:literal) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0);

            #[doc = concat!("A quantity given in thousandths of ", $unit, ".")]
            #[must_use]
            pub const fn from_thousandths(thousandths: i64) -> Self {
                Self(thousandths)
            }

            #[doc = concat!("The nearest quantity to `value` in ", $unit, "; saturates, and NaN is zero.")]
            #[must_use]
            pub fn new(value: f64) -> Self {
                Self(to_thousandths(value))
            }

            #[doc = concat!("The quantity in thousandths of ", $unit, ".")]
            #[must_use]
            pub const fn thousandths(self) -> i64 {
                self.0
            }

            #[doc = concat!("The quantity in ", $unit, ".")]
            #[must_use]
            #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 thousandths; beyond that no vehicle goes")]
            pub fn get(self) -> f64 {
                self.0 as f64 / 1000.0
            }

            /// True at exactly zero.
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{} ", $unit), self.get())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if self.0 % 1000 == 0 {
                    serializer.serialize_i64(self.0 / 1000)
                } else {
                    serializer.serialize_f64(self.get())
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Thousandths::deserialize(deserializer).map(|Thousandths(n)| Self(n))
            }
        }
    };
}

quantity!(
    /// A speed in miles per hour; negative backwards.
    Mph, "mph"
);
quantity!(
    /// An angle in degrees; positive to the right (clockwise from above).
    Degrees, "degrees"
);
quantity!(
    /// A turn rate in degrees per second; positive to the right (clockwise from above).
    DegreesPerSecond, "degrees/s"
);

/// Metres per second in one mile per hour (exact: the international mile is 1609.344 m).
const METRES_PER_SECOND: f64 = 0.447_04;

impl Mph {
    /// The speed in m/s.
    #[must_use]
    pub fn metres_per_second(self) -> f64 {
        self.get() * METRES_PER_SECOND
    }

    /// The nearest speed to `speed` in m/s.
    #[must_use]
    pub fn from_metres_per_second(speed: f64) -> Self {
        Self::new(speed / METRES_PER_SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_whole_number_is_written_without_a_point_and_a_part_with_it() {
        assert_eq!(serde_json::to_string(&Mph::new(12.0)).unwrap(), "12");
        assert_eq!(serde_json::to_string(&Mph::new(-0.125)).unwrap(), "-0.125");
    }

    #[test]
    fn what_is_no_finite_number_within_2_to_the_53_is_refused() {
        for text in
            ["\"1\"", "null", "true", "[1]", "1e309", "NaN", "9007199254740992", "-9007199254740992", "1e300"]
        {
            assert!(serde_json::from_str::<Mph>(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<Mph>("9007199254740991").is_ok());
    }

    proptest! {
        #[test]
        fn every_thousandth_survives_json(n in -1_000_000_000_000i64..1_000_000_000_000) {
            let text = serde_json::to_string(&Degrees::from_thousandths(n)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Degrees>(&text).unwrap().thousandths(), n);
        }
    }
}
