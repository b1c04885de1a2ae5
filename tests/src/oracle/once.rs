//! A command is executed once, and no old setpoint after a new one.

use std::collections::{HashMap, HashSet};

use vehicle_protocol::CommandName;

use super::record::Record;
use super::runs::{Part, Run};
use super::violation::{Rule, Violation, name_of};

pub(super) fn violations(record: &Record, runs: &[Run<'_>]) -> Vec<Violation> {
    let again = [Part::Motion, Part::Body].into_iter().flat_map(|part| again(record, runs, part));
    again.chain(backwards(record, runs)).chain(resurrected(record)).collect()
}

/// A command that has acted acts again after another one has. Over a restart that is promised for timed ones alone.
fn again(record: &Record, runs: &[Run<'_>], part: Part) -> Vec<Violation> {
    let timed: HashSet<_> = record
        .sent
        .iter()
        .filter(|sent| sent.expires.is_some())
        .map(|sent| (sent.command.as_str(), sent.id.as_deref()))
        .collect();
    let mut seen = HashSet::new();
    let mut violations = Vec::new();
    for line in runs.iter().filter(|run| run.part == part).map(|run| run.line) {
        let key = (line.cause.as_str(), line.id.as_deref());
        match CommandName::from_word(&line.cause) {
            None if line.cause == "BOOT" => seen.retain(|key| timed.contains(key)),
            Some(name) if line.id.is_some() && !name.is_stop() && !seen.insert(key) => {
                violations.push(Violation::new(Rule::Once, line.t, format!("{} acted again", name_of(line))));
            }
            _ => {}
        }
    }
    violations
}

/// A timed setpoint acts after one with a later EXP of the same boot has.
fn backwards(record: &Record, runs: &[Run<'_>]) -> Vec<Violation> {
    let drives = record.sent.iter().filter(|sent| sent.command == CommandName::Drive);
    let expiry: HashMap<_, _> =
        drives.filter_map(|sent| Some((sent.id.as_deref()?, sent.expires?))).collect();
    let mut newest = 0;
    let mut violations = Vec::new();
    for run in runs {
        if run.line.cause == "BOOT" {
            newest = 0;
        }
        let expires = run.line.id.as_deref().filter(|_| run.line.cause == CommandName::Drive.as_str());
        let Some(expires) = expires.and_then(|id| expiry.get(id)) else { continue };
        if *expires < newest {
            let sentence = format!("{} acted after a newer setpoint", name_of(run.line));
            violations.push(Violation::new(Rule::Once, run.line.t, sentence));
        }
        newest = newest.max(*expires);
    }
    violations
}

/// A command that is answered as begun twice, with EXECUTING or otherwise, after it had ended.
fn resurrected(record: &Record) -> Vec<Violation> {
    let mut ended = HashSet::new();
    let mut violations = Vec::new();
    for heard in &record.answers {
        let (Some(name), Some(id)) = (heard.answer.command, heard.answer.id.as_ref()) else { continue };
        if name.is_stop() || name == CommandName::Cancel || !heard.begun() {
            continue;
        }
        if heard.answer.state.is_terminal() {
            ended.insert((heard.boot, name, id));
        } else if ended.contains(&(heard.boot, name, id)) {
            let sentence = format!("{name} with the ID {id} began again after it had ended");
            violations.push(Violation::new(Rule::Once, heard.at, sentence));
        }
    }
    violations
}
