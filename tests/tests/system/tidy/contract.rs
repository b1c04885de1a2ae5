use std::fs;

use anyhow::{Result, ensure};
use vehicle_protocol::{CommandName, Reason, State, Topic};

use super::{mentions, root};

#[test]
fn every_word_of_the_wire_stands_in_the_contract() -> Result<()> {
    let Ok(contract) = fs::read_to_string(root()?.join("shared/PROTOCOL.md")) else { return Ok(()) };
    let reasons = Reason::ALL.iter().map(|reason| reason.as_str());
    let states = State::ALL.iter().map(|state| state.as_str());
    let commands = CommandName::ALL.iter().map(|name| name.as_str());
    for word in reasons.chain(states).chain(commands) {
        ensure!(mentions(&contract, word), "shared/PROTOCOL.md does not say what {word} means");
    }
    Ok(())
}

#[test]
fn who_writes_a_topic_is_who_the_contract_says() -> Result<()> {
    let contract = fs::read_to_string(root()?.join("shared/PROTOCOL.md"))?;
    let mut found = 0;
    for &topic in Topic::ALL {
        let row = format!("| `vehicles/ID/{topic}` | ");
        let Some(rest) = contract.lines().find_map(|line| line.strip_prefix(&row)) else { continue };
        found += 1;
        let writer = if topic.is_written_by_consoles() { "console" } else { "vehicle" };
        ensure!(rest.starts_with(writer), "{topic} is written by {rest}");
    }
    assert_eq!(found, Topic::ALL.len(), "a topic has no row in the table");
    Ok(())
}
