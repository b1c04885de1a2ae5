use std::fs;

use anyhow::{Result, ensure};
use vehicle_protocol::{CommandName, Reason, State};

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
