//! Errors as a person meets them.

/// A problem and its next step, kept apart, so that a screen, a log line and a JSON object can each lay them out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {next_step}")]
pub struct Advice {
    /// The problem, as a sentence without full stop.
    pub what: String,
    /// The next step, in the imperative.
    pub next_step: String,
}

impl Advice {
    /// Joins a problem with its next step.
    pub fn new(what: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { what: what.into(), next_step: next_step.into() }
    }

    /// Puts the place of the problem in front of it.
    #[must_use]
    pub fn at(self, place: impl std::fmt::Display) -> Self {
        Self { what: format!("{place}: {}", self.what), ..self }
    }
}
