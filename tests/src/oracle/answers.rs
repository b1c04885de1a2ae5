//! Answers to commands with an ID.

use std::collections::HashMap;

use vehicle_protocol::{CommandName, State};

use super::record::{Heard, Record, Sent, nanoseconds};
use super::violation::{Rule, Violation, named};

pub(super) fn violations(record: &Record) -> Vec<Violation> {
    let mut heard: HashMap<&str, Vec<&Heard>> = HashMap::new();
    for one in &record.answers {
        if let Some(id) = &one.answer.id {
            heard.entry(id.as_str()).or_default().push(one);
        }
    }
    let mut violations = Vec::new();
    for sent in record.sent.iter().filter(|sent| is_answered(sent)) {
        let Some(id) = sent.id.as_deref() else { continue };
        let of_it = heard.get(id).map(Vec::as_slice).unwrap_or_default();
        let of_it: Vec<_> =
            of_it.iter().copied().filter(|one| one.answer.command == Some(sent.command)).collect();
        violations.extend(late(sent, &of_it));
        violations.extend(contradiction(sent, &of_it));
        violations.extend(unanswered(record, sent, &of_it));
    }
    violations
}

/// Counts the commands that the vehicle says it has begun.
pub(super) fn executed(record: &Record) -> usize {
    by_id(record).values().filter(|begun| **begun).count()
}

/// Tells for each command with an ID that an answer says that it was begun.
pub(super) fn by_id(record: &Record) -> HashMap<(CommandName, &str), bool> {
    let mut begun = HashMap::new();
    for heard in &record.answers {
        if let (Some(command), Some(id)) = (heard.answer.command, &heard.answer.id) {
            let known = begun.entry((command, id.as_str())).or_insert(false);
            *known = *known || heard.begun();
        }
    }
    begun
}

/// Setpoints and heartbeats are not answered, and CANCEL has the ID of another command.
fn is_answered(sent: &Sent) -> bool {
    !sent.command.is_on_drive_topic() && sent.command != CommandName::Cancel
}

/// The first answer of a command that was begun was written when it began, and so before its EXP.
fn late(sent: &Sent, heard: &[&Heard]) -> Option<Violation> {
    let first = heard.iter().find(|one| one.begun())?;
    let began = first.boot?.saturating_add(first.answer.clock?.saturating_mul(1_000_000));
    let expires = sent.expires.filter(|_| !sent.command.is_stop())?;
    let sentence = format!("{} was begun after its EXP", named(sent.command.as_str(), sent.id.as_deref()));
    (began > expires).then(|| Violation::new(Rule::Fresh, first.at, sentence))
}

/// A command has one end. A repetition is answered with that end, or refused.
fn contradiction(sent: &Sent, heard: &[&Heard]) -> Option<Violation> {
    if sent.command.is_stop() {
        return None;
    }
    let mut ends = heard.iter().filter(|one| one.begun() && one.answer.state.is_terminal());
    let first = ends.next()?;
    let other = ends.find(|one| one.answer.state != first.answer.state)?;
    let what = named(sent.command.as_str(), sent.id.as_deref());
    let sentence = format!("{what} ended as {} and as {}", first.answer.state, other.answer.state);
    Some(Violation::new(Rule::Answer, other.at, sentence))
}

/// A command that came live has an answer that ends it, once the longest of them are over.
fn unanswered(record: &Record, sent: &Sent, heard: &[&Heard]) -> Option<Violation> {
    let came =
        sent.deliveries.iter().filter(|delivery| !delivery.retained).map(|delivery| delivery.until).min()?;
    let ended = heard.iter().any(|one| one.answer.state.is_terminal());
    let over = came.saturating_add(nanoseconds(record.terms.autonomy)) < record.end;
    let executing = heard.last().is_some_and(|one| one.answer.state == State::Executing);
    if ended || !record.heard_all || !over {
        return None;
    }
    let what = named(sent.command.as_str(), sent.id.as_deref());
    let how = if executing { "began and never ended" } else { "was never answered" };
    Some(Violation::new(Rule::Answer, came, format!("{what} {how}")))
}
