//! Parameters of commands, with the ranges that hold on every vehicle; a vehicle's own limits come on top.

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParameterKind {
    /// A number, with its lowest and highest value.
    Number {
        /// The unit, as descriptions say it.
        unit: &'static str,
        /// Lowest value.
        min: f64,
        /// Highest value.
        max: f64,
    },
    /// A text, with the word that stands for it in help.
    Text(&'static str),
}

/// One parameter of a command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its key in JSON.
    pub key: &'static str,
    /// Its type and range.
    pub kind: ParameterKind,
    /// True if it may be left out; the contract has its default.
    pub is_optional: bool,
    /// The range in words.
    pub range: &'static str,
}

impl Parameter {
    pub(super) const fn number(
        key: &'static str,
        unit: &'static str,
        (min, max): (f64, f64),
        range: &'static str,
    ) -> Self {
        Self { key, kind: ParameterKind::Number { unit, min, max }, is_optional: false, range }
    }

    pub(super) const fn text(key: &'static str, example: &'static str) -> Self {
        Self { key, kind: ParameterKind::Text(example), is_optional: false, range: "" }
    }

    pub(super) const fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }

    /// Checks a number against the range.
    ///
    /// # Errors
    /// The range in words.
    pub(super) fn check(&self, value: f64) -> Result<(), String> {
        match self.kind {
            ParameterKind::Number { min, max, .. } if !(min..=max).contains(&value) => {
                Err(format!("{} is {}", self.key, self.range))
            }
            ParameterKind::Number { .. } | ParameterKind::Text(_) => Ok(()),
        }
    }
}
