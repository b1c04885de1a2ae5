//! The event log of a screen, in words. Pure.

use crate::clock::Moment;
use crate::output::printable_lines;
use crate::transaction::{Outcome, Report, in_milliseconds};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use vehicle_protocol::{Answer, Event, EventKind, Reason, State, VehicleId};

/// Entries that are kept.
const KEPT: usize = 300;

/// An intrusion that goes on is told so often: others have to be read too.
const AGAIN: Duration = Duration::from_secs(60);

/// The weight of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Good to know.
    Note,
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// To be looked at now.
    Alarm,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Counts from 1.
    pub number: u64,
    /// When.
    pub at: Moment,
    /// The vehicle, if it is about one.
    pub vehicle: Option<VehicleId>,
    /// Its weight.
    pub weight: Weight,
    /// The text.
    pub text: String,
}

/// The entries that are kept.
#[derive(Debug, Default)]
pub(super) struct EventLog {
    entries: Arc<VecDeque<Entry>>,
    last: u64,
    /// Which intrusions were told in the last minute, and when.
    intrusions: Vec<(VehicleId, Option<Reason>, Moment)>,
}

impl EventLog {
    pub(super) fn entries(&self) -> Arc<VecDeque<Entry>> {
        Arc::clone(&self.entries)
    }

    pub(super) fn note(&mut self, now: Moment, vehicle: Option<&VehicleId>, weight: Weight, text: &str) {
        self.last = self.last.saturating_add(1);
        let entries = Arc::make_mut(&mut self.entries);
        if entries.len() >= KEPT {
            entries.pop_front();
        }
        let text = printable_lines(text).replace('\n', " ");
        entries.push_back(Entry { number: self.last, at: now, vehicle: vehicle.cloned(), weight, text });
    }

    pub(super) fn finished(&mut self, now: Moment, report: &Report) {
        let weight = match report.outcome {
            Outcome::Answered(State::Succeeded) => Weight::Good,
            Outcome::Answered(_) | Outcome::NotSent => Weight::Warning,
            Outcome::Unknown => Weight::Alarm,
        };
        let mut text = format!("{} {}", report.command, report.outcome);
        if let Some(reason) = report.reason {
            text = format!("{text} {reason}");
        }
        if let Some(time) = report.round_trip {
            text = format!("{text} ({:.0} ms)", in_milliseconds(time));
        }
        if let Some(detail) = &report.detail {
            text = format!("{text}: {detail}");
        }
        self.note(now, Some(&report.vehicle), weight, &text);
    }

    pub(super) fn progress(&mut self, now: Moment, vehicle: &VehicleId, answer: &Answer) {
        let name = answer.command.map_or_else(String::new, |command| command.to_string());
        let percent = answer.progress.map(|percent| format!(" {percent} %")).unwrap_or_default();
        self.note(now, Some(vehicle), Weight::Note, &format!("{name} under way{percent}"));
    }

    pub(super) fn event(&mut self, now: Moment, vehicle: &VehicleId, event: &Event) {
        let weight = match event.event {
            EventKind::EmergencyStop | EventKind::Fault | EventKind::Failsafe => Weight::Alarm,
            EventKind::Intrusion
            | EventKind::ShuttingDown
            | EventKind::ControlRequested
            | EventKind::ControlChanged
            | EventKind::KeyRevoked => Weight::Warning,
            EventKind::Started
            | EventKind::FailsafeEnded
            | EventKind::EmergencyStopCleared
            | EventKind::Command => Weight::Note,
        };
        let mut text = event.event.to_string().replace('_', " ");
        for part in [
            event.cause.map(|cause| cause.to_string()),
            event.by.as_ref().map(|by| format!("by {by}")),
            event.command.map(|command| command.to_string()),
            event.state.map(|state| state.to_string()),
            event.count.filter(|count| *count > 1).map(|count| format!("{count} times")),
            event.detail.clone(),
        ]
        .into_iter()
        .flatten()
        {
            text = format!("{text}, {part}");
        }
        if event.event != EventKind::Intrusion || self.is_new(now, vehicle, event.cause) {
            self.note(now, Some(vehicle), weight, &text);
        }
    }

    /// Tells whether an intrusion of this kind was not logged a moment ago, and remembers it.
    fn is_new(&mut self, now: Moment, vehicle: &VehicleId, cause: Option<Reason>) -> bool {
        self.intrusions.retain(|(_, _, told)| now.saturating_sub(*told) < AGAIN);
        let is_new = !self.intrusions.iter().any(|(whose, known, _)| whose == vehicle && *known == cause);
        if is_new {
            self.intrusions.push((vehicle.clone(), cause, now));
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intrusion_that_goes_on_is_told_once_a_minute_and_another_at_once() {
        let mut event_log = EventLog::default();
        let rover: VehicleId = "rover-1".parse().unwrap();
        let event = |cause: &str, count: u64| -> Event {
            let epoch = "07".repeat(16);
            let text = format!(
                r#"{{"time":1,"epoch":"{epoch}","event":"intrusion","cause":"{cause}","count":{count}}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        for second in 0..90 {
            event_log.event(Duration::from_secs(second), &rover, &event("UNKNOWN_KEY", second));
        }
        event_log.event(Duration::from_secs(90), &rover, &event("BAD_MAC", 1));
        let told: Vec<u64> = event_log.entries().iter().map(|entry| entry.at.as_secs()).collect();
        assert_eq!(told, [0, 60, 90]);
    }

    #[test]
    fn numbers_go_on_when_old_entries_are_forgotten() {
        let mut event_log = EventLog::default();
        for _ in 0..KEPT + 2 {
            event_log.note(Moment::ZERO, None, Weight::Note, "a\u{1b}[2J\nb");
        }
        let entries = event_log.entries();
        assert_eq!((entries.len(), entries.front().unwrap().number), (KEPT, 3));
        assert_eq!(entries.front().unwrap().text, "a\u{fffd}[2J b");
    }
}
