//! What the keys do, in rows that a small window has room for.

use super::Paint;
use crate::tui::keymap::{Key, KeyAction, Keymap};
use crate::tui::model::Model;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Columns of the dialog with its frame.
const WIDTH: u16 = 60;
/// Columns of the keys; a row with more of them takes more.
const KEYS: usize = 14;
/// What a hand does, the diagonals last: most keymaps have none.
const LEANS: [KeyAction; 8] = [
    KeyAction::Ahead,
    KeyAction::Left,
    KeyAction::Back,
    KeyAction::Right,
    KeyAction::AheadLeft,
    KeyAction::AheadRight,
    KeyAction::BackLeft,
    KeyAction::BackRight,
];

/// The keys of each action, in the order in which what they do is told.
fn keys(keymap: &Keymap, actions: &[KeyAction]) -> String {
    let each = actions.iter().map(|action| keymap.keys(*action)).filter(|keys| !keys.is_empty());
    let each = each.map(|keys| keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "));
    each.collect::<Vec<_>>().join(" / ")
}

/// The first key of each way to lean, then the others.
fn leans(keymap: &Keymap) -> String {
    let all: Vec<&[Key]> = LEANS.iter().map(|action| keymap.keys(*action)).collect();
    let most = all.iter().map(|keys| keys.len()).max().unwrap_or(0);
    let nth =
        |n: usize| all.iter().filter_map(|keys| keys.get(n)).map(ToString::to_string).collect::<Vec<_>>();
    (0..most).map(|n| nth(n).join("/")).collect::<Vec<_>>().join(" or ")
}

/// Keys and what they do, the most important ones first.
fn rows(model: &Model) -> Vec<String> {
    let keys = |actions: &[KeyAction]| keys(&model.keymap, actions);
    let cut = if model.cut.is_some() { keys(&[KeyAction::Cut]) } else { String::new() };
    let told = [
        ("space".to_owned(), "EMERGENCY STOP, always and everywhere"),
        (leans(&model.keymap), "hold to drive"),
        ("any other".to_owned(), "stop; only a fresh press goes on"),
        (keys(&[KeyAction::Arm, KeyAction::Disarm]), "arm / disarm; driving needs the engine on"),
        (keys(&[KeyAction::Faster, KeyAction::Slower]), "raise / lower the speed limit"),
        (keys(&[KeyAction::Engine, KeyAction::Brake, KeyAction::Lights]), "engine / BRAKE / headlights"),
        (
            keys(&[KeyAction::Command, KeyAction::Clear, KeyAction::TakeControl]),
            "any command / clear a stop / take control",
        ),
        (keys(&[KeyAction::Quit]), "stop and quit; ctrl-c too; ctrl-z suspends"),
        (cut, "cut / restore the link"),
        (keys(&[KeyAction::Next, KeyAction::Previous]), "next / previous vehicle"),
        ("mouse".to_owned(), "hold the pad to drive; works in tmux too"),
    ];
    let told = told.into_iter().filter(|(keys, _)| !keys.is_empty());
    told.map(|(keys, what)| format!("{keys:<KEYS$} {what}")).collect()
}

impl Paint<'_, '_> {
    pub(super) fn help(&mut self, body: Rect) {
        let rows = rows(self.model);
        let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2);
        let area = self.over(body, WIDTH, height, "keys; any key closes this");
        self.lines(area, rows.into_iter().map(Line::raw).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::example::model;
    use crate::tui::model::LinkCut;

    #[test]
    fn of_several_keys_everybody_sees_which_does_what() {
        let rows = rows(&model((60, 15)));
        for row in [
            "w/a/s/d or up/left/down/right hold to drive",
            "+ or = / -     raise / lower the speed limit",
            ": or c / r / t any command / clear a stop / take control",
            "tab or n / shift-tab or p next / previous vehicle",
        ] {
            assert!(rows.iter().any(|shown| shown == row), "{row}: {rows:#?}");
        }
    }

    #[test]
    fn every_row_fits_into_the_dialog_and_all_but_two_into_a_small_window() {
        for name in ["default", "ros"] {
            let mut model = model((60, 15));
            model.keymap = Keymap::built_in(name).unwrap().into();
            for cut in [None, Some(LinkCut::default())] {
                model.cut = cut;
                let rows = rows(&model);
                for row in &rows {
                    assert!(row.chars().count() <= usize::from(WIDTH) - 2, "{name}: {row}");
                }
                // Twelve rows with the frame.
                assert!(rows.len() <= 12, "{rows:?}");
                assert!(rows[..10].iter().any(|row| row.contains("quit")));
            }
        }
    }
}
