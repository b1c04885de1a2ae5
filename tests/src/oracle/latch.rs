//! The emergency stop stays until it is cleared on purpose.

use vehicle_protocol::{CommandName, State};

use super::record::{Heard, Record};
use super::violation::{Rule, Violation, name_of};

pub(super) fn violations(record: &Record) -> Vec<Violation> {
    // That a clearing was sent, and in time, is judged with all other commands.
    let cleared: Vec<u64> = ends(record, CommandName::ClearEmergencyStop).map(|heard| heard.at).collect();
    let mut since = None;
    let mut violations = Vec::new();
    for line in &record.trace {
        let cleared = |since: &u64| cleared.iter().any(|at| *since <= *at && *at <= line.t);
        since = match CommandName::from_word(&line.cause) {
            Some(CommandName::EmergencyStop) => Some(line.t),
            Some(CommandName::ClearEmergencyStop) => None,
            // A kill while it was being stored may leave it unset, with nothing moving.
            None if line.cause == "BOOT" => since.filter(|_| stored(record, line.t)),
            _ => since.filter(|since| !cleared(since)),
        };
        if since.is_some() && (line.moves() || line.enable) {
            let sentence = format!("{} enabled the motors in emergency stop", name_of(line));
            violations.push(Violation::new(Rule::Latch, line.t, sentence));
        }
    }
    violations
}

fn ends(record: &Record, command: CommandName) -> impl Iterator<Item = &Heard> {
    let of_it = record.answers.iter().filter(move |heard| heard.answer.command == Some(command));
    of_it.filter(|heard| heard.answer.state == State::Succeeded)
}

/// Tells that the vehicle had said, of the last emergency stop before `moment`, that it is in force and stored.
fn stored(record: &Record, moment: u64) -> bool {
    let mut of_it = record
        .answers
        .iter()
        .filter(|heard| heard.at <= moment && heard.answer.command == Some(CommandName::EmergencyStop));
    of_it.next_back().is_some_and(|heard| heard.answer.state == State::Succeeded)
}
