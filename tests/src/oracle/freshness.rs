//! Nothing acts that was not sent, or that is late, retained or of another boot.

use std::collections::HashMap;

use vehicle_protocol::{CommandId, CommandName};

use super::GRACE;
use super::record::{Record, Sent, nanoseconds};
use super::runs::Run;
use super::violation::{Rule, Violation, name_of};
use crate::trace::TraceLine;

/// Power that a step may still have given to the motors before the stop in it came to act, as a share of all.
const ONE_STEP: f64 = 0.1;

pub(super) fn violations(record: &Record, runs: &[Run<'_>]) -> Vec<Violation> {
    let orders = Orders::new(record);
    let unfounded = runs.iter().filter_map(|run| orders.unfounded(run.line));
    let starts = record.trace.windows(2).filter_map(|pair| match pair {
        [before, line] if !before.moves() && line.moves() => moves_by_itself(line),
        _ => None,
    });
    let from_nothing = record.trace.first().filter(|line| line.moves()).and_then(moves_by_itself);
    unfounded.chain(from_nothing).chain(starts).chain(held_stick(record)).collect()
}

type Name<'a> = (&'a str, Option<&'a str>);

/// Commands that were sent, and those that the vehicle says it has begun, by command and ID.
struct Orders<'a> {
    sent: HashMap<Name<'a>, Vec<&'a Sent>>,
    begun: HashMap<Name<'a>, Vec<u64>>,
}

impl<'a> Orders<'a> {
    fn new(record: &'a Record) -> Self {
        let mut orders = Self { sent: HashMap::new(), begun: HashMap::new() };
        for sent in &record.sent {
            orders.sent.entry((sent.command.as_str(), sent.id.as_deref())).or_default().push(sent);
        }
        for heard in record.answers.iter().filter(|heard| heard.begun()) {
            let Some(command) = heard.answer.command else { continue };
            let id = heard.answer.id.as_ref().map(CommandId::as_str);
            orders.begun.entry((command.as_str(), id)).or_default().push(heard.at);
        }
        orders
    }

    /// A run of a command begins only while one like it may rightly be begun.
    fn unfounded(&self, line: &TraceLine) -> Option<Violation> {
        let name = CommandName::from_word(&line.cause)?;
        let key = (line.cause.as_str(), line.id.as_deref());
        let Some(sent) = self.sent.get(&key) else {
            let sentence = format!("{} acted, which nobody sent", name_of(line));
            return Some(Violation::new(Rule::Fresh, line.t, sentence));
        };
        if sent.iter().any(|sent| self.is_founded(name, key, sent, line.t)) {
            return None;
        }
        let why = sent.first().map_or("", |sent| sent.bar());
        Some(Violation::new(Rule::Fresh, line.t, format!("{} acted, {why}", name_of(line))))
    }

    /// Tells that a command may show its first effect at `at`: soon after it may have been begun, or later if the vehicle
    /// has said so in time, as of a turn that first waits; of a plain one it says nothing before its end. A stop may
    /// find nothing to change for long.
    fn is_founded(&self, name: CommandName, key: Name<'_>, sent: &Sent, at: u64) -> bool {
        let grace = nanoseconds(GRACE);
        let soon = grace.saturating_add(nanoseconds(sent.hold));
        let turns = matches!(name, CommandName::RotateLeft | CommandName::RotateRight);
        let any_time = name.is_stop() || turns && sent.id.is_none();
        sent.chances().any(|(from, until)| {
            let begun = self.begun.get(&key).into_iter().flatten();
            let in_time = begun.copied().any(|begun| from <= begun && begun <= until.saturating_add(grace));
            from <= at && (at <= until.saturating_add(soon) || in_time || any_time)
        })
    }
}

/// Motion begins only by a command that asks for motion, or that changes what has been asked for and not yet begun.
fn moves_by_itself(line: &TraceLine) -> Option<Violation> {
    let asks =
        CommandName::from_word(&line.cause).is_some_and(|name| name.is_motion() || changes_motion(name));
    let sentence = format!("the motors got power by {}", name_of(line));
    let one_step = line.brake && line.level() < ONE_STEP;
    (!asks && !one_step).then(|| Violation::new(Rule::Fresh, line.t, sentence))
}

/// Tells that a command only changes what others have asked for.
pub(super) const fn changes_motion(name: CommandName) -> bool {
    matches!(name, CommandName::Cancel | CommandName::SetMaxSpeed | CommandName::SetMinSpeed)
}

/// After the vehicle has stopped by itself, a setpoint moves it only when the stick has been released.
fn held_stick(record: &Record) -> Vec<Violation> {
    let drive = CommandName::Drive.as_str();
    let released: Vec<_> = record
        .sent
        .iter()
        .filter(|sent| sent.neutral)
        .flat_map(|sent| sent.chances().collect::<Vec<_>>())
        .collect();
    let mut stopped: Option<u64> = None;
    let mut violations = Vec::new();
    for line in &record.trace {
        if CommandName::from_word(&line.cause).is_none() {
            stopped = stopped.or(Some(line.t));
        } else if line.cause == drive
            && line.drives()
            && let Some(stop) = stopped.take()
            && !released.iter().any(|(from, until)| *from <= line.t && *until >= stop)
        {
            let sentence = format!("{} moved it, and the stick had not been released", name_of(line));
            violations.push(Violation::new(Rule::Fresh, line.t, sentence));
        }
    }
    violations
}
