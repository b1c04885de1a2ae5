//! The table of time constants in ARCHITECTURE.md, held against the sources.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::root;

/// One row: its value, and the names of the rows that it must be shorter than.
struct Row {
    value: Duration,
    file: String,
    constant: String,
    shorter_than: String,
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_once(' ')?;
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

fn table() -> Result<BTreeMap<String, Row>> {
    let text = fs::read_to_string(root()?.join("ARCHITECTURE.md"))?;
    let begin = text.find("## Time constants").context("no table of time constants")?;
    let mut rows = BTreeMap::new();
    for line in text.get(begin..).unwrap_or_default().lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, value, place, _, shorter_than] = cells.as_slice() else { break };
        let Some(value) = duration(value) else { continue };
        let (file, constant) = place.split_once(' ').with_context(|| format!("no place in {line}"))?;
        let (file, constant) = (file.trim_matches('`').to_owned(), constant.to_owned());
        rows.insert(
            (*name).to_owned(),
            Row { value, file, constant, shorter_than: (*shorter_than).to_owned() },
        );
    }
    Ok(rows)
}

/// The value of a constant, or the default of a configured time, as it stands in a source.
fn in_source(text: &str, constant: &str) -> Option<Duration> {
    if constant.chars().any(char::is_lowercase) {
        // tick: millis(raw.tick_ms.within(…), 20),
        let line = text.lines().find(|line| line.contains(&format!("raw.{constant}.")))?;
        let number = line.rsplit_once(", ")?.1.trim_end_matches("),");
        return if line.contains("millis(") {
            number.parse().ok().map(Duration::from_millis)
        } else {
            Duration::try_from_secs_f64(number.parse().ok()?).ok()
        };
    }
    let line = text.lines().find(|line| line.contains(&format!("const {constant}: Duration")))?;
    let (_, value) = line.split_once("= Duration::from_")?;
    let (unit, number) = value.split_once('(')?;
    let number = number.trim_end_matches(");").replace('_', "").parse().ok()?;
    match unit {
        "millis" => Some(Duration::from_millis(number)),
        "secs" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

#[test]
fn every_time_in_the_table_is_the_one_in_the_source() -> Result<()> {
    let rows = table()?;
    ensure!(rows.len() > 15, "only {} rows were read", rows.len());
    for (name, row) in rows {
        let text = fs::read_to_string(root()?.join(&row.file)).with_context(|| row.file.clone())?;
        let found = in_source(&text, &row.constant);
        ensure!(found == Some(row.value), "{name}: {} in {} is {found:?}", row.constant, row.file);
    }
    Ok(())
}

#[test]
fn every_time_is_shorter_than_the_table_says() -> Result<()> {
    let rows = table()?;
    for (name, row) in &rows {
        if row.shorter_than.is_empty() {
            continue;
        }
        let other =
            rows.get(&row.shorter_than).with_context(|| format!("{name}: no row {}", row.shorter_than))?;
        ensure!(row.value < other.value, "{name} is not shorter than {}", row.shorter_than);
    }
    Ok(())
}

#[test]
fn a_changed_time_is_found() {
    assert_eq!(
        in_source("const A: Duration = Duration::from_millis(150);", "A"),
        Some(Duration::from_millis(150))
    );
    let configured = "        tick: millis(raw.tick_ms.within(5..=100, \"ms\", problems), 20),";
    assert_eq!(in_source(configured, "tick_ms"), Some(Duration::from_millis(20)));
    let seconds = "        lapse: seconds(raw.lapse_s.within(0.1..=3_600.0, \"s\", problems), 10.0),";
    assert_eq!(in_source(seconds, "lapse_s"), Some(Duration::from_secs(10)));
    assert_eq!(in_source("const A: Duration = Duration::ZERO;", "A"), None);
}
