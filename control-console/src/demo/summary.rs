//! What the demo has seen, in one JSON object. Pure.

use crate::transaction::{Outcome, Report, in_milliseconds};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use vehicle_protocol::{CommandName, State, Status, Telemetry, Topic, VehicleId};

/// The commands that are older than this project.
const SIXTEEN: usize = 16;

/// Where a vehicle is, and how far it has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Track {
    /// Metres driven.
    pub(super) metres_driven: f64,
    pub(super) x_m: f64,
    pub(super) y_m: f64,
    pub(super) heading_degrees: f64,
}

impl Track {
    /// Takes a message; what says nothing of the place is passed over.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other topic tells a place")]
    pub(super) fn follow(&mut self, topic: Topic, payload: &[u8]) {
        match topic {
            Topic::Status => {
                if let Ok(status) = serde_json::from_slice(payload) {
                    self.follow_status(&status);
                }
            }
            Topic::Telemetry => {
                if let Ok(telemetry) = serde_json::from_slice(payload) {
                    self.follow_telemetry(&telemetry);
                }
            }
            _ => {}
        }
    }

    pub(super) fn follow_status(&mut self, status: &Status) {
        self.move_to(status.x_m, status.y_m, status.heading_degrees);
    }

    pub(super) fn follow_telemetry(&mut self, telemetry: &Telemetry) {
        let x = telemetry.x_m.unwrap_or(self.x_m);
        let y = telemetry.y_m.unwrap_or(self.y_m);
        self.move_to(x, y, telemetry.heading_degrees.unwrap_or(self.heading_degrees));
    }

    fn move_to(&mut self, x: f64, y: f64, heading: f64) {
        self.metres_driven = in_thousandths(self.metres_driven + (x - self.x_m).hypot(y - self.y_m));
        (self.x_m, self.y_m, self.heading_degrees) = (x, y, heading);
    }
}

fn in_thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Counts what is sent and answered.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sent: u64,
    answered: u64,
    by_state: BTreeMap<String, u64>,
    by_command: BTreeMap<&'static str, BTreeMap<String, u64>>,
    round_trips: Vec<Duration>,
    first_answer: Option<Duration>,
}

impl Tally {
    pub(super) fn sent(&mut self) {
        self.sent = self.sent.saturating_add(1);
    }

    /// Counts the end of a command at `now`; `at_once` if nothing was said before it, so that it shows the round trip.
    pub(super) fn finished(&mut self, now: Duration, report: &Report, at_once: bool) {
        if matches!(report.outcome, Outcome::Answered(_)) {
            self.answered = self.answered.saturating_add(1);
            self.first_answer.get_or_insert(now);
            self.round_trips.extend(report.round_trip.filter(|_| at_once));
        }
        let state = report.outcome.to_string();
        count(&mut self.by_state, state.clone());
        count(self.by_command.entry(report.command.as_str()).or_default(), state);
    }

    fn round_trip(&self, percent: usize) -> Option<f64> {
        let mut sorted = self.round_trips.clone();
        sorted.sort_unstable();
        let rank = sorted.len().checked_mul(percent)?.div_ceil(100).saturating_sub(1);
        sorted.get(rank).copied().map(in_milliseconds)
    }

    /// Whether every command was answered, none but with SUCCEEDED, and all sixteen among them.
    fn is_well(&self) -> bool {
        let succeeded = State::Succeeded.as_str();
        let sixteen = CommandName::ALL.iter().take(SIXTEEN);
        self.by_state.keys().all(|state| state == succeeded)
            && sixteen.copied().all(|name| self.by_command.contains_key(name.as_str()))
    }
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}

/// The one object that the demo ends with.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) ok: bool,
    seed: u64,
    vehicles: usize,
    seconds: f64,
    commands_sent: u64,
    commands_answered: u64,
    by_state: BTreeMap<String, u64>,
    by_command: BTreeMap<&'static str, BTreeMap<String, u64>>,
    metres_driven: f64,
    /// Of the first vehicle.
    final_pose: Pose,
    tracks: BTreeMap<String, Track>,
    first_answer_ms: Option<f64>,
    round_trip_ms: RoundTrip,
}

#[derive(Debug, Serialize)]
struct Pose {
    x_m: f64,
    y_m: f64,
    heading_degrees: f64,
}

#[derive(Debug, Serialize)]
struct RoundTrip {
    p50: Option<f64>,
    p99: Option<f64>,
}

impl Summary {
    pub(super) fn new(
        seed: u64,
        lasted: Duration,
        tally: &Tally,
        tracks: &BTreeMap<VehicleId, Track>,
    ) -> Self {
        let metres_driven = in_thousandths(tracks.values().map(|track| track.metres_driven).sum());
        let first = tracks.values().next().cloned().unwrap_or_default();
        Self {
            ok: tally.is_well() && metres_driven > 0.0,
            seed,
            vehicles: tracks.len(),
            seconds: in_thousandths(lasted.as_secs_f64()),
            commands_sent: tally.sent,
            commands_answered: tally.answered,
            by_state: tally.by_state.clone(),
            by_command: tally.by_command.clone(),
            metres_driven,
            final_pose: Pose { x_m: first.x_m, y_m: first.y_m, heading_degrees: first.heading_degrees },
            tracks: tracks.iter().map(|(vehicle, track)| (vehicle.to_string(), track.clone())).collect(),
            first_answer_ms: tally.first_answer.map(in_milliseconds),
            round_trip_ms: RoundTrip { p50: tally.round_trip(50), p99: tally.round_trip(99) },
        }
    }

    /// The same for people.
    pub(super) fn told(&self) -> String {
        let number =
            |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.1} ms"));
        format!(
            "{} of {} commands answered, {:.1} m driven in {:.1} s, round trip p50 {} p99 {}: {}",
            self.commands_answered,
            self.commands_sent,
            self.metres_driven,
            self.seconds,
            number(self.round_trip_ms.p50),
            number(self.round_trip_ms.p99),
            if self.ok { "all well" } else { "not all well" },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn report(command: CommandName, outcome: Outcome, millis: u64) -> Report {
        Report {
            vehicle: "rover-1".parse().unwrap(),
            command,
            id: None,
            outcome,
            reason: None,
            detail: None,
            round_trip: Some(Duration::from_millis(millis)),
            next_step: None,
            exit: Exit::Done,
        }
    }

    fn tour() -> Tally {
        let mut tally = Tally::default();
        for (name, millis) in CommandName::ALL.iter().take(16).zip(1..) {
            tally.sent();
            tally.finished(
                Duration::from_secs(1),
                &report(*name, Outcome::Answered(State::Succeeded), millis),
                true,
            );
        }
        tally
    }

    #[test]
    fn all_is_well_only_if_all_sixteen_succeeded() {
        assert!(tour().is_well());
        assert!(!Tally::default().is_well());
        for outcome in [Outcome::Unknown, Outcome::Answered(State::Rejected)] {
            let mut tally = tour();
            tally.finished(Duration::ZERO, &report(CommandName::Horn, outcome, 1), true);
            assert!(!tally.is_well());
        }
    }

    #[test]
    fn the_round_trip_is_that_of_commands_that_ended_at_once() {
        let mut tally = tour();
        tally.finished(
            Duration::ZERO,
            &report(CommandName::Park, Outcome::Answered(State::Succeeded), 900),
            false,
        );
        assert_eq!((tally.round_trip(50), tally.round_trip(99)), (Some(8.0), Some(16.0)));
        assert_eq!(Tally::default().round_trip(50), None);
    }

    #[test]
    fn a_track_adds_up_the_ways_between_the_places_reported() {
        let mut track = Track::default();
        track.follow_status(&Status { x_m: 3.0, y_m: 4.0, ..Status::default() });
        track.follow_telemetry(&Telemetry { y_m: Some(0.0), ..Telemetry::default() });
        assert_eq!((track.metres_driven, track.x_m, track.y_m), (9.0, 3.0, 0.0));
    }
}
