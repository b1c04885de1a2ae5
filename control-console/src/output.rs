//! Output for people and programs: data on standard output, talk on standard error.

use crate::exit::{Exit, Fault};
use crate::transaction::{Outcome, Report};
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::io::{self, IsTerminal as _, Write as _};
use vehicle_protocol::{Answer, State, VehicleId};

/// Columns of a terminal that is not said to be wider.
const WIDTH: usize = 80;
/// Indentation of the lines after the first.
const INDENT: usize = 4;

/// The style of a text on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// To be looked at.
    Bad,
    /// Less certain or less important.
    Faint,
}

/// The two streams, and how they are written.
#[derive(Debug)]
pub struct Output {
    json: bool,
    colour: bool,
    terminal: bool,
    broken: Cell<bool>,
    noted: RefCell<String>,
}

impl Output {
    /// Colour only on a terminal, and not where `NO_COLOR` is set.
    #[must_use]
    pub fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let terminal = io::stdout().is_terminal();
        Self {
            json,
            colour: wanted && !json && terminal,
            terminal,
            broken: Cell::new(false),
            noted: RefCell::default(),
        }
    }

    /// Set if programs read it.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Tells whether the reader of standard output has gone; later output is dropped.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken.get()
    }

    /// One line of data.
    pub fn line(&self, text: &str) {
        if self.broken.get() {
            return;
        }
        let mut stdout = io::stdout().lock();
        if writeln!(stdout, "{text}").and_then(|()| stdout.flush()).is_err() {
            self.broken.set(true);
        }
    }

    /// One line of data, broken on a terminal where it would be too long for one.
    pub fn folded(&self, head: &str, parts: &[String], tone: Option<Tone>) {
        let mut line = head.to_owned();
        let mut lines = Vec::new();
        for part in parts {
            let length = line.chars().count().saturating_add(part.chars().count());
            if self.terminal && length >= WIDTH && line.trim() != head.trim() && !line.trim().is_empty() {
                lines.push(std::mem::replace(&mut line, " ".repeat(head.chars().count().min(INDENT))));
            }
            line = format!("{line} {part}");
        }
        lines.push(line);
        for line in lines {
            self.line(&tone.map_or_else(|| line.clone(), |tone| self.paint(tone, &line)));
        }
    }

    /// One object of data on a line of its own.
    pub fn object(&self, object: &impl Serialize) {
        match serde_json::to_string(object) {
            Ok(text) => self.line(&text),
            Err(error) => self.talk(&format!("error: this can't be written as JSON: {error}")),
        }
    }

    /// One line for people; lost if nobody listens.
    pub fn talk(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// One line for people, unless it is the one that they were told last.
    pub fn note(&self, text: &str) {
        if self.noted.replace(text.to_owned()) != text {
            self.talk(&format!("note: {}", printable_lines(text)));
        }
    }

    /// A text in its tone.
    #[must_use]
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Faint => 2,
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// The error that ends the program.
    pub fn fault(&self, fault: &Fault) {
        if self.json {
            self.object(&FaultLine {
                error: &fault.advice.what,
                next_step: &fault.advice.next_step,
                exit: fault.exit,
            });
        }
        self.wrong(&fault.advice.what, Some(&fault.advice.next_step));
    }

    fn wrong(&self, what: &str, next_step: Option<&str>) {
        self.talk(&format!("error: {}", printable_lines(what)));
        if let Some(step) = next_step {
            self.talk(&format!("next: {}", printable_lines(step)));
        }
    }

    /// Prints the end of a command.
    pub fn report(&self, report: &Report) {
        if self.json {
            self.object(report);
            return;
        }
        let name = format!("{} {}", report.vehicle, report.command);
        let detail = report.detail.as_deref().map(printable);
        let Outcome::Answered(state) = report.outcome else {
            if report.outcome == Outcome::Unknown {
                // To a person who stops a fleet, one that is not there is not the same as one that says nothing.
                let word = if report.exit == Exit::VehicleAway { "UNREACHED" } else { "UNKNOWN" };
                self.line(&format!("{name} {}", self.paint(Tone::Bad, word)));
            }
            self.wrong(&format!("{name}: {}", detail.unwrap_or_default()), report.next_step.as_deref());
            return;
        };
        let tone = if state == State::Succeeded { Tone::Good } else { Tone::Bad };
        let mut line = format!("{name} {}", self.paint(tone, state.as_str()));
        if let Some(reason) = report.reason {
            line = format!("{line} {reason}");
        }
        if let Some(time) = report.round_trip {
            let time = format!("in {:.1} ms", crate::transaction::in_milliseconds(time));
            line = format!("{line} {}", self.paint(Tone::Faint, &time));
        }
        if let Some(detail) = detail {
            line = format!("{line}: {detail}");
        }
        self.line(&line);
        if let Some(step) = &report.next_step {
            self.talk(&format!("next: {step}"));
        }
    }

    /// Prints the progress of a command.
    pub fn progress(&self, vehicle: &VehicleId, answer: &Answer) {
        let name = answer.command.map_or("command", |command| command.as_str());
        let percent = answer.progress.map(|percent| format!(" {percent} %")).unwrap_or_default();
        let detail =
            answer.detail.as_deref().map(|detail| format!(": {}", printable(detail))).unwrap_or_default();
        self.talk(&format!("{vehicle} {name} executing{percent}{detail}"));
    }
}

#[derive(Serialize)]
struct FaultLine<'a> {
    error: &'a str,
    next_step: &'a str,
    exit: Exit,
}

/// A vehicle's words in one line, without what would steer the terminal, begin a line of its own or turn the order of
/// what is read.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// The same for words of our own around a vehicle's: their line breaks stay.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    text.chars().map(|c| if steers(c) && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Control characters, Unicode's breaks of lines and paragraphs, and what turns the direction of writing.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vehicle_can_not_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r\u{7}"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_vehicle_can_not_write_a_line_in_the_place_of_another_nor_turn_one_round() {
        assert_eq!(printable("a\nb\u{2028}c\u{202e}d\u{2066}e"), "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e");
        assert_eq!(printable_lines("a\nb\u{202e}c\u{9b}d"), "a\nb\u{fffd}c\u{fffd}d");
    }

    #[test]
    fn without_a_terminal_nothing_is_coloured() {
        assert_eq!(Output::new(true).paint(Tone::Bad, "x"), "x");
    }
}
