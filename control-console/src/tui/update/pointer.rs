//! The effects of the mouse: the drive pad and the emergency-stop bar.

use super::{Effect, MouseAction};
use crate::clock::Moment;
use crate::operator::Snapshot;
use crate::teleop::StickPosition;
use crate::tui::held_input::ReleaseDetection;
use crate::tui::model::Model;

impl Model {
    pub(super) fn mouse(
        &mut self,
        now: Moment,
        snapshot: &Snapshot,
        click: MouseAction,
        (column, row): (u16, u16),
        effects: &mut Vec<Effect>,
    ) {
        self.touched = now;
        let panels = self.panels();
        let on_stop = panels.stop.is_some_and(|stop| row == stop.y);
        let lean = panels.pad.and_then(|pad| lean_on(pad, column, row, click == MouseAction::Drag));
        match click {
            MouseAction::Up => self.held.hold_pad(None),
            MouseAction::Down if on_stop => self.emergency_stop(now, effects),
            _ if self.palette.is_some() || self.help => {}
            MouseAction::Down if lean.is_some() => {
                if !self.reports_releases {
                    self.release_detection = ReleaseDetection::Mouse;
                }
                self.held.hold_pad(lean);
                self.say_what_is_missing(now, snapshot);
            }
            MouseAction::Drag if self.held.is_on_pad() => self.held.hold_pad(lean),
            MouseAction::Down | MouseAction::Drag => {}
        }
    }
}

/// The stick position of the mouse at that cell; a drag that began on the pad may leave it.
fn lean_on(pad: ratatui::layout::Rect, column: u16, row: u16, anywhere: bool) -> Option<StickPosition> {
    if !anywhere && !pad.contains((column, row).into()) {
        return None;
    }
    let share = |place: u16, from: u16, length: u16| {
        let middle = f64::from(from) + f64::from(length.saturating_sub(1)) / 2.0;
        let reach = (f64::from(length.saturating_sub(1)) / 2.0).max(1.0);
        ((f64::from(place) - middle) / reach).clamp(-1.0, 1.0)
    };
    let (right, back) = (share(column, pad.x, pad.width), share(row, pad.y, pad.height));
    // The middle of the pad is neutral: a hand that rests there asks for nothing.
    let still = |value: f64| if value.abs() < 0.2 { 0.0 } else { value };
    Some(StickPosition { ahead: still(-back), right: still(right) })
}
