//! The state of one vehicle as reported so far, field by field. Pure.

use crate::clock::Moment;
use crate::output::printable;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;
use vehicle_protocol::{Presence, PresenceState, Topic};

/// After so long without a word a value is old: a status comes on every change and at a slow heartbeat besides.
const OLD_AFTER: Duration = Duration::from_secs(60);

/// A value with its history.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownValue {
    /// The value.
    pub value: Value,
    /// Set if it came as a retained message, and not since.
    pub retained: bool,
    heard: Moment,
    /// Set if the link was lost since.
    lost: bool,
}

/// The known fields of a vehicle; generic, so that a newer vehicle's fields are shown too.
#[derive(Clone, Debug, Default)]
pub struct VehicleState {
    presence: Option<Presence>,
    fields: BTreeMap<String, KnownValue>,
}

/// The fields that a message carried, and those of them that are news.
#[derive(Debug, Default, PartialEq)]
pub struct Changes {
    /// Set if the broker had kept it (retained).
    pub retained: bool,
    /// All that was in it.
    pub carried: Map<String, Value>,
    /// The names of those whose value is not as before.
    pub changed: Vec<String>,
}

impl VehicleState {
    /// Takes a message apart.
    ///
    /// # Errors
    /// The reason for which it can't be read.
    pub fn take(
        &mut self,
        topic: Topic,
        payload: &[u8],
        retained: bool,
        now: Moment,
    ) -> Result<Changes, String> {
        if payload.is_empty() {
            // Somebody has just removed a retained message.
            return Ok(Changes::default());
        }
        let Ok(Value::Object(mut carried)) = serde_json::from_slice(payload) else {
            return Err("not a JSON object".to_owned());
        };
        if topic == Topic::Presence {
            let presence: Presence =
                serde_json::from_value(Value::Object(carried.clone())).map_err(|error| error.to_string())?;
            if self.presence.is_some_and(|known| !presence.replaces(&known)) {
                return Ok(Changes::default());
            }
            self.presence = Some(presence);
            let state = carried.remove("state").unwrap_or_default();
            carried = Map::from_iter([("presence".to_owned(), state)]);
        }
        if topic == Topic::Events {
            // An event happens; it is no state.
            let changed = carried.keys().cloned().collect();
            return Ok(Changes { retained, carried, changed });
        }
        if topic == Topic::Status {
            // It is the whole state: what it leaves out is no more.
            self.fields.retain(|name, _| name == "presence" || carried.contains_key(name));
        }
        let mut changed = Vec::new();
        for (name, value) in &carried {
            let held = KnownValue { value: value.clone(), retained, heard: now, lost: false };
            let before = self.fields.insert(name.clone(), held);
            if before.is_none_or(|before| before.value != *value || (before.retained && !retained)) {
                changed.push(name.clone());
            }
        }
        Ok(Changes { retained, carried, changed })
    }

    /// All that was known is from before the link was lost.
    pub fn lose_link(&mut self) {
        self.fields.values_mut().for_each(|held| held.lost = true);
    }

    /// The value of a field, with parts of objects after points.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<(&KnownValue, &Value)> {
        let mut parts = path.split('.');
        let held = self.fields.get(parts.next()?)?;
        let value = parts.try_fold(&held.value, |value, part| value.get(part))?;
        Some((held, value))
    }

    /// The vehicle's presence.
    #[must_use]
    pub const fn presence(&self) -> Option<Presence> {
        self.presence
    }

    /// All values by their names, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, held)| (name.as_str(), &held.value))
    }

    /// Tells whether a value may be out of date.
    #[must_use]
    pub fn is_old(&self, name: &str, held: &KnownValue, now: Moment) -> bool {
        if held.lost {
            return true;
        }
        if name == "presence" {
            return false;
        }
        match self.presence.map(|presence| presence.state) {
            Some(PresenceState::Online) => now.saturating_sub(held.heard) > OLD_AFTER,
            Some(_) => true,
            None => held.retained,
        }
    }

    /// The value of a field, unless it is old; null where a status says nothing of it.
    #[must_use]
    pub fn current(&self, path: &str, now: Moment) -> Option<Value> {
        let name = path.split('.').next().unwrap_or(path);
        if let Some((held, value)) = self.find(path) {
            return (!self.is_old(name, held, now)).then(|| value.clone());
        }
        let (mode, _) = self.find("mode")?;
        (!self.is_old("mode", mode, now)).then_some(Value::Null)
    }

    /// The names of all fields, once a whole status has shown that `path` is not one of them; else nothing.
    #[must_use]
    pub fn instead_of(&self, path: &str) -> Option<String> {
        let known = self.fields.contains_key("mode") && self.find(path).is_none();
        // A status leaves these out while there is nothing to say.
        (known && !matches!(path, "cause" | "driver" | "presence"))
            .then(|| self.fields.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
    }

    /// A field in words, for the end.
    #[must_use]
    pub fn told(&self, path: &str) -> String {
        self.find(path).map_or_else(|| "never reported".to_owned(), |(_, value)| text(value))
    }
}

/// A value as a person writes it.
#[must_use]
pub fn text(value: &Value) -> String {
    printable(&value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vehicle_protocol::Epoch;

    const NOW: Moment = Duration::from_secs(1);

    fn presence(state: &str, link: u32) -> Vec<u8> {
        format!(r#"{{"state":"{state}","epoch":"{}","link":{link}}}"#, Epoch([7; 16])).into_bytes()
    }

    fn vehicle_state(messages: &[(Topic, &[u8], bool)]) -> VehicleState {
        let mut vehicle_state = VehicleState::default();
        for (topic, payload, retained) in messages {
            vehicle_state.take(*topic, payload, *retained, NOW).unwrap();
        }
        vehicle_state
    }

    #[test]
    fn a_value_of_any_kind_is_written_without_what_steers_a_terminal() {
        assert_eq!(text(&json!("a\u{1b}[2J\nb")), "a\u{fffd}[2J\u{fffd}b");
        assert_eq!(text(&json!({"a\u{9b}2J": ["\u{202e}"]})), "{\"a\u{fffd}2J\":[\"\u{fffd}\"]}");
    }

    #[test]
    fn telemetry_changes_the_status_that_it_follows() {
        let mut vehicle_state =
            vehicle_state(&[(Topic::Status, br#"{"mode":"driving","speed_mph":1}"#, true)]);
        let changes =
            vehicle_state.take(Topic::Telemetry, br#"{"time":7,"speed_mph":2.5}"#, false, NOW).unwrap();
        assert_eq!(changes.changed, ["speed_mph", "time"]);
        assert_eq!(vehicle_state.find("speed_mph").unwrap().1, &json!(2.5));
        assert_eq!(vehicle_state.find("mode").unwrap().1, &json!("driving"));
    }

    #[test]
    fn a_retained_value_counts_only_while_the_vehicle_is_online() {
        let status: (Topic, &[u8], bool) = (Topic::Status, br#"{"mode":"driving"}"#, true);
        let online = presence("ONLINE", 1);
        let broken = presence("CONNECTION_BROKEN", 1);
        assert_eq!(vehicle_state(&[status]).current("mode", NOW), None);
        assert_eq!(
            vehicle_state(&[status, (Topic::Presence, &online, true)]).current("mode", NOW),
            Some(json!("driving"))
        );
        let gone =
            vehicle_state(&[status, (Topic::Presence, &online, true), (Topic::Presence, &broken, false)]);
        assert_eq!(gone.current("mode", NOW), None);
        assert_eq!(gone.current("presence", NOW), Some(json!("CONNECTION_BROKEN")));
    }

    #[test]
    fn a_value_grows_old_with_time_and_with_the_loss_of_the_link() {
        let online = presence("ONLINE", 1);
        let mut vehicle_state =
            vehicle_state(&[(Topic::Presence, &online, true), (Topic::Status, br#"{"mode":"off"}"#, false)]);
        assert!(vehicle_state.current("mode", NOW).is_some());
        assert_eq!(vehicle_state.current("mode", Duration::from_secs(62)), None);
        vehicle_state.lose_link();
        assert_eq!(vehicle_state.current("mode", NOW), None);
    }

    #[test]
    fn a_will_of_an_older_link_changes_nothing() {
        let (online, broken) = (presence("ONLINE", 2), presence("CONNECTION_BROKEN", 1));
        let mut vehicle_state = vehicle_state(&[(Topic::Presence, &online, true)]);
        assert_eq!(vehicle_state.take(Topic::Presence, &broken, false, NOW), Ok(Changes::default()));
        assert_eq!(vehicle_state.current("presence", NOW), Some(json!("ONLINE")));
    }

    #[test]
    fn a_status_is_the_whole_state_so_what_it_leaves_out_is_gone() {
        let mut vehicle_state =
            vehicle_state(&[(Topic::Status, br#"{"mode":"failsafe","cause":"LINK_LOST"}"#, false)]);
        vehicle_state.take(Topic::Status, br#"{"mode":"standing"}"#, false, NOW).unwrap();
        assert_eq!(vehicle_state.current("cause", NOW), Some(Value::Null));
        assert_eq!(vehicle_state.current("link.connections", NOW), Some(Value::Null));
    }

    #[test]
    fn what_is_no_object_is_told_apart() {
        for bad in [&b"["[..], b"1", b"\xff", b"{\"state\":\"AWAY\"}"] {
            assert!(VehicleState::default().take(Topic::Presence, bad, false, NOW).is_err());
        }
    }
}
