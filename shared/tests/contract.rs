//! The examples in PROTOCOL.md are messages as this crate writes them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::{fs, iter};
use vehicle_protocol::auth::{KeyFile, Role};
use vehicle_protocol::{
    Answer, CommandName, Description, Event, ParameterKind, Presence, Reason, SessionAnswer, SessionRequest,
    Shape, State, Status, Telemetry, json,
};

fn contract() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("PROTOCOL.md")).unwrap()
}

/// The lines of all blocks of a language.
fn blocks<'a>(contract: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let blocks = contract.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap());
    // An array is a flow of Node-RED.
    blocks.filter(|block| !block.starts_with('[')).flat_map(str::lines).collect()
}

fn is_a<T: Serialize + DeserializeOwned>(text: &str) -> bool {
    serde_json::from_str::<T>(text).is_ok_and(|message| serde_json::to_string(&message).unwrap() == text)
}

fn is_a_command(text: &str) -> bool {
    json::decode(text.as_bytes()).is_ok_and(|envelope| json::encode(&envelope) == text)
}

#[test]
fn every_example_in_the_contract_is_a_message_to_the_letter() {
    let contract = contract();
    let examples = blocks(&contract, "json");
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

#[test]
fn every_signed_example_is_signed_with_the_key_of_the_example() {
    let contract = contract();
    let key = blocks(&contract, "key").concat();
    let file = KeyFile::parse(&key).unwrap();
    assert_eq!(file.to_text().trim_end(), key);
    let signer = file.signer();
    let examples = blocks(&contract, "json").into_iter().filter(|text| text.contains(r#""MAC""#));
    let mut count = 0;
    for text in examples {
        let command = json::decode(text.as_bytes()).is_ok_and(|envelope| {
            matches!(envelope.shape, Shape::Signed(_)) && signer.verifies_command(&envelope)
        });
        let verifies = command
            || serde_json::from_str(text).is_ok_and(|answer| signer.verifies_answer(&answer))
            || serde_json::from_str(text).is_ok_and(|request| signer.verifies_session_request(&request))
            || serde_json::from_str(text).is_ok_and(|answer| signer.verifies_session_answer(&answer));
        assert!(verifies, "{text}");
        count += 1;
    }
    assert!(count >= 5, "only {count} signed examples");
}

#[test]
fn every_line_of_bytes_in_the_contract_is_among_the_vectors_or_golden_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut known = fs::read_to_string(folder.join("vectors/vp1.json")).unwrap().replace('\\', "");
    for shape in fs::read_dir(folder.join("golden/compact-shape")).unwrap() {
        known.push_str(&fs::read_to_string(shape.unwrap().path()).unwrap());
    }
    let contract = contract();
    let words = blocks(&contract, "text").into_iter().flat_map(str::split_whitespace);
    let is_hex = |word: &str| word.len() >= 8 && word.bytes().all(|digit| digit.is_ascii_hexdigit());
    let messages: Vec<_> = words.filter(|word| is_hex(word) || word.starts_with('{')).collect();
    assert_eq!(messages.len(), 7, "{messages:?}");
    for message in messages {
        assert!(known.contains(message), "{message}");
    }
}

#[test]
fn the_table_of_roles_is_what_the_roles_may() {
    let mark = |may: bool| if may { "yes" } else { "" };
    let rows = CommandName::ALL.iter().map(|name| {
        let may = [Role::Viewer, Role::Driver, Role::Owner].map(|role| mark(role.may(*name)));
        format!("| {} | {name} | {} |\n", name.number(), may.join(" | "))
    });
    let head = "| no. | CMD | viewer | driver | owner |\n|---|---|---|---|---|\n";
    let table = iter::once(head.to_owned()).chain(rows).collect::<String>();
    let contract = contract();
    let written = contract.split("<!-- roles -->\n").nth(1).unwrap();
    let written = written.split("<!-- end of roles -->").next().unwrap();
    assert_eq!(written, table, "the table of roles in PROTOCOL.md is to be\n{table}");
}

#[test]
fn numbers_of_the_compact_form_are_places_in_the_tables() {
    let contract = contract();
    let rows = |heading: &str, numbered: Vec<(u64, &str)>| {
        let cells = cells(&contract, heading);
        let written = (0..).zip(cells.iter().map(|row| row[0].as_str()));
        assert_eq!(numbered, written.collect::<Vec<_>>(), "{heading}");
    };
    rows("| CMD | Argument |", CommandName::ALL.iter().map(|word| (word.number(), word.as_str())).collect());
    rows("| STATE | Meaning |", State::ALL.iter().map(|word| (word.number(), word.as_str())).collect());
    rows("| REASON | Meaning |", Reason::ALL.iter().map(|word| (word.number(), word.as_str())).collect());
}

/// The rows of a table that begins with a heading, in cells.
fn cells(contract: &str, heading: &str) -> Vec<Vec<String>> {
    let table = contract.split(heading).nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.split('|').skip(1).map(|cell| cell.trim().replace('`', "")).collect()).collect()
}

#[test]
fn each_command_has_the_arguments_that_its_row_names() {
    for row in cells(&contract(), "| CMD | Argument |") {
        let name = CommandName::from_word(&row[0]).unwrap();
        let parameters = name.parameters().iter();
        let keys: Vec<_> = parameters
            .map(|parameter| {
                format!("{}{}", parameter.key, if parameter.is_optional { ", optional" } else { "" })
            })
            .collect();
        assert_eq!(row[1], keys.join(", "), "{name}");
    }
}

#[test]
fn each_argument_has_the_range_and_the_commands_that_its_row_names() {
    let rows = cells(&contract(), "| Argument | Type, unit |");
    for &name in CommandName::ALL {
        for parameter in name.parameters() {
            let is_its_row = |row: &&Vec<String>| row[0] == parameter.key && row[3].contains(name.as_str());
            let row = rows.iter().find(is_its_row).unwrap_or_else(|| panic!("{name} {}", parameter.key));
            let ParameterKind::Number { min, max, .. } = parameter.kind else { continue };
            // Where the vehicle has the upper limit, its name stands there.
            let range =
                if max < f64::MAX { parameter.range.to_owned() } else { format!("{min} to max_hold_ms") };
            let written = row[2].replace("above 0, at most", "above 0 and at most");
            assert!(written.starts_with(&range), "{name} {}: {written}", parameter.key);
        }
    }
}
