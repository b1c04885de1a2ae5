//! The JSON of a page's stream of events.

use crate::clock::Moment;
use crate::operator::{Entry, Freshness, LinkState, Sample, Snapshot, Vehicle};
use crate::teleop::stick::{Halt, StickState};
use crate::transaction::in_milliseconds;
use serde_json::{Map, Value, json};
use vehicle_protocol::VehicleId;

/// Builds the state event: the fleet, and all of the chosen vehicle. `in_control` is true if any page controls it.
pub(super) fn state(snapshot: &Snapshot, chosen: Option<&VehicleId>, in_control: bool, now: Moment) -> Value {
    let (link, why) = match &snapshot.link {
        LinkState::Connecting => ("connecting", None),
        LinkState::Up => ("up", None),
        LinkState::Down(why) => ("down", Some(why.as_str())),
        LinkState::Barred(fault) => ("down", Some(fault.advice.what.as_str())),
    };
    let fleet: Vec<Value> =
        snapshot.fleet().iter().map(|(id, vehicle)| row(snapshot, id, vehicle, now)).collect();
    let vehicle = chosen.and_then(|id| Some((id, snapshot.vehicles.get(id)?)));
    json!({
        "broker": &*snapshot.broker,
        "link": link,
        "why": why,
        "leaving": snapshot.leaving.is_some(),
        "fleet": fleet,
        "vehicle": vehicle.map(|(id, vehicle)| whole(snapshot, id, vehicle, in_control, now)),
    })
}

fn row(snapshot: &Snapshot, id: &VehicleId, vehicle: &Vehicle, now: Moment) -> Value {
    let fresh = vehicle.freshness(snapshot.is_up(), now);
    let shown = fresh != Freshness::Gone;
    json!({
        "id": id,
        "fresh": fresh,
        "presence": vehicle.presence(),
        "mode": vehicle.word("mode").filter(|_| shown),
        "speed_mph": vehicle.number("speed_mph").filter(|_| shown),
    })
}

fn whole(snapshot: &Snapshot, id: &VehicleId, vehicle: &Vehicle, in_control: bool, now: Moment) -> Value {
    let fresh = vehicle.freshness(snapshot.is_up(), now);
    // What is too old to be relied on does not even leave this process.
    let values: Map<String, Value> = if fresh == Freshness::Gone {
        Map::new()
    } else {
        vehicle.values().map(|(name, value)| (name.to_owned(), value.clone())).collect()
    };
    let drive = &vehicle.drive;
    let round_trip = vehicle.round_trip_now(now).filter(|_| fresh == Freshness::Current);
    let (speed, turn_rate) = vehicle.limits();
    json!({
        "id": id,
        "fresh": fresh,
        "presence": vehicle.presence(),
        "age_ms": vehicle.age(now).map(|age| age.as_millis()),
        "round_trip_ms": round_trip.map(in_milliseconds),
        "values": values,
        "drive": {
            "state": drive.state.map(StickState::word),
            "halt": drive.halt.map(halt_name),
            "reason": drive.refusal.as_ref().and_then(|refusal| refusal.reason),
            "detail": drive.refusal.as_ref().and_then(|refusal| refusal.detail.clone()),
            "divisor": drive.divisor,
            "in_control": in_control,
        },
        "waits_for_clear": vehicle.waits_for_clear(),
        "limits": { "speed_mph": speed, "turn_rate_degrees_per_s": turn_rate },
    })
}

const fn halt_name(halt: Halt) -> &'static str {
    match halt {
        Halt::Stopped => "stopped",
        Halt::Disarmed => "not_in_control",
        Halt::EmergencyStop => "emergency_stop",
        Halt::Refused => "refused",
        Halt::InputInterrupted => "input_interrupted",
        Halt::VehicleSilent => "vehicle_silent",
        Halt::LinkLost => "link_lost",
    }
}

/// Lists samples as rows: age in seconds, speed, round trip, battery.
pub(super) fn samples<'a>(samples: impl Iterator<Item = &'a Sample>, now: Moment) -> Value {
    let row = |sample: &Sample| {
        let age = now.saturating_sub(sample.at).as_secs_f64();
        json!([thousandths(age), sample.speed_mph, sample.round_trip_ms, sample.battery_pct])
    };
    samples.map(row).collect()
}

/// Lists places as pairs of metres; `reset` makes the page forget those that it has.
pub(super) fn places<'a>(places: impl Iterator<Item = &'a (Moment, f64, f64)>, reset: bool) -> Value {
    let points: Value = places.map(|(_, x, y)| json!([thousandths(*x), thousandths(*y)])).collect();
    json!({ "reset": reset, "points": points })
}

/// Lists the lines of the log.
pub(super) fn entries<'a>(entries: impl Iterator<Item = &'a Entry>, now: Moment) -> Value {
    let line = |entry: &Entry| {
        json!({
            "n": entry.number,
            "age_ms": now.saturating_sub(entry.at).as_millis(),
            "vehicle": entry.vehicle,
            "weight": entry.weight,
            "text": entry.text,
        })
    };
    entries.map(line).collect()
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
