//! Agent and guard stop each other's vehicle for a reason only.

use vehicle_protocol::Reason;

use super::GUARD;
use super::record::{Record, nanoseconds};
use super::violation::{Rule, Violation};

/// The cause of a line that the guard has written.
const BY_GUARD: &str = "GUARD";

pub(super) fn violations(record: &Record) -> Vec<Violation> {
    // The guard of a dead agent may be late, which is for the lease to judge.
    let window = nanoseconds(GUARD).saturating_mul(4);
    let excused =
        |at: u64| record.killed.iter().any(|killed| (*killed..=killed.saturating_add(window)).contains(&at));
    let lost = |cause: &str| match cause {
        BY_GUARD => Some("the guard acted although nobody had killed or stopped the agent"),
        cause if cause == Reason::GuardLost.as_str() => Some("the vehicle stopped for want of its guard"),
        _ => None,
    };
    let lines = record.trace.iter().filter(|line| !excused(line.t));
    lines.filter_map(|line| Some(Violation::new(Rule::Guard, line.t, lost(&line.cause)?))).collect()
}
