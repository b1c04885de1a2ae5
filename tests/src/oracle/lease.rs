//! Motion has a lease in force.

use std::time::Duration;

use vehicle_protocol::{CommandId, CommandName, State};

use super::freshness::changes_motion;
use super::record::{Heard, Record, Sent, nanoseconds};
use super::violation::{Rule, Violation, name_of};
use super::{GRACE, GUARD, answers};
use crate::trace::TraceLine;

const SAFE_PLACE: &str = CommandName::ParkInSafePlace.as_str();

pub(super) fn violations(record: &Record) -> Vec<Violation> {
    let covers = Covers::new(record);
    driving(record)
        .into_iter()
        .filter_map(|Drives { asked, line, from, until }| {
            let gap = covers.of(asked).gap(from, until)?;
            let last = covers.of(asked).end_before(gap).map_or_else(
                || "and no lease had ever been in force".to_owned(),
                |last| format!("{} ms after its lease had ended", gap_ms(last, until)),
            );
            Some(Violation::new(Rule::Lease, gap, format!("{} drove on, {last}", name_of(line))))
        })
        .collect()
}

/// The longest time from a last renewal to the braking that the vehicle began by itself.
pub(super) fn longest_to_braking(record: &Record) -> Duration {
    let mut renewals: Vec<u64> =
        record.sent.iter().filter(|sent| sent.renews()).flat_map(chance_starts).collect();
    renewals.sort_unstable();
    let stops = record.trace.windows(2).filter_map(|pair| match pair {
        // On the way to the safe place nobody's word is awaited.
        [before, line] if before.drives() && !line.drives() && before.cause != SAFE_PLACE => Some(line),
        _ => None,
    });
    let longest = stops.filter(|line| CommandName::from_word(&line.cause).is_none()).filter_map(|line| {
        let place = renewals.partition_point(|at| *at <= line.t);
        place.checked_sub(1).and_then(|place| renewals.get(place)).map(|last| line.t.saturating_sub(*last))
    });
    Duration::from_nanos(longest.max().unwrap_or(0))
}

fn chance_starts(sent: &Sent) -> Vec<u64> {
    sent.chances().map(|(from, _)| from).collect()
}

/// A time in which the vehicle drives, and what asked for it.
struct Drives<'a> {
    asked: Option<CommandName>,
    line: &'a TraceLine,
    from: u64,
    until: u64,
}

/// Every line in which the vehicle drives, until the next one begins.
fn driving(record: &Record) -> Vec<Drives<'_>> {
    let ends = record.trace.iter().skip(1).map(|line| line.t).chain([record.end]);
    let mut asked = None;
    let lines = record.trace.iter().zip(ends).flat_map(|(line, until)| {
        let cause = CommandName::from_word(&line.cause);
        // What does not ask for motion leaves it to the lease that it has. What changes motion may have come before the
        // first sign of what it changes.
        if cause.is_none_or(|name| name.is_motion() || changes_motion(name)) {
            asked = cause;
        }
        let whole = Drives { asked, line, from: line.t, until };
        match superseded(record, line).filter(|at| (line.t..until).contains(at)) {
            _ if !line.drives() => Vec::new(),
            // What followed asked for the speed that there was, so no output shows it.
            Some(at) => {
                let asked = begins(record, at).then_some(CommandName::ParkInSafePlace);
                vec![Drives { until: at, ..whole }, Drives { asked, line, from: at, until }]
            }
            None => vec![whole],
        }
    });
    lines.collect()
}

/// Finds the moment at which the drive to the safe place that the line shows was superseded.
fn superseded(record: &Record, line: &TraceLine) -> Option<u64> {
    let of_line = |heard: &&Heard| {
        heard.answer.state == State::Superseded
            && heard.answer.command == Some(CommandName::ParkInSafePlace)
            && heard.answer.id.as_ref().map(CommandId::as_str) == line.id.as_deref()
    };
    let id = line.id.as_ref().filter(|_| line.cause == SAFE_PLACE);
    id.and_then(|_| record.answers.iter().find(of_line)).map(|heard| heard.at)
}

/// Tells that another drive to the safe place begins at that moment.
fn begins(record: &Record, at: u64) -> bool {
    record.answers.iter().any(|Heard { at: heard, answer, .. }| {
        let executing = answer.state == State::Executing;
        *heard == at && executing && answer.command == Some(CommandName::ParkInSafePlace)
    })
}

/// Times in which motion of each kind had a lease.
struct Covers {
    setpoints: Cover,
    discrete: Cover,
    autonomous: Cover,
    any: Cover,
}

impl Covers {
    fn new(record: &Record) -> Self {
        let begun = answers::by_id(record);
        let counts = |sent: &&Sent| {
            // What the vehicle has refused renews nothing.
            sent.id.as_deref().and_then(|id| begun.get(&(sent.command, id))).is_none_or(|begun| *begun)
        };
        let (grace, guard) = (nanoseconds(GRACE), nanoseconds(GUARD));
        // Whoever kills the agent leaves it to the guard to end what moves.
        let killed = || record.killed.iter().map(move |at| (*at, at.saturating_add(guard)));
        let of = |matches: &dyn Fn(&Sent) -> bool, lease: &dyn Fn(&Sent) -> Duration| {
            let sent = record.sent.iter().filter(counts).filter(|sent| matches(sent));
            let leases = sent.flat_map(|sent| {
                let lease = nanoseconds(lease(sent)).saturating_add(grace);
                sent.chances()
                    .map(move |(from, until)| (from, until.saturating_add(lease)))
                    .collect::<Vec<_>>()
            });
            Cover::new(leases.chain(killed()))
        };
        let timeout = record.terms.operator_timeout;
        let autonomy = record.terms.autonomy;
        let any = |sent: &Sent| {
            let own = if sent.command == CommandName::ParkInSafePlace { autonomy } else { sent.hold };
            own.max(timeout)
        };
        Self {
            any: of(&Sent::renews, &any),
            setpoints: of(&|sent| sent.command == CommandName::Drive, &|sent| sent.hold),
            discrete: of(&Sent::renews, &|_| timeout),
            autonomous: of(&|sent| sent.command == CommandName::ParkInSafePlace, &|_| autonomy),
        }
    }

    fn of(&self, asked: Option<CommandName>) -> &Cover {
        match asked {
            Some(CommandName::Drive) => &self.setpoints,
            Some(CommandName::ParkInSafePlace) => &self.autonomous,
            Some(name) if changes_motion(name) => &self.any,
            _ => &self.discrete,
        }
    }
}

/// Times that do not overlap, in order.
struct Cover(Vec<(u64, u64)>);

impl Cover {
    fn new(times: impl Iterator<Item = (u64, u64)>) -> Self {
        let mut times: Vec<_> = times.collect();
        times.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::new();
        for (from, until) in times {
            match merged.last_mut() {
                Some((_, end)) if from <= *end => *end = (*end).max(until),
                _ => merged.push((from, until)),
            }
        }
        Self(merged)
    }

    /// The first moment from `from` to `until` that nothing covers.
    fn gap(&self, from: u64, until: u64) -> Option<u64> {
        match self.at_or_before(from) {
            Some((_, end)) if end >= until => None,
            Some((_, end)) if end >= from => Some(end),
            _ => Some(from),
        }
    }

    fn end_before(&self, moment: u64) -> Option<u64> {
        self.at_or_before(moment).map(|(_, end)| end.saturating_sub(nanoseconds(GRACE)))
    }

    fn at_or_before(&self, moment: u64) -> Option<(u64, u64)> {
        let place = self.0.partition_point(|(from, _)| *from <= moment);
        place.checked_sub(1).and_then(|place| self.0.get(place)).copied()
    }
}

fn gap_ms(from: u64, until: u64) -> u64 {
    until.saturating_sub(from) / 1_000_000
}
