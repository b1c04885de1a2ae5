//! The lines that are always there, as text.

use crate::clock::Moment;
use crate::operator::{Freshness, LinkState, Snapshot, Vehicle};
use crate::teleop::stick::{Halt, StickState};
use crate::transaction::in_milliseconds;
use crate::tui::keymap::KeyAction;
use crate::tui::model::Model;
use unicode_width::UnicodeWidthStr as _;
use vehicle_protocol::PresenceState;

/// The status line for so many columns: state of the stick first, since that must survive every narrowing.
#[must_use]
pub fn headline(model: &Model, snapshot: &Snapshot, now: Moment, columns: u16) -> String {
    let Some((id, vehicle)) = model.selected.as_ref().zip(model.vehicle(snapshot)) else {
        return format!(" NO VEHICLE | {} | {}", link(snapshot), model.release_detection.badge());
    };
    let state = vehicle.drive.state.unwrap_or(StickState::Disarmed);
    let state = if model.is_stopped(snapshot) { StickState::Estop } else { state }.word();
    let freshness = vehicle.freshness(snapshot.is_up(), now);
    let shown = |text: Option<String>| match (text, freshness) {
        (Some(text), Freshness::Current) => text,
        (Some(text), Freshness::Old) => format!("~{text}"),
        (None, _) | (_, Freshness::Gone) => "-".to_owned(),
    };
    let round_trip = vehicle.round_trip_now(now).filter(|_| snapshot.is_up());
    let link = presence(snapshot, vehicle, freshness);
    let way = round_trip.filter(|_| link != SILENT);
    let way = way.map(|took| format!(" {:.0}ms", in_milliseconds(took))).unwrap_or_default();
    let age =
        vehicle.age(now).map_or_else(|| "never heard".to_owned(), |age| format!("{:.1}s", age.as_secs_f64()));
    let mode = shown(vehicle.word("mode").map(ToOwned::to_owned));
    let driver = shown(vehicle.word("driver").map(ToOwned::to_owned));
    let battery = shown(vehicle.number("battery_pct").map(|charge| format!("{charge:.0}%")));
    let speed = shown(vehicle.number("speed_mph").map(|speed| format!("{speed:.1}")));
    let release_detection = model.release_detection.badge();
    let full = format!(
        " {state} | {id} | {link}{way} | {age} | {mode} {speed} mph | {release_detection} | bat {battery} | drv {driver}"
    );
    let tight = format!(
        " {state}|{id}|{link}{way} {age}|{mode} {speed} mph|{release_detection}|bat {battery}|drv {driver}"
    );
    let least = |id: &str| {
        format!(" {state}|{id}|{link}{way} {age}|{mode} {speed}|{release_detection}|{battery}|{driver}")
    };
    let columns = usize::from(columns);
    let fits = |line: &String| length(line) <= columns;
    [full, tight, least(id.as_str())].into_iter().find(fits).unwrap_or_else(|| {
        let room = columns.saturating_sub(length(&least("")));
        least(&shortened(id.as_str(), room.max(LEAST_NAME)))
    })
}

/// A name is recognised by so many characters.
pub(super) const LEAST_NAME: usize = 7;

/// A name with so many characters at most; what tells one vehicle from the next often stands at its end.
pub(super) fn shortened(name: &str, most: usize) -> String {
    let length = length(name);
    if length <= most {
        return name.to_owned();
    }
    let kept = most.saturating_sub(2);
    let head: String = name.chars().take(kept / 2).collect();
    let tail: String = name.chars().skip(length.saturating_sub(kept.saturating_sub(kept / 2))).collect();
    format!("{head}..{tail}")
}

fn length(text: &str) -> usize {
    text.width()
}

fn link(snapshot: &Snapshot) -> String {
    match &snapshot.link {
        LinkState::Connecting => "CONNECTING".to_owned(),
        LinkState::Up => "UP".to_owned(),
        LinkState::Down(_) => "LINK DOWN".to_owned(),
        LinkState::Barred(fault) => format!("BARRED: {}", fault.advice.what),
    }
}

/// The vehicle is said to be there, and yet its values have grown old: the link is one in name only.
const SILENT: &str = "SILENT";

fn presence(snapshot: &Snapshot, vehicle: &Vehicle, freshness: Freshness) -> String {
    match vehicle.presence() {
        _ if !snapshot.is_up() => link(snapshot),
        Some(PresenceState::Online) if freshness != Freshness::Current => SILENT.to_owned(),
        Some(PresenceState::Online) => "UP".to_owned(),
        Some(PresenceState::ConnectionBroken) => "BROKEN".to_owned(),
        Some(PresenceState::Offline) => "OFFLINE".to_owned(),
        Some(PresenceState::Sleeping) => "SLEEPING".to_owned(),
        None => "UNKNOWN".to_owned(),
    }
}

/// What stands on the emergency-stop bar in so many columns, and whether it is stopped.
#[must_use]
pub fn stop_text(model: &Model, snapshot: &Snapshot, columns: usize) -> (String, bool) {
    let (mut texts, is_stopped) = stop_texts(model, snapshot);
    let fitting = texts.iter().position(|text| length(text) <= columns);
    (texts.swap_remove(fitting.unwrap_or(texts.len().saturating_sub(1))), is_stopped)
}

/// The same at its full length, and shorter and shorter.
fn stop_texts(model: &Model, snapshot: &Snapshot) -> (Vec<String>, bool) {
    let vehicle = model.vehicle(snapshot);
    let shows = vehicle.and_then(|vehicle| vehicle.word("mode")) == Some("emergency_stop");
    if model.is_stopped(snapshot) {
        let [word, short] = if shows {
            ["EMERGENCY STOP", "STOPPED"]
        } else {
            ["EMERGENCY STOP SENT, NOT CONFIRMED", "STOP NOT CONFIRMED"]
        };
        let full = format!("*** {word} *** press {} to clear it", model.name_of(KeyAction::Clear));
        return (vec![full, format!("*** {word} ***"), word.to_owned(), short.to_owned()], true);
    }
    let reason = vehicle.and_then(|vehicle| vehicle.drive.refusal.as_ref()?.reason);
    let reason = reason.map(|reason| format!(" {reason}")).unwrap_or_default();
    let why = vehicle.and_then(|vehicle| vehicle.drive.halt).map(|halt| {
        let reason = if halt == Halt::Refused { reason.as_str() } else { "" };
        format!("{}{reason}", told(halt))
    });
    let why = why.map(|why| format!("  stopped: {why}; press again")).unwrap_or_default();
    let slow = vehicle.map_or(1, |vehicle| vehicle.drive.divisor);
    let slow = if slow > 1 { format!("  slow link: speed 1/{slow}") } else { String::new() };
    let cut = model.cut.map(|cut| match (cut.is_cut, cut.metres) {
        (true, metres) => format!("  LINK CUT: {:.2} m since", metres.unwrap_or(0.0)),
        (false, Some(metres)) => format!("  after the loss: {metres:.2} m"),
        (false, None) => String::new(),
    });
    let rest = format!("{}{slow}{why}", cut.unwrap_or_default());
    (
        vec![
            format!("SPACE = EMERGENCY STOP{rest}"),
            format!("SPACE = STOP{rest}"),
            "SPACE = STOP".to_owned(),
        ],
        false,
    )
}

/// What ended a drive, in two or three words.
const fn told(halt: Halt) -> &'static str {
    match halt {
        Halt::Stopped => "by a key",
        Halt::Disarmed => "not armed",
        Halt::EmergencyStop => "emergency stop",
        Halt::Refused => "the vehicle refused",
        Halt::InputInterrupted => "input was interrupted",
        Halt::VehicleSilent => "no message from the vehicle",
        Halt::LinkLost => "link lost",
    }
}

const ENGINE_ON: &str = "engine on";

/// The keys that work now, as many as so many columns have room for, and how to be told of the rest.
#[must_use]
pub fn footer(model: &Model, snapshot: &Snapshot, columns: usize) -> String {
    let told = |(actions, what): &(&[KeyAction], &str)| {
        let names: Vec<String> = actions.iter().map(|action| model.name_of(*action)).collect();
        format!("{} {what}", names.join("/"))
    };
    let keys = |actions: &[(&[KeyAction], &str)]| {
        let last: [(&[KeyAction], &str); 2] = [(&[KeyAction::Help], "help"), (&[KeyAction::Quit], "quit")];
        let mut shown: Vec<String> = actions.iter().chain(&last).map(told).collect();
        let all = shown.len();
        loop {
            let line = format!(" {}", shown.join("  "));
            if length(&line) <= columns || shown.len() < 2 {
                return line;
            }
            let from_the_end = if shown.len() == all { 1 } else { 2 };
            shown.remove(shown.len().saturating_sub(from_the_end));
        }
    };
    if model.palette.is_some() {
        return " tab complete  up/down pick  enter send  esc close".to_owned();
    }
    let vehicle = model.vehicle(snapshot);
    let Some(vehicle) = vehicle else { return keys(&[]) };
    let drive: (&[KeyAction], &str) =
        (&[KeyAction::Ahead, KeyAction::Left, KeyAction::Back, KeyAction::Right], "hold to drive");
    let is_off = vehicle.flag("engine") == Some(false);
    let mut actions: Vec<(&[KeyAction], &str)> = match vehicle.drive.state {
        _ if model.is_stopped(snapshot) => vec![(&[KeyAction::Clear], "clear")],
        _ if vehicle.waits_for_clear() => vec![(&[KeyAction::Clear], "clear the failsafe")],
        Some(StickState::Estop) => Vec::new(),
        None | Some(StickState::Disarmed) => vec![(&[KeyAction::Arm], "arm")],
        Some(StickState::Ready) if is_off => {
            vec![(&[KeyAction::Engine], ENGINE_ON), (&[KeyAction::Disarm], "disarm")]
        }
        Some(StickState::Ready) => vec![drive, (&[KeyAction::Disarm], "disarm")],
        Some(StickState::Driving) => vec![drive, (&[KeyAction::Faster, KeyAction::Slower], "speed")],
        Some(StickState::Hold) => vec![(&[KeyAction::Disarm], "disarm")],
    };
    if let Some(cut) = model.cut {
        actions.push((&[KeyAction::Cut], if cut.is_cut { "restore link" } else { "cut link" }));
    }
    let engine = if vehicle.flag("engine") == Some(true) { "engine off" } else { ENGINE_ON };
    if vehicle.drive.state != Some(StickState::Driving) {
        if !actions.iter().any(|(actions, _)| actions.contains(&KeyAction::Engine)) {
            actions.push((&[KeyAction::Engine], engine));
        }
        actions.push((&[KeyAction::Command], "command"));
    }
    if snapshot.vehicles.len() > 1 {
        actions.push((&[KeyAction::Next], "next"));
    }
    keys(&actions)
}
