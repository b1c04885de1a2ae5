//! What is wrong with the settings.

use std::fmt;

use crate::{Origin, Spot};
use vehicle_protocol::Advice;

/// One thing wrong with the settings: where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The dotted key, such as `motors.left.pwm`; empty where a whole file is meant.
    pub key: String,
    /// Where the value was given; none for a missing one.
    pub origin: Option<Origin>,
    /// The problem, without the key, and the next step.
    pub advice: Advice,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        self.advice.fmt(f)
    }
}

/// All problems of one set of settings; displayed one per line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds a problem with the value at `spot`, for rules that concern several keys.
    pub fn refuse(&mut self, spot: &Spot, what: impl Into<String>, next_step: impl Into<String>) {
        self.refuse_with(spot, Advice::new(what, next_step));
    }

    /// Adds a problem with the value at `spot` that another part has found.
    pub fn refuse_with(&mut self, spot: &Spot, advice: Advice) {
        self.push(Problem { key: spot.key.clone(), origin: spot.origin.clone(), advice });
    }

    /// Tells whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the number of problems.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Goes through the problems in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// Sorts by origin, so that a file's problems follow its lines; what is missing comes last.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_by(|a, b| (a.origin.is_none(), &a.origin).cmp(&(b.origin.is_none(), &b.origin)));
        self
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        self.0.extend(problems);
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
