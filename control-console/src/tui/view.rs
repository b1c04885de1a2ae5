//! What a screen looks like. Pure: the same model and snapshot give the same cells.

mod headline;
mod help;
mod log;
mod pictures;
#[cfg(test)]
mod tests;

pub use headline::{footer, headline, stop_text};

use super::model::{Model, NOTE, Style as TuiStyle};
use super::palette::Palette;
use super::panels::Panels;
use crate::clock::Moment;
use crate::operator::{Entry, Freshness, Snapshot, Weight};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns in which news still say something.
const LEAST_NEWS: usize = 24;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, model: &Model, snapshot: &Snapshot, now: Moment) {
    let area = frame.area();
    let panels = Panels::new((area.width, area.height));
    let mut paint = Paint { frame, model, snapshot, now };
    let at = |place: Option<Rect>| place.into_iter();
    at(panels.top).for_each(|area| paint.top(area));
    at(panels.stop).for_each(|area| paint.stop(area));
    at(panels.pad).for_each(|area| paint.pad(area));
    at(panels.status).for_each(|area| paint.status(area));
    at(panels.log).for_each(|area| paint.log(area));
    at(panels.track).for_each(|area| paint.track(area));
    at(panels.fleet).for_each(|area| paint.fleet(area));
    at(panels.chart).for_each(|area| paint.chart(area));
    at(panels.footer).for_each(|area| paint.footer(area));
    if let Some(palette) = &model.palette {
        paint.palette(panels.body, palette);
    } else if model.help {
        paint.help(panels.body);
    }
}

/// Colours where they are wanted; what they say is said by words and weight too.
const fn tinted(tui: TuiStyle, style: Style, colour: Color) -> Style {
    if tui.colour { style.fg(colour) } else { style }
}

pub(super) struct Paint<'a, 'b> {
    frame: &'a mut Frame<'b>,
    model: &'a Model,
    snapshot: &'a Snapshot,
    now: Moment,
}

impl Paint<'_, '_> {
    fn block(&self, title: &str) -> Block<'static> {
        let set = border::Set { horizontal_top: "-", ..border::PLAIN };
        let block = Block::new().borders(Borders::TOP).title(format!(" {title} "));
        let block = if self.model.style.ascii { block.border_set(set) } else { block };
        block.border_style(Style::new().add_modifier(Modifier::DIM)).title_style(Style::new().not_dim())
    }

    /// The inside of a panel with this title.
    fn panel(&mut self, area: Rect, title: &str) -> Rect {
        let block = self.block(title);
        let inside = block.inner(area);
        self.frame.render_widget(block, area);
        inside
    }

    fn lines(&mut self, area: Rect, lines: Vec<Line<'_>>) {
        self.frame.render_widget(Paragraph::new(lines), area);
    }

    fn freshness(&self) -> Freshness {
        let vehicle = self.model.vehicle(self.snapshot);
        vehicle.map_or(Freshness::Gone, |vehicle| vehicle.freshness(self.snapshot.is_up(), self.now))
    }

    fn tint(&self, style: Style, colour: Color) -> Style {
        tinted(self.model.style, style, colour)
    }

    fn top(&mut self, area: Rect) {
        let text = headline(self.model, self.snapshot, self.now, area.width);
        let style = Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD);
        let line = format!("{text:width$}", width = usize::from(area.width));
        self.frame.render_widget(Paragraph::new(Line::styled(line, style)), area);
    }

    /// The bar that says how to stop, and that it is stopped.
    fn stop(&mut self, area: Rect) {
        let (text, is_stopped) = stop_text(self.model, self.snapshot, usize::from(area.width));
        let style = Style::new().add_modifier(Modifier::BOLD);
        let style = match (self.model.style.colour, is_stopped) {
            (true, true) => style.fg(Color::White).bg(Color::Red),
            (true, false) => style.fg(Color::Red),
            (false, true) => style.add_modifier(Modifier::REVERSED),
            (false, false) => style,
        };
        let line = format!("{text:^width$}", width = usize::from(area.width));
        self.frame.render_widget(Paragraph::new(Line::styled(line, style)), area);
    }

    fn footer(&mut self, area: Rect) {
        let help = footer(self.model, self.snapshot, 0);
        let columns = usize::from(area.width);
        let unseen = self.unseen();
        let news = self
            .model
            .news(self.now)
            .or(unseen.as_deref())
            .map(|news| cut(news, room_for_news(columns, help.width())));
        let news = news.map(|news| format!(" {news} |")).unwrap_or_default();
        let room = columns.saturating_sub(news.width());
        let keys = footer(self.model, self.snapshot, room);
        let news = Span::styled(news, Style::new().add_modifier(Modifier::BOLD));
        self.lines(area, vec![Line::from(vec![news, Span::raw(keys)])]);
    }

    /// The newest entry that asks for attention, while it is news, where there is no room for the log.
    fn unseen(&self) -> Option<String> {
        let asks = |entry: &&Entry| {
            matches!(entry.weight, Weight::Warning | Weight::Alarm)
                && self.now.saturating_sub(entry.at) < NOTE
        };
        let has_log = self.model.panels().log.is_some();
        self.snapshot.event_log.iter().rev().find(asks).filter(|_| !has_log).map(|entry| entry.text.clone())
    }

    /// Name and value, dimmed and marked when old, a dash when too old.
    fn row(&self, name: &'static str, value: Option<String>) -> Line<'static> {
        let name = Span::styled(format!("{name:<9}"), Style::new().add_modifier(Modifier::DIM));
        let value = match (value, self.freshness()) {
            (Some(value), Freshness::Current) => Span::raw(value),
            (Some(value), Freshness::Old) => {
                Span::styled(format!("~{value}"), Style::new().add_modifier(Modifier::DIM))
            }
            (None, _) | (_, Freshness::Gone) => Span::styled("-", Style::new().add_modifier(Modifier::DIM)),
        };
        Line::from(vec![name, value])
    }

    fn status(&mut self, area: Rect) {
        let inside = self.panel(area, "status");
        let Some(vehicle) = self.model.vehicle(self.snapshot) else {
            let hint = "No vehicle is known on this broker yet";
            self.lines(inside, vec![Line::raw(hint)]);
            return;
        };
        let number = |path, unit: &str, places: usize| {
            vehicle.number(path).map(|value| format!("{value:.places$}{unit}"))
        };
        let speed = number("speed_mph", "", 1).map(|speed| {
            let target = number("target_speed_mph", "", 1).map(|target| format!(" of {target}"));
            format!("{speed}{} mph", target.unwrap_or_default())
        });
        let mode = vehicle.word("mode").map(|mode| match vehicle.word("cause") {
            Some(cause) => format!("{mode} {cause}"),
            None => mode.to_owned(),
        });
        let on = |path| vehicle.flag(path).map(|on| if on { "on" } else { "off" }.to_owned());
        let lights: Vec<&str> =
            [("headlights", "head"), ("parking_lights", "parking"), ("hazard_lights", "hazard")]
                .into_iter()
                .filter_map(|(path, name)| vehicle.flag(path).unwrap_or(false).then_some(name))
                .collect();
        let lights = vehicle
            .flag("headlights")
            .map(|_| if lights.is_empty() { "off".to_owned() } else { lights.join(" ") });
        let place = number("x_m", "", 2).zip(number("y_m", "", 2)).map(|(x, y)| format!("{x} {y} m"));
        let limit = vehicle.limits().0;
        let rows = vec![
            self.row("mode", mode),
            self.row("speed", speed),
            self.row("heading", number("heading_degrees", " deg", 0)),
            self.row("engine", on("engine")),
            self.row("driver", vehicle.word("driver").map(ToOwned::to_owned)),
            self.row("place", place),
            self.row(
                "limit",
                Some(format!("{:.1} of {limit:.1} mph", limit * f64::from(self.model.speed_percent) / 100.0)),
            ),
            self.row("brake", on("parking_brake")),
            self.row("doors", vehicle.word("doors").map(ToOwned::to_owned)),
            self.row("lights", lights),
            self.row("battery", number("battery_pct", " %", 0)),
        ];
        self.lines(inside, rows);
    }

    fn palette(&mut self, body: Rect, palette: &Palette) {
        let vehicle = self.model.vehicle(self.snapshot);
        let description = vehicle.and_then(|vehicle| vehicle.description.as_deref());
        let found = palette.completions(description);
        let area = self.over(body, 60, 10, "command: Tab completes, Enter sends, Esc closes");
        let room = usize::from(area.height).saturating_sub(2);
        let from = palette.picked.saturating_sub(room.saturating_sub(1));
        let mut lines = vec![Line::raw(format!("> {}_", palette.text))];
        lines.extend(found.iter().enumerate().skip(from).take(room).map(|(index, completion)| {
            let picked = index == palette.picked;
            let style = if picked { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
            Line::styled(format!("  {:<24} {}", completion.name, completion.takes), style)
        }));
        if let Some(error) = &palette.error {
            let style = self.tint(Style::new().add_modifier(Modifier::BOLD), Color::Red);
            lines.truncate(usize::from(area.height).saturating_sub(1));
            lines.push(Line::styled(format!("! {error}"), style));
        }
        self.lines(area, lines);
    }

    /// Room for a dialog over the body; the lines that are always visible stay so.
    fn over(&mut self, body: Rect, width: u16, height: u16, title: &str) -> Rect {
        let (width, height) = (width.min(body.width), height.min(body.height));
        let x = body.x.saturating_add(body.width.saturating_sub(width) / 2);
        let area = Rect { x, y: body.y, width, height };
        self.frame.render_widget(Clear, area);
        let set = border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        };
        let set = if self.model.style.ascii { set } else { border::PLAIN };
        let block = Block::bordered().border_set(set).title(format!(" {title} "));
        let inside = block.inner(area);
        self.frame.render_widget(block, area);
        inside
    }
}

/// Columns for news beside the way to the help; in the smallest windows they have the line for themselves.
fn room_for_news(columns: usize, help: usize) -> usize {
    let room = |taken: usize| columns.saturating_sub(taken.saturating_add(3));
    if room(help) < LEAST_NEWS { room(0) } else { room(help) }
}

/// The beginning of a text that so many columns have room for.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut room = columns.saturating_sub(2);
    let fits = |c: &char| {
        let left = room.checked_sub(c.width().unwrap_or(0));
        room = left.unwrap_or(room);
        left.is_some()
    };
    format!("{}..", text.chars().take_while(fits).collect::<String>())
}
