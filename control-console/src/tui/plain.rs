//! Lines instead of a screen, for screen readers: each change once, in words.

use super::model::Model;
use super::screen::Renderer;
use super::view::{footer, stop_text};
use crate::clock::{Clock, Moment};
use crate::operator::{Freshness, Snapshot};
use crate::teleop::stick::StickState;
use std::io::{self, Write as _};
use std::time::Duration;

/// A changing speed is printed this often at most.
const SPEED_EVERY: Duration = Duration::from_secs(2);

/// The lines that were printed last.
#[derive(Debug, Default)]
pub(super) struct LineRenderer {
    said: [String; 5],
    entry: u64,
    speed: Option<(Moment, String)>,
}

impl LineRenderer {
    /// The lines that are news.
    fn lines(&mut self, model: &Model, snapshot: &Snapshot, now: Moment) -> Vec<String> {
        let mut lines = Vec::new();
        for (known, text) in self.said.iter_mut().zip(facts(model, snapshot, now)) {
            if *known != text {
                known.clone_from(&text);
                if !text.is_empty() {
                    lines.push(text);
                }
            }
        }
        for entry in snapshot.event_log.iter().filter(|entry| entry.number > self.entry) {
            let who = entry.vehicle.as_ref().map(|id| format!("{id}: ")).unwrap_or_default();
            lines.push(format!("{who}{}", entry.text));
        }
        self.entry = snapshot.event_log.back().map_or(self.entry, |entry| entry.number);
        lines.extend(self.speed(model, snapshot, now));
        lines
    }

    fn speed(&mut self, model: &Model, snapshot: &Snapshot, now: Moment) -> Option<String> {
        let vehicle = model.vehicle(snapshot)?;
        let is_current = vehicle.freshness(snapshot.is_up(), now) == Freshness::Current;
        let speed = vehicle.number("speed_mph").filter(|_| is_current)?;
        let text = format!("speed {speed:.1} miles per hour");
        let is_news = self
            .speed
            .as_ref()
            .is_none_or(|(at, said)| *said != text && now.saturating_sub(*at) >= SPEED_EVERY);
        is_news.then(|| {
            self.speed = Some((now, text.clone()));
            text
        })
    }
}

fn facts(model: &Model, snapshot: &Snapshot, now: Moment) -> [String; 5] {
    let vehicle = model.vehicle(snapshot);
    let state = vehicle.and_then(|vehicle| vehicle.drive.state).unwrap_or(StickState::Disarmed);
    let mode = vehicle.map_or("no vehicle", |vehicle| vehicle.word("mode").unwrap_or("mode unknown"));
    let old = match vehicle.map(|vehicle| vehicle.freshness(snapshot.is_up(), now)) {
        Some(Freshness::Current) | None => "",
        Some(Freshness::Old | Freshness::Gone) => "values are old",
    };
    let id = model.selected.as_ref().map(ToString::to_string).unwrap_or_default();
    let typed = model.palette.as_ref().map(|palette| {
        let description = vehicle.and_then(|vehicle| vehicle.description.as_deref());
        let found = palette.completions(description);
        let picked = found.get(palette.picked).map(|found| format!(", {} {}", found.name, found.takes));
        let error = palette.error.as_ref().map(|error| format!(", error: {error}"));
        format!("command: {}{}{}", palette.text, picked.unwrap_or_default(), error.unwrap_or_default())
    });
    let help = if model.help {
        format!("keys: space emergency stop, {}", footer(model, snapshot, usize::MAX).trim())
    } else {
        String::new()
    };
    [
        format!("{id} {}, {mode}. Release: {}", state.word(), model.release_detection.badge()),
        stop_text(model, snapshot, usize::MAX).0,
        [old, model.news(now).unwrap_or_default()].join(" ").trim().to_owned(),
        typed.unwrap_or_default(),
        help,
    ]
}

impl Renderer for LineRenderer {
    fn show(&mut self, model: &Model, snapshot: &Snapshot, clock: Clock) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        for line in self.lines(model, snapshot, clock.now()) {
            // The terminal is in raw mode.
            write!(stdout, "{}\r\n", crate::output::printable_lines(&line))?;
        }
        stdout.flush()
    }

    fn invalidate(&mut self) {
        *self = Self { entry: self.entry, ..Self::default() };
    }
}
