//! What happened, the newest at the bottom.

use super::Paint;
use super::headline::shortened;
use crate::operator::{Entry, Weight};
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use std::collections::VecDeque;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What happened has to be read too, where names are long.
const WHO: usize = 16;
/// Columns of age and sign; what goes on in another row begins behind them.
const INDENT: usize = 9;

impl Paint<'_, '_> {
    pub(super) fn log(&mut self, area: Rect) {
        let inside = self.panel(area, "log");
        let (rows, columns) = (usize::from(inside.height), usize::from(inside.width));
        let mut lines = VecDeque::new();
        for entry in self.snapshot.event_log.iter().rev() {
            let room = rows.saturating_sub(lines.len());
            if room == 0 {
                break;
            }
            let mut told = folded(&self.told(entry), columns);
            told.truncate(room);
            let style = self.weighed(entry.weight);
            told.into_iter().rev().for_each(|line| lines.push_front(Line::styled(line, style)));
        }
        self.lines(inside, lines.into());
    }

    fn told(&self, entry: &Entry) -> String {
        let sign = match entry.weight {
            Weight::Note => ' ',
            Weight::Good => '+',
            Weight::Warning => '!',
            Weight::Alarm => 'X',
        };
        let age = ago(self.now.saturating_sub(entry.at).as_secs());
        let who = entry.vehicle.as_ref().map(|id| format!("{} ", shortened(id.as_str(), WHO)));
        format!("{age:>6} {sign} {}{}", who.unwrap_or_default(), entry.text)
    }

    fn weighed(&self, weight: Weight) -> Style {
        let colour = match weight {
            Weight::Note => return Style::new(),
            Weight::Good => Color::Green,
            Weight::Warning => Color::Yellow,
            Weight::Alarm => Color::Red,
        };
        self.tint(Style::new(), colour)
    }
}

/// A text in rows of so many columns, broken between words where that can be.
fn folded(text: &str, columns: usize) -> Vec<String> {
    let (mut rows, mut row) = (Vec::new(), String::new());
    for c in text.chars() {
        let mut is_blank = false;
        while row.width().saturating_add(c.width().unwrap_or(0)) > columns && row.width() > INDENT {
            is_blank = c == ' ';
            let at = row.rfind(' ').filter(|at| *at >= INDENT && !is_blank);
            let rest = at.map_or_else(String::new, |at| row.split_off(at).trim_start().to_owned());
            rows.push(row.trim_end().to_owned());
            row = format!("{:INDENT$}{rest}", "");
        }
        // A row begins with no blank between words.
        if !is_blank {
            row.push(c);
        }
    }
    rows.push(row);
    rows
}

/// A time that has passed, short.
fn ago(seconds: u64) -> String {
    match seconds {
        0..=99 => format!("{seconds}s"),
        100..=5999 => format!("{}m", seconds / 60),
        _ => format!("{}h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_text_goes_on_in_the_next_row_between_words() {
        let text = "    1s X rover-1 its key can't be used; next: make one with control-console keys new";
        let rows = [
            "    1s X rover-1 its key can't be",
            "         used; next: make one with",
            "         control-console keys new",
        ];
        assert_eq!(folded(text, 36), rows);
        assert_eq!(folded("    1s X /a/long/path", 16), ["    1s X /a/long", "         /path"]);
        assert_eq!(folded("    1s X 非常停止", 15), ["    1s X 非常停", "         止"]);
    }

    proptest! {
        #[test]
        fn no_row_is_too_long_and_no_letter_is_lost(text in "[ a-z非]{0,80}", columns in 12_usize..40) {
            let text = format!("    1s X {text}");
            let rows = folded(&text, columns);
            prop_assert!(rows.iter().all(|row| row.width() <= columns), "{rows:?}");
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&rows.concat()), letters(&text));
        }
    }
}
