//! One party drives at a time.

use std::collections::HashMap;

use vehicle_protocol::CommandName;

use super::record::Record;
use super::violation::{Rule, Violation, name_of};

/// Whoever moves the vehicle after somebody else finds it standing: each line says what power the motors have from then on.
pub(super) fn violations(record: &Record) -> Vec<Violation> {
    let parties: HashMap<_, _> = record
        .sent
        .iter()
        .filter_map(|sent| Some(((sent.command.as_str(), sent.id.as_deref()), sent.by.as_deref()?)))
        .collect();
    let (mut driver, mut violations) = (None, Vec::new());
    for line in &record.trace {
        let asks = CommandName::from_word(&line.cause).is_some_and(CommandName::is_motion);
        let party = parties.get(&(line.cause.as_str(), line.id.as_deref())).filter(|_| asks);
        match (line.moves(), party) {
            (false, _) => driver = None,
            (true, Some(party)) => {
                if let Some(other) = driver.replace(*party).filter(|other| other != party) {
                    let sentence = format!("{} of {party} moved it while {other} drove", name_of(line));
                    violations.push(Violation::new(Rule::Driver, line.t, sentence));
                }
            }
            (true, None) => {}
        }
    }
    violations
}
