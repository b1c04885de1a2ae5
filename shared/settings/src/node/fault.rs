//! Why a value cannot be read.

use std::fmt::{self, Display};

use config::{Value, ValueKind};
use serde::de::{self, Expected, Unexpected};

use crate::{Origin, Problem};
use vehicle_protocol::Advice;

/// Why a value cannot be read; knows its place as soon as a node has seen it.
#[derive(Debug)]
pub(crate) struct Fault {
    place: Option<(String, Option<Origin>)>,
    advice: Advice,
}

impl Fault {
    pub(crate) fn new(what: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { place: None, advice: Advice::new(what, next_step) }
    }

    /// Adds the place, if no deeper one is known.
    pub(crate) fn at(mut self, key: &str, origin: Option<Origin>) -> Self {
        self.place.get_or_insert_with(|| (key.to_owned(), origin));
        self
    }

    pub(crate) fn into_problem(self) -> Problem {
        let (key, origin) = self.place.unwrap_or_default();
        Problem { key, origin, advice: self.advice }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.advice.what)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string(), "correct the value")
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("must be {expected}, is {unexpected}"), "correct the value")
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(format!("must be {expected}, has {length} values"), "correct the list")
    }
}

/// Shows a value as a person would write it, cut short.
pub(crate) fn described(value: &Value) -> String {
    match &value.kind {
        ValueKind::Nil => "nothing".to_owned(),
        ValueKind::Table(_) => "a table".to_owned(),
        ValueKind::Array(_) => "a list".to_owned(),
        ValueKind::String(text) if text.chars().count() > 60 => {
            format!("\"{}…\"", text.chars().take(60).collect::<String>())
        }
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Boolean(_)
        | ValueKind::I64(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_) => value.kind.to_string(),
    }
}
