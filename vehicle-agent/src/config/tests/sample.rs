//! The sample that is shipped says all there is to set, and what holds if it is not.

use super::*;
use crate::control::Battery;
use std::collections::BTreeSet;
use toml::{Table, Value};

const SAMPLE: &str = include_str!("../../../../deploy/agent.toml");

/// Keys without a default; the sample shows an example.
const EXAMPLES: [&str; 12] = [
    "state_dir",
    "broker.user",
    "broker.password_file",
    "broker.ca_file",
    "broker.cert_file",
    "broker.key_file",
    "trust.keys_dir",
    "sim.trace",
    "sim.levels",
    "sim.metres_per_pulse",
    "sensors.others",
    "sensors.battery",
];

/// What a pin is made of; the sample explains these once for all pins.
const PIN: [&str; 10] =
    ["gpio", "hardware", "line", "chip", "offset", "pwmchip", "channel", "active_low", "bias", "power_on"];

/// The same for a sensor.
const SENSOR: [&str; 7] = ["name", "iio", "hwmon", "w1", "on", "input", "ratio"];

/// The key of the setting that a key belongs to: a pin is one setting, and so is a sensor.
fn setting(key: &str) -> String {
    let parts = if key.starts_with("sensors.") { SENSOR.as_slice() } else { PIN.as_slice() };
    let whole = key.rsplit_once('.').filter(|(_, last)| parts.contains(last));
    whole.map_or(key, |(whole, _)| whole).to_owned()
}

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
        problem.advice.next_step.strip_prefix("known keys").and_then(|list| list.split_once(": "))
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
    let settings = |keys: BTreeSet<String>| keys.iter().map(|key| setting(key)).collect::<BTreeSet<_>>();
    assert_eq!(settings(leaves(&uncommented(), "")), settings(known("")));
}

#[test]
fn every_key_of_a_pin_is_explained() {
    assert_eq!(known("wiring.enable"), PIN.map(|key| format!("wiring.enable.{key}")).into());
    for key in PIN {
        let explained = |line: &str| line.starts_with("#   ") && line.contains(&format!("{key} = "));
        assert!(SAMPLE.lines().any(explained), "{key}");
    }
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
    let wiring = table["wiring"].as_table().unwrap();
    assert_eq!((wiring["pwm_hz"].as_integer(), wiring["no_enable_line"].as_bool()), (Some(100), Some(false)));
}

/// The wiring of the sample with what `kept` says of its tables, on a board.
fn wired(board: &str, drivetrain: &str, kept: &[(&str, &[&str])]) -> Wiring {
    let mut wiring = uncommented()["wiring"].as_table().unwrap().clone();
    for table in ["left", "right", "drive", "steering", "doors"] {
        let kept = kept.iter().find(|(name, _)| *name == table).map_or(&[] as &[&str], |(_, keys)| keys);
        wiring[table].as_table_mut().unwrap().retain(|key, _| kept.contains(&key));
    }
    let wiring = Table::from_iter([("wiring".to_owned(), Value::Table(wiring))]);
    let text = toml::to_string(&wiring).unwrap();
    let config = config(&format!("board.kind = '{board}'\ndrivetrain.kind = '{drivetrain}'\n{text}"));
    let BoardConfig::Wired { wiring, .. } = config.board else { panic!("no pins") };
    *wiring
}

#[test]
fn the_pins_of_the_sample_can_be_wired_as_they_stand() {
    for board in ["rppal", "gpiochip"] {
        let turns = ["encoder_a", "encoder_b", "pulses_per_turn", "wheel_circumference_m"];
        let left = [["pwm", "direction"].as_slice(), &turns].concat();
        let right = ["pwm", "forward", "backward", "encoder_a", "metres_per_pulse"];
        let motors = [("left", left.as_slice()), ("right", &right)];
        let doors = [("doors", ["lock", "unlock", "pulse_ms"].as_slice())];
        let wiring = wired(board, "skid_steer", &[motors.as_slice(), &doors].concat());
        assert_eq!(wiring.outputs().len(), 13);
        assert!(wiring.emergency_stop.is_some());
        assert_eq!(wiring.encoders.len(), 2);
        let widths = ["esc", "backward_us", "neutral_us", "forward_us"].as_slice();
        let steering = ["servo", "left_us", "centre_us", "right_us"].as_slice();
        let kept = [("drive", widths), ("steering", steering), ("doors", &["unlocked"])];
        assert_eq!(wired(board, "steering_servo", &kept).outputs().len(), 9);
    }
}

#[test]
fn the_sensors_of_the_sample_can_be_read_as_they_stand() {
    for left_out in [["charge"].as_slice(), &["empty_v", "full_v"]] {
        let mut sensors = uncommented()["sensors"].as_table().unwrap().clone();
        sensors["battery"].as_table_mut().unwrap().retain(|key, _| !left_out.contains(&key));
        let sensors = Table::from_iter([("sensors".to_owned(), Value::Table(sensors))]);
        let config = config(&toml::to_string(&sensors).unwrap());
        assert_eq!(config.readers.sources.len(), 2);
        let difference = config.sensors.battery.unwrap().low_pct - battery_by_default().low_pct;
        assert!(difference.abs() < 1e-9, "{difference}");
    }
}

fn battery_by_default() -> Battery {
    let voltage = "voltage = { hwmon = 'x', input = 'in1' }";
    config(&format!("[sensors.battery]\n{voltage}\nempty_v = 1\nfull_v = 2")).sensors.battery.unwrap()
}
