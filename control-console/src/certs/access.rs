//! Access lists of the broker.

use super::register::Entry;
use super::when::When;
use std::fmt::Write as _;
use vehicle_protocol::{Root, Topic, VehicleId, operators_filter};

/// The placeholder that mosquitto replaces by the name in the certificate.
const WHO_ASKS: &str = "%u";

/// Vehicles each have their own topics, by pattern.
pub(super) fn vehicles(root: &Root) -> String {
    let mut text = String::from(
        "# Each vehicle, by the name in its certificate: its own topics, and whether operators are there.\n",
    );
    for &topic in Topic::ALL {
        let deed = if topic.is_written_by_consoles() { "read" } else { "write" };
        let _ = writeln!(text, "pattern {deed} {}", root.filter(WHO_ASKS, topic));
    }
    // It keeps its own presence true, and so reads it.
    let _ = writeln!(text, "pattern read {}", root.filter(WHO_ASKS, Topic::Presence));
    let _ = writeln!(text, "pattern read {}", operators_filter("+"));
    text
}

/// Operators each have the vehicles given to them; `now` is there to leave out who has no certificate in force.
pub(super) fn operators<'a>(root: &Root, entries: impl Iterator<Item = &'a Entry>, now: When) -> String {
    let mut text =
        String::from("# Each operator, by the name in their certificate: the vehicles given to them.\n");
    for entry in entries.filter(|entry| entry.ends > now) {
        let _ = writeln!(text, "\nuser {}", entry.identity().common_name());
        let all = ["+"];
        let some: Vec<&str> = entry.vehicles.iter().map(VehicleId::as_str).collect();
        for vehicle in if some.is_empty() { &all[..] } else { &some } {
            for &topic in Topic::ALL {
                let deed = if topic.is_written_by_consoles() { "write" } else { "read" };
                let _ = writeln!(text, "topic {deed} {}", root.filter(vehicle, topic));
            }
        }
        let _ = writeln!(text, "topic write {}", operators_filter(&entry.name));
        let _ = writeln!(text, "topic read {}", operators_filter("+"));
    }
    text
}
