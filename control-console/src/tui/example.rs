//! A snapshot to try screens on.

use super::keymap::Keymap;
use super::model::{Model, Style};
use crate::clock::Moment;
use crate::operator::{Entry, LinkState, RoundTrip, Sample, Snapshot, Vehicle, Weight};
use crate::teleop::stick::StickState;
use std::sync::Arc;
use std::time::Duration;
use vehicle_protocol::Topic;

/// The moment that it shows.
pub(super) const NOW: Moment = Duration::from_secs(100);

pub(super) fn vehicle(state: StickState, mode: &str) -> Vehicle {
    let mut vehicle = Vehicle::default();
    let heard = NOW.saturating_sub(Duration::from_millis(200));
    let online = br#"{"state":"ONLINE","epoch":"07070707070707070707070707070707","link":1}"#;
    let status = format!(
        r#"{{"mode":"{mode}","engine":true,"speed_mph":1.2,"target_speed_mph":2.5,"max_speed_mph":5,"heading_degrees":45,
            "x_m":3.25,"y_m":4,"parking_brake":false,"doors":"locked","headlights":true,"parking_lights":false,
            "hazard_lights":false,"driver":"unsigned","battery_pct":87,"safe_place_x_m":-0.5,"safe_place_y_m":2}}"#
    );
    vehicle.picture.take(Topic::Presence, online, false, heard).unwrap();
    vehicle.picture.take(Topic::Status, status.as_bytes(), false, heard).unwrap();
    (vehicle.heard, vehicle.looked_at) = (Some(heard), Some(heard));
    vehicle.round_trip = Some(RoundTrip { took: Duration::from_millis(12), at: heard });
    vehicle.drive.state = Some(state);
    let description = r#"{"protocol":"vp1","vehicle":"rover-1","agent_version":"1","board":"sim","kinematics":"skid_steer",
        "commands":[{"name":"LOCK_DOORS"},{"name":"SET_MAX_SPEED","arguments":[{"key":"MPH","unit":"mph","min":0,"max":5}]}],
        "limits":{"max_speed_mph":5,"max_turn_rate_degrees_per_s":90}}"#;
    vehicle.description = serde_json::from_str(description).ok().map(Arc::new);
    for second in 60_u8..100 {
        let at = Duration::from_secs(second.into());
        let trip = f64::from(second % 7) * 4.0 + 8.0;
        let sample = Sample { at, speed_mph: Some(1.0), round_trip_ms: Some(trip), battery_pct: Some(87.0) };
        Arc::make_mut(&mut vehicle.ring).push(sample);
        let along = f64::from(second.saturating_sub(60)) / 10.0;
        Arc::make_mut(&mut vehicle.trail).push(at, along.min(3.25), along);
    }
    vehicle
}

pub(super) fn snapshot(state: StickState, mode: &str) -> Snapshot {
    let mut snapshot = Snapshot { at: NOW, link: LinkState::Up, ..Snapshot::default() };
    snapshot.vehicles.insert("rover-1".parse().unwrap(), Arc::new(vehicle(state, mode)));
    snapshot.vehicles.insert("rover-2".parse().unwrap(), Arc::default());
    let entry = |number, seconds, weight, text: &str| Entry {
        number,
        at: Duration::from_secs(seconds),
        vehicle: Some("rover-1".parse().unwrap()),
        weight,
        text: text.to_owned(),
    };
    snapshot.event_log = Arc::new(
        [
            entry(1, 40, Weight::Note, "TURN_ON_ENGINE sent"),
            entry(2, 41, Weight::Good, "TURN_ON_ENGINE SUCCEEDED (7 ms)"),
            entry(3, 70, Weight::Alarm, "failsafe HOLD_LAPSED"),
        ]
        .into(),
    );
    snapshot
}

pub(super) fn model(size: (u16, u16)) -> Model {
    let style = Style { ascii: false, colour: true };
    let mut model = Model::new(Keymap::built_in("default").unwrap(), style, size, NOW);
    model.selected = Some("rover-1".parse().unwrap());
    model
}
