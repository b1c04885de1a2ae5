//! One value of the settings.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

use crate::{Origin, Problems};

/// The name by which [`crate::node::Node`] recognises a field.
pub(crate) const FIELD: &str = "$vehicle_settings::Field";

/// What [`crate::node::Node`] says about a field that nobody has set.
pub(crate) const MISSING: &str = "missing";

/// What it says before it yields the value.
pub(crate) const GIVEN: &str = "given";

/// What it says about a field whose table is no table.
pub(crate) const WRONG: &str = "wrong";

/// A key and where its value was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// The dotted key.
    pub key: String,
    /// Where the value was given; none for a missing one.
    pub origin: Option<Origin>,
}

/// One value of the settings: missing, given, or wrong.
///
/// A wrong type is reported when the layers are resolved, so a wrong field yields its default, or nothing, in silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<T> {
    spot: Spot,
    state: State<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State<T> {
    Missing,
    Wrong,
    Given(T),
}

impl<T> Field<T> {
    /// Gives the key and the origin, to name the value in a later problem.
    #[must_use]
    pub fn spot(&self) -> Spot {
        self.spot.clone()
    }

    /// Tells whether anything was given, be it right or wrong.
    #[must_use]
    pub fn is_given(&self) -> bool {
        !matches!(self.state, State::Missing)
    }

    /// Gives the value, if it was given and is right.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match &self.state {
            State::Given(value) => Some(value),
            State::Missing | State::Wrong => None,
        }
    }

    /// Takes the value, or `default`.
    #[must_use]
    pub fn or(self, default: T) -> T {
        self.optional().unwrap_or(default)
    }

    /// Takes the value, if it was given and is right.
    #[must_use]
    pub fn optional(self) -> Option<T> {
        match self.state {
            State::Given(value) => Some(value),
            State::Missing | State::Wrong => None,
        }
    }

    /// Takes the value; a missing one is a problem that says "set `example`".
    pub fn required(self, example: &str, problems: &mut Problems) -> Option<T> {
        if matches!(self.state, State::Missing) {
            problems.refuse(&self.spot, "is missing", format!("set {example}"));
        }
        self.optional()
    }

    /// Refuses a value outside `range`; `unit` may be empty.
    #[must_use]
    pub fn within(self, range: RangeInclusive<T>, unit: &str, problems: &mut Problems) -> Self
    where
        T: PartialOrd + Display,
    {
        let space = if unit.is_empty() { "" } else { " " };
        let must = format!("{} to {}{space}{unit}", range.start(), range.end());
        self.check(|value| range.contains(value), &must, "choose a value in this range", problems)
    }

    /// Refuses a value that breaks `rule`, as "must be `must`, is …".
    #[must_use]
    pub fn check(
        self,
        rule: impl FnOnce(&T) -> bool,
        must: &str,
        next_step: &str,
        problems: &mut Problems,
    ) -> Self
    where
        T: Display,
    {
        match self.value() {
            Some(value) if !rule(value) => {
                problems.refuse(&self.spot, format!("must be {must}, is {value}"), next_step);
                Self { state: State::Wrong, ..self }
            }
            _ => self,
        }
    }

    /// Turns the value into another type; the error's own sentence is the problem.
    #[must_use]
    pub fn convert<U, E: Display>(
        self,
        conversion: impl FnOnce(T) -> Result<U, E>,
        next_step: &str,
        problems: &mut Problems,
    ) -> Field<U> {
        let state = match self.state {
            State::Missing => State::Missing,
            State::Wrong => State::Wrong,
            State::Given(value) => match conversion(value) {
                Ok(value) => State::Given(value),
                Err(error) => {
                    problems.refuse(&self.spot, error.to_string(), next_step);
                    State::Wrong
                }
            },
        };
        Field { spot: self.spot, state }
    }
}

impl<T> Default for Field<T> {
    fn default() -> Self {
        Self { spot: Spot::default(), state: State::Missing }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(FIELD, 4, FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field read by vehicle_settings::Layers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Field<T>, A::Error> {
        let unexpected = || A::Error::custom("a Field can only be read by vehicle_settings::Layers");
        let key: String = parts.next_element()?.ok_or_else(unexpected)?;
        let tag: String = parts.next_element()?.ok_or_else(unexpected)?;
        let standing: String = parts.next_element()?.ok_or_else(unexpected)?;
        let state = match standing.as_str() {
            MISSING => State::Missing,
            GIVEN => match parts.next_element() {
                Ok(value) => State::Given(value.ok_or_else(unexpected)?),
                Err(_reported) => State::Wrong,
            },
            _ => State::Wrong,
        };
        Ok(Field { spot: Spot { key, origin: Origin::from_tag(&tag) }, state })
    }
}
