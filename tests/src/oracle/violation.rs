//! Rules, and findings of broken ones.

use std::fmt;

use crate::trace::TraceLine;

/// The rules that a run can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Nothing acts that was not sent, or is late, retained or of another boot (S3, S4).
    Fresh,
    /// Motion has a lease in force, and braking begins when it ends (S1, S2).
    Lease,
    /// A command is executed once, and no old setpoint after a new one (S3).
    Once,
    /// The emergency stop stays (S5).
    Latch,
    /// The guard acts, and is lost, only after the agent was killed or stopped (S6): a busy machine is no reason.
    Guard,
    /// One party drives at a time, and control changes hands at a standstill.
    Driver,
    /// Every command has one answer that ends it.
    Answer,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// The moment, in nanoseconds of the trace.
    pub at: u64,
    /// The finding as a sentence.
    pub sentence: String,
}

impl Violation {
    pub(super) fn new(rule: Rule, at: u64, sentence: impl Into<String>) -> Self {
        Self { rule, at, sentence: sentence.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.at / 1_000_000_000, self.at / 1_000 % 1_000_000);
        write!(f, "{:?} broken at {seconds}.{micros:06} s: {}", self.rule, self.sentence)
    }
}

/// Names a line of the trace in a sentence.
pub(super) fn name_of(line: &TraceLine) -> String {
    named(&line.cause, line.id.as_deref())
}

pub(super) fn named(command: &str, id: Option<&str>) -> String {
    id.map_or_else(|| format!("a plain {command}"), |id| format!("{command} with the ID {id}"))
}
