//! The effects of keys while a command is typed.

use super::Effect;
use crate::clock::Moment;
use crate::operator::{Snapshot, UiCommand};
use crate::tui::keymap::Key;
use crate::tui::model::Model;

impl Model {
    #[expect(clippy::wildcard_enum_match_arm, reason = "other keys type nothing")]
    pub(super) fn type_key(&mut self, now: Moment, snapshot: &Snapshot, key: Key, effects: &mut Vec<Effect>) {
        let Some(mut palette) = self.palette.take() else { return };
        let description = self.vehicle(snapshot).and_then(|vehicle| vehicle.description.as_deref());
        palette.error = None;
        match key {
            Key::Escape => return,
            Key::Enter => match palette.command(description) {
                Ok(command) => {
                    self.say(now, &format!("{} sent", command.name().kebab()));
                    self.order(effects, |vehicle| UiCommand::Send(vehicle, command));
                    return;
                }
                Err(why) => palette.error = Some(why),
            },
            Key::Tab if palette.text.contains(' ') && !palette.text.ends_with(' ') => palette.text.push(' '),
            Key::Tab => palette.complete(description),
            Key::Down => palette.picked = palette.picked.saturating_add(1),
            Key::Up => palette.picked = palette.picked.saturating_sub(1),
            Key::Backspace => {
                palette.text.pop();
                palette.picked = 0;
            }
            Key::Char(c) if palette.text.len() < 100 => {
                palette.text.push(c);
                palette.picked = 0;
            }
            _ => {}
        }
        let most = palette.completions(description).len().saturating_sub(1);
        palette.picked = palette.picked.min(most);
        self.palette = Some(palette);
    }
}
