//! Pad, fleet, track and chart.

use super::Paint;
use super::headline::{LEAST_NAME, shortened};
use crate::operator::Freshness;
use crate::teleop::stick::StickState;
use crate::transaction::in_milliseconds;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::bar;
use ratatui::text::Line;
use ratatui::widgets::Sparkline;
use unicode_width::UnicodeWidthStr as _;
use vehicle_protocol::PresenceState;

/// Heights of a bar where only ASCII is allowed.
const ASCII_BARS: bar::Set<'_> = bar::Set {
    full: "#",
    seven_eighths: "#",
    three_quarters: "*",
    five_eighths: "*",
    half: "+",
    three_eighths: "+",
    one_quarter: "-",
    one_eighth: ".",
    empty: " ",
};

/// Metres that a track shows at least.
const LEAST_M: f64 = 2.0;

impl Paint<'_, '_> {
    /// The pad: where the hand leans.
    pub(super) fn pad(&mut self, area: Rect) {
        let state = self.model.vehicle(self.snapshot).and_then(|vehicle| vehicle.drive.state);
        let state = state.unwrap_or(StickState::Disarmed);
        let title = format!("pad {} {} %", state.word(), self.model.speed_percent);
        let inside = self.panel(area, &title);
        let lean = self.model.held.lean(self.now);
        let (up, down, left, right, here) = if self.model.style.ascii {
            ("^", "v", "<", ">", "O")
        } else {
            ("▲", "▼", "◀", "▶", "●")
        };
        let at = |share: f64, length: u16| {
            let reach = f64::from(length.saturating_sub(1)) / 2.0;
            cell(share.mul_add(reach, reach), length)
        };
        let buffer = self.frame.buffer_mut();
        let dim = Style::new().add_modifier(Modifier::DIM);
        let place = |ahead: f64, side: f64| {
            let (x, y) = (at(side, inside.width), at(-ahead, inside.height));
            (inside.x.saturating_add(x), inside.y.saturating_add(y))
        };
        for (sign, ahead, side) in
            [(up, 1.0, 0.0), (down, -1.0, 0.0), (left, 0.0, -1.0), (right, 0.0, 1.0), ("+", 0.0, 0.0)]
        {
            let (x, y) = place(ahead, side);
            buffer.set_stringn(x, y, sign, 1, dim);
        }
        if let Some(lean) = lean {
            let style = Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED);
            let (x, y) = place(lean.ahead, lean.right);
            buffer.set_stringn(x, y, here, 1, style);
        }
        let badge = match self.model.release_detection {
            crate::tui::held_input::ReleaseDetection::KeyUp => "releases are reported",
            crate::tui::held_input::ReleaseDetection::Mouse => "hold here with the mouse",
            crate::tui::held_input::ReleaseDetection::Repeat => "release is guessed: slow",
        };
        let y = inside.bottom().saturating_sub(1);
        if inside.height > 4 {
            buffer.set_stringn(inside.x, y.saturating_sub(1), badge, usize::from(inside.width), dim);
        }
    }

    /// Every vehicle, one a line.
    pub(super) fn fleet(&mut self, area: Rect) {
        let ids = self.snapshot.fleet();
        let picked = ids.iter().position(|(id, _)| Some(*id) == self.model.selected.as_ref()).unwrap_or(0);
        let title = match ids.len() {
            0 | 1 => "fleet".to_owned(),
            many => format!("fleet, {} of {many}", picked.saturating_add(1)),
        };
        let inside = self.panel(area, &title);
        let rows = usize::from(inside.height);
        let from = picked.saturating_sub(rows.saturating_sub(1));
        let lines = ids.iter().skip(from).take(rows).map(|(id, vehicle)| {
            let is_picked = Some(*id) == self.model.selected.as_ref();
            let mark = if is_picked { '>' } else { ' ' };
            let freshness = vehicle.freshness(self.snapshot.is_up(), self.now);
            let mode = match freshness {
                Freshness::Current => vehicle.word("mode").unwrap_or("-").to_owned(),
                Freshness::Old => format!("~{}", vehicle.word("mode").unwrap_or("-")),
                Freshness::Gone => "-".to_owned(),
            };
            let there = match vehicle.presence() {
                Some(PresenceState::Online) => "",
                Some(_) => " away",
                None => " ?",
            };
            let style = if is_picked { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
            let taken = mode.width().saturating_add(there.len()).saturating_add(3);
            let room = usize::from(inside.width).saturating_sub(taken);
            let id = shortened(id.as_str(), room.max(LEAST_NAME));
            Line::styled(format!("{mark} {id} {mode}{there}"), style)
        });
        let lines = lines.collect();
        self.lines(inside, lines);
    }

    /// Where it went, north of where it faced at boot, to scale.
    pub(super) fn track(&mut self, area: Rect) {
        let Some(vehicle) = self.model.vehicle(self.snapshot) else {
            self.panel(area, "track");
            return;
        };
        let places: Vec<(f64, f64)> = vehicle.trail.places().map(|(_, x, y)| (*x, *y)).collect();
        let freshness = self.freshness();
        let shown = |place: (f64, f64)| Some(place).filter(|_| freshness != Freshness::Gone);
        let safe = vehicle.number("safe_place_x_m").zip(vehicle.number("safe_place_y_m")).and_then(shown);
        let here = places.last().copied().filter(|_| vehicle.word("pose") != Some("unknown")).and_then(shown);
        let heading = vehicle.number("heading_degrees").unwrap_or(0.0);
        let bound = |pick: fn(&(f64, f64)) -> f64| {
            let values = places.iter().chain(&safe).map(pick);
            let (low, high) =
                values.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
            (f64::midpoint(low, high), high - low)
        };
        let ((middle_x, span_x), (middle_y, span_y)) = (bound(|place| place.0), bound(|place| place.1));
        let (columns, rows) = (f64::from(area.width.max(1)), f64::from(area.height.saturating_sub(1).max(1)));
        // A cell is about twice as high as wide.
        let per_column = (span_x.max(LEAST_M) / columns).max(span_y.max(LEAST_M) / (rows * 2.0)) * 1.15;
        let wide = format!("track, {:.1} m wide", per_column * columns);
        let title = if safe.is_some() { with_safe_place(&wide, area.width) } else { wide };
        let inside = self.panel(area, &title);
        let ascii = self.model.style.ascii;
        let is_old = freshness != Freshness::Current;
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let (there, refuge) = (self.tint(bold, Color::Cyan), self.tint(bold, Color::Green));
        let buffer = self.frame.buffer_mut();
        let mut dot = |x: f64, y: f64, sign: &str, style: Style| {
            let column = ((x - middle_x) / per_column) + f64::from(inside.width) / 2.0;
            let row = f64::from(inside.height) / 2.0 - (y - middle_y) / (per_column * 2.0);
            let (column, row) = (cell(column, inside.width), cell(row, inside.height));
            buffer.set_stringn(inside.x.saturating_add(column), inside.y.saturating_add(row), sign, 1, style);
        };
        let dim = Style::new().add_modifier(Modifier::DIM);
        for (x, y) in &places {
            dot(*x, *y, if ascii { "." } else { "·" }, dim);
        }
        dot(0.0, 0.0, "+", dim);
        if let Some((x, y)) = safe {
            dot(x, y, "P", if is_old { dim } else { refuge });
        }
        if let Some((x, y)) = here {
            dot(x, y, arrow(heading, ascii), if is_old { dim } else { there });
        }
    }

    /// Round trips of the last minutes, the newest at the right.
    pub(super) fn chart(&mut self, area: Rect) {
        let Some(vehicle) = self.model.vehicle(self.snapshot) else { return };
        let trips: Vec<Option<u64>> =
            vehicle.ring.since(None).map(|sample| sample.round_trip_ms.map(whole)).collect();
        let most = trips.iter().flatten().max().copied().unwrap_or(0);
        let now = vehicle.round_trip_now(self.now).map(|took| format!("{:.1} ms", in_milliseconds(took)));
        let inside = self.panel(area, &format!("round trip {}, most {most} ms", now.unwrap_or_default()));
        let columns = usize::from(inside.width);
        let from = trips.len().saturating_sub(columns);
        let shown: Vec<u64> = trips.iter().skip(from).map(|trip| trip.unwrap_or(0)).collect();
        let style = if most > 150 { self.tint(Style::new(), Color::Yellow) } else { Style::new() };
        let set = if self.model.style.ascii { ASCII_BARS } else { bar::NINE_LEVELS };
        let chart = Sparkline::default().data(&shown).bar_set(set).max(most.max(10)).style(style);
        self.frame.render_widget(chart, inside);
    }
}

/// The title of a track, with what P means as far as there is room.
fn with_safe_place(title: &str, columns: u16) -> String {
    let full = format!("{title}, P safe place");
    // A title has a blank on either side.
    if full.width().saturating_add(2) <= usize::from(columns) { full } else { format!("{title}, P safe") }
}

/// The cell that a place in a row of them falls into.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the cells that there are"
)]
fn cell(place: f64, cells: u16) -> u16 {
    place.round().clamp(0.0, f64::from(cells.saturating_sub(1))) as u16
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a minute")]
fn whole(milliseconds: f64) -> u64 {
    milliseconds.round().clamp(1.0, 60_000.0) as u64
}

/// A sign that points in the direction of a heading.
fn arrow(heading: f64, ascii: bool) -> &'static str {
    let signs = if ascii {
        ["^", "/", ">", "\\", "v", "/", "<", "\\"]
    } else {
        ["↑", "↗", "→", "↘", "↓", "↙", "←", "↖"]
    };
    let eighth = usize::from(cell((heading.rem_euclid(360.0) / 45.0).round().rem_euclid(8.0), 8));
    signs.get(eighth).copied().unwrap_or("?")
}
