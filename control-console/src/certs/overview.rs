//! `certs list`: every certificate and when it ends.

use super::register::{Entry, Standing};
use super::store::Store;
use super::when::When;
use crate::cli::Kind;
use crate::exit::Fault;
use crate::output::{Output, Tone};
use serde::Serialize;
use std::path::Path;
use vehicle_protocol::VehicleId;

#[derive(Serialize)]
struct Line<'a> {
    /// Of the authority itself: `authority`.
    kind: String,
    name: &'a str,
    standing: Standing,
    begins: When,
    ends: When,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    hosts: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    vehicles: Option<&'a [VehicleId]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<When>,
}

/// Shows them, and warns of what ends soon.
///
/// # Errors
/// If there is no authority.
pub(super) fn list(folder: &Path, now: When, output: &Output) -> Result<(), Fault> {
    let (_store, register) = Store::open(folder)?;
    let authority = Line {
        kind: "authority".to_owned(),
        name: &register.name,
        standing: Standing::of(register.ends, now),
        begins: register.begins,
        ends: register.ends,
        serial: None,
        hosts: &[],
        vehicles: None,
        revoked: None,
    };
    show(&authority, "", output);
    warn(&authority, now, "make a new one in another folder: control-console certs init --dir DIR", output);
    for entry in &register.certificates {
        let line = line(entry, now);
        show(&line, &reach(entry), output);
        let step = format!("control-console certs issue {} --renew", entry.identity());
        warn(&line, now, &step, output);
    }
    Ok(())
}

fn line(entry: &Entry, now: When) -> Line<'_> {
    Line {
        kind: entry.kind.to_string(),
        name: &entry.name,
        standing: entry.standing(now),
        begins: entry.begins,
        ends: entry.ends,
        serial: Some(&entry.serial),
        hosts: &entry.hosts,
        vehicles: (entry.kind == Kind::Operator).then_some(&entry.vehicles),
        revoked: entry.revoked,
    }
}

/// Its purpose, in words.
fn reach(entry: &Entry) -> String {
    match entry.kind {
        Kind::Broker => entry.hosts.join(" "),
        Kind::Vehicle => String::new(),
        Kind::Operator if entry.vehicles.is_empty() => "all vehicles".to_owned(),
        Kind::Operator => entry.vehicles.iter().map(VehicleId::as_str).collect::<Vec<_>>().join(" "),
    }
}

fn show(line: &Line<'_>, reach: &str, output: &Output) {
    if output.is_json() {
        output.object(line);
        return;
    }
    let tone = match line.standing {
        Standing::Valid => Tone::Good,
        Standing::Ending | Standing::Expired => Tone::Bad,
        Standing::Renewed | Standing::Revoked => Tone::Faint,
    };
    let standing = output.paint(tone, &format!("{:<8}", line.standing.word()));
    let text = format!("{:<9} {:<20} {standing} until {}  {reach}", line.kind, line.name, line.ends.day());
    output.line(text.trim_end());
}

fn warn(line: &Line<'_>, now: When, step: &str, output: &Output) {
    let (name, day) = (format!("{} {}", line.kind, line.name), line.ends.day());
    match (line.standing, line.ends.days_from(now)) {
        (Standing::Expired, _) if line.revoked.is_none() => {
            output.talk(&format!("warning: {name} has ended on {day}; next: {step}"));
        }
        (Standing::Ending, Some(days)) => {
            output.talk(&format!("warning: {name} ends on {day}, in {days} days; next: {step}"));
        }
        _ => {}
    }
}
