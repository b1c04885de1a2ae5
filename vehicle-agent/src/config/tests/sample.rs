//! The sample that is shipped says all there is to set, and what holds if it is not.

use super::*;
use std::collections::BTreeSet;
use toml::{Table, Value};

const SAMPLE: &str = include_str!("../../../../deploy/agent.toml");

/// Keys without a default; the sample shows an example.
const EXAMPLES: [&str; 8] = [
    "state_dir",
    "broker.user",
    "broker.password_file",
    "broker.ca_file",
    "broker.cert_file",
    "broker.key_file",
    "sim.trace",
    "sim.levels",
];

/// The sample with nothing left commented out.
fn uncommented() -> Table {
    let setting = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => setting.to_owned(),
        _ => line.to_owned(),
    };
    let text: Vec<String> = SAMPLE.lines().map(setting).collect();
    text.join("\n").parse().unwrap()
}

fn leaves(table: &Table, above: &str) -> BTreeSet<String> {
    let of_entry = |(key, value): (&String, &Value)| match value.as_table() {
        Some(table) => leaves(table, &format!("{above}{key}.")),
        None => BTreeSet::from([format!("{above}{key}")]),
    };
    table.iter().flat_map(of_entry).collect()
}

/// The keys that can be set, found by asking for one in each table that can't.
fn known(table: &str) -> BTreeSet<String> {
    let stranger = "zzzzzzzzzzzz";
    let text = if table.is_empty() { format!("{stranger} = 1") } else { format!("{table}.{stranger} = 1") };
    let problems = Layers::new().text("", text).resolve(|raw: Raw, _| Some(raw)).unwrap_err();
    let listed = problems.iter().find_map(|problem| {
        problem.next_step.strip_prefix("known keys").and_then(|list| list.split_once(": "))
    });
    match listed {
        Some((_, keys)) => keys.split(", ").flat_map(known).collect(),
        None => BTreeSet::from([table.to_owned()]),
    }
}

#[test]
fn the_sample_is_a_good_configuration_as_it_is() {
    let sample = Config::resolve(Layers::new().text("deploy/agent.toml", SAMPLE));
    assert_eq!(sample.unwrap_or_else(|problems| panic!("{problems}")), config(""));
}

#[test]
fn every_key_stands_in_the_sample_and_none_besides() {
    assert_eq!(leaves(&uncommented(), ""), known(""));
}

#[test]
fn what_the_sample_gives_as_defaults_are_the_defaults() {
    let mut table = uncommented();
    for key in EXAMPLES {
        let (table, key) = match key.split_once('.') {
            Some((name, key)) => (table[name].as_table_mut().unwrap(), key),
            None => (&mut table, key),
        };
        assert!(table.remove(key).is_some(), "{key}");
    }
    assert_eq!(config(&toml::to_string(&table).unwrap()), config(""));
    let rppal = table["rppal"].as_table().unwrap();
    assert_eq!((rppal["pwm_hz"].as_integer(), rppal["no_enable_line"].as_bool()), (Some(100), Some(false)));
}

#[test]
fn the_pins_of_the_sample_can_be_wired_as_they_stand() {
    let mut table = uncommented();
    let motors = [("left", ["forward", "backward"].as_slice()), ("right", &["direction"])];
    for (side, removed) in motors {
        let motor = table["rppal"][side].as_table_mut().unwrap();
        motor.retain(|key, _| !removed.contains(&key));
    }
    let rppal = Table::from_iter([("rppal".to_owned(), table["rppal"].clone())]);
    let config = config(&format!("board.kind = 'rppal'\n{}", toml::to_string(&rppal).unwrap()));
    let BoardConfig::Rppal(wiring) = config.board else { panic!("no pins") };
    assert_eq!(wiring.pins().len(), 12);
}
