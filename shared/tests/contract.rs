//! The examples in PROTOCOL.md are messages as this crate writes them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::Path;
use vehicle_protocol::{
    Answer, Description, Event, Presence, SessionAnswer, SessionRequest, Status, Telemetry, json,
};

fn is_a<T: Serialize + DeserializeOwned>(text: &str) -> bool {
    serde_json::from_str::<T>(text).is_ok_and(|message| serde_json::to_string(&message).unwrap() == text)
}

fn is_a_command(text: &str) -> bool {
    json::decode(text.as_bytes()).is_ok_and(|envelope| json::encode(&envelope) == text)
}

#[test]
fn every_example_in_the_contract_is_a_message_to_the_letter() {
    let contract = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("PROTOCOL.md")).unwrap();
    let blocks = contract.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    // An array is a flow of Node-RED.
    let examples: Vec<_> = blocks.filter(|block| !block.starts_with('[')).flat_map(str::lines).collect();
    assert!(examples.len() > 12, "only {} examples found", examples.len());
    for text in examples {
        let is_message = is_a_command(text)
            || is_a::<Answer>(text)
            || is_a::<Presence>(text)
            || is_a::<Event>(text)
            || is_a::<SessionRequest>(text)
            || is_a::<SessionAnswer>(text)
            || is_a::<Description>(text)
            || is_a::<Status>(text)
            || is_a::<Telemetry>(text);
        assert!(is_message, "{text}");
    }
}
