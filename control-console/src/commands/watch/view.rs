//! The form of a message: a line for people, an object for programs, or one value.

use super::vehicle_state::{Changes, VehicleState, text};
use crate::clock::Moment;
use crate::output::{Output, Tone, printable};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use vehicle_protocol::{Topic, VehicleId};

/// Fields that change all the time and say little to a person.
const NOISE: [&str; 6] = ["time", "epoch", "link", "uptime_s", "executed", "refused"];

pub(super) struct View<'a> {
    field: Option<String>,
    output: &'a Output,
    /// The value of the one field that was shown last.
    shown: BTreeMap<VehicleId, (Value, bool)>,
}

impl<'a> View<'a> {
    pub(super) const fn new(field: Option<String>, output: &'a Output) -> Self {
        Self { field, output, shown: BTreeMap::new() }
    }

    /// The one field that is asked for.
    pub(super) fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// Shows what a message has changed; tells whether that took a line.
    pub(super) fn show(
        &mut self,
        vehicle: &VehicleId,
        topic: Topic,
        vehicle_state: &VehicleState,
        changes: &Changes,
        now: Moment,
    ) -> bool {
        if let Some(field) = self.field.clone() {
            return topic != Topic::Events && self.show_field(vehicle, &field, vehicle_state, now);
        }
        if changes.carried.is_empty() {
            return false;
        }
        if self.output.is_json() {
            self.show_object(vehicle, topic, vehicle_state, changes, now);
            return true;
        }
        let told: Vec<String> = changes
            .changed
            .iter()
            .filter(|name| !NOISE.contains(&name.as_str()))
            .filter_map(|name| {
                let value = changes.carried.get(name)?;
                let old =
                    vehicle_state.find(name).is_some_and(|(held, _)| vehicle_state.is_old(name, held, now));
                Some(told_of(name, value, old))
            })
            .collect();
        if told.is_empty() {
            return false;
        }
        let mark = if changes.retained { "R" } else { " " };
        let head = format!("{vehicle} {topic:<9} {mark}");
        self.output.folded(&head, &told, changes.retained.then_some(Tone::Faint));
        true
    }

    fn show_field(
        &mut self,
        vehicle: &VehicleId,
        field: &str,
        vehicle_state: &VehicleState,
        now: Moment,
    ) -> bool {
        let Some((held, value)) = vehicle_state.find(field) else { return false };
        let name = field.split('.').next().unwrap_or(field);
        let old = vehicle_state.is_old(name, held, now);
        let shown = (value.clone(), old);
        if self.shown.insert(vehicle.clone(), shown.clone()).is_some_and(|before| before == shown) {
            return false;
        }
        if self.output.is_json() {
            self.output.object(
                &json!({"vehicle": vehicle, "field": field, "value": value, "retained": held.retained, "old": old}),
            );
        } else {
            self.output.line(&format!("{}{}", if old { "~" } else { "" }, text(value)));
        }
        true
    }

    fn show_object(
        &self,
        vehicle: &VehicleId,
        topic: Topic,
        vehicle_state: &VehicleState,
        changes: &Changes,
        now: Moment,
    ) {
        let old: Vec<&String> = changes
            .carried
            .keys()
            .filter(|name| {
                vehicle_state.find(name).is_some_and(|(held, _)| vehicle_state.is_old(name, held, now))
            })
            .collect();
        let mut object = Map::new();
        object.insert("vehicle".to_owned(), json!(vehicle));
        object.insert("topic".to_owned(), json!(topic));
        object.insert("retained".to_owned(), json!(changes.retained));
        object.insert("old".to_owned(), json!(!old.is_empty()));
        object.insert("values".to_owned(), Value::Object(changes.carried.clone()));
        self.output.object(&object);
    }
}

fn told_of(name: &str, value: &Value, old: bool) -> String {
    format!("{}{}={}", if old { "~" } else { "" }, printable(name), text(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_name_of_a_field_nor_its_value_steers_the_terminal() {
        assert_eq!(told_of("x\u{1b}[2J", &json!("y\n"), true), "~x\u{fffd}[2J=y\u{fffd}");
    }
}
