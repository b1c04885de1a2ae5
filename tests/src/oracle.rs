//! The judge of every fault: from a trace, the answers and what was sent, it says which rules were broken.
//!
//! It asks no part of a vehicle how it decided. What moved stands in the trace, what the vehicle claims in its answers,
//! and what could rightly move it in the harness's own notes of what it sent.

mod answers;
mod drivers;
mod freshness;
mod guard;
mod latch;
mod lease;
mod once;
mod record;
mod runs;
mod violation;

pub use record::{Delivery, Heard, Record, Sent, Terms};
pub use violation::{Rule, Violation};

use std::time::Duration;

/// Time after a lease in which braking begins, and after a command in which the first change may come.
pub const GRACE: Duration = Duration::from_millis(100);

/// Time for the guard to turn everything off after the agent was killed.
pub const GUARD: Duration = Duration::from_millis(250);

/// The findings of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Every rule that was broken, in the order of the rules.
    pub violations: Vec<Violation>,
    /// Commands with an ID that the vehicle says it has begun.
    pub executed: usize,
    /// The longest time from the last word of an operator to the beginning of the braking that follows it.
    pub longest_to_braking: Duration,
}

impl Findings {
    /// Counts commands that were executed again.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.count(Rule::Once)
    }

    /// Counts commands that were executed although nobody sent them, or too late.
    #[must_use]
    pub fn late(&self) -> usize {
        self.count(Rule::Fresh)
    }

    /// Counts the stops for want of the guard, or by it, that have no reason.
    #[must_use]
    pub fn guard_losses(&self) -> usize {
        self.count(Rule::Guard)
    }

    /// Counts the violations of a rule.
    #[must_use]
    pub fn count(&self, rule: Rule) -> usize {
        self.violations.iter().filter(|violation| violation.rule == rule).count()
    }
}

/// Judges one run.
#[must_use]
pub fn judge(record: &Record) -> Findings {
    let runs = runs::runs(&record.trace);
    let mut violations = freshness::violations(record, &runs);
    violations.extend(lease::violations(record));
    violations.extend(once::violations(record, &runs));
    violations.extend(latch::violations(record));
    violations.extend(guard::violations(record));
    violations.extend(drivers::violations(record));
    violations.extend(answers::violations(record));
    Findings {
        violations,
        executed: answers::executed(record),
        longest_to_braking: lease::longest_to_braking(record),
    }
}

#[cfg(test)]
mod tests;
