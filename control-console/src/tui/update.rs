//! The effects of keys, mouse, focus and time on a screen. Pure; time is an argument.

mod keys;
mod palette_keys;
mod pointer;
#[cfg(test)]
mod tests;

use super::held_input::ReleaseDetection;
use super::keymap::Key;
use super::model::Model;
use crate::clock::Moment;
use crate::operator::{Snapshot, UiCommand};
use crate::teleop::StickPosition;
use std::time::Duration;
use vehicle_protocol::VehicleId;

/// A change of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStroke {
    /// It goes down.
    Press,
    /// It stays down.
    Repeat,
    /// It comes up.
    Release,
}

/// A change of the mouse and its main button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseAction {
    /// It goes down.
    Down,
    /// It moves while it is down.
    Drag,
    /// It comes up.
    Up,
}

/// An event of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UiEvent {
    /// A key.
    Key(Key, KeyStroke),
    /// The mouse, at this column and row.
    Mouse(MouseAction, u16, u16),
    /// The focus comes or goes.
    Focus(bool),
    /// The terminal says that it reports key releases.
    ReportsReleases,
    /// The terminal has sent something.
    Alive,
    /// The terminal has another size now.
    Resize(u16, u16),
    /// Time has passed, or there is news of the vehicles.
    Tick,
}

/// An effect that a screen asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A command to the operator.
    UiCommand(UiCommand),
    /// Ask the terminal for a sign of life.
    Probe,
    /// Stop, give the terminal back and be suspended.
    Suspend,
    /// Cut or restore the link of the demo.
    Cut,
    /// End.
    Quit,
}

/// A held position is sent again this often: three times in the usual hold.
const AGAIN: Duration = Duration::from_millis(50);
/// While a key is held, the terminal is probed this often.
const PROBE_EVERY: Duration = Duration::from_millis(400);
/// A terminal that answers probes and then is silent for this long is lost: no release would arrive from it.
const TERMINAL_SILENCE: Duration = Duration::from_millis(1500);
/// The operator is told this often which vehicle is shown, and that somebody is present.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Nobody counts as present after this long without a key or a click.
const PRESENT: Duration = Duration::from_secs(15);
/// Steps of the highest speed, in percent.
const SPEED_STEP: u8 = 10;

impl Model {
    /// The time of the next [`UiEvent::Tick`].
    #[must_use]
    pub fn deadline(&self, now: Moment) -> Moment {
        let look = self.looked.map_or(now, |looked| looked.saturating_add(LOOK_EVERY));
        [self.held.deadline(now), self.repeat_at].into_iter().flatten().fold(look, Moment::min)
    }

    /// Applies one event; returns the effects that follow.
    #[must_use]
    pub fn update(&mut self, now: Moment, snapshot: &Snapshot, event: UiEvent) -> Vec<Effect> {
        self.choose(snapshot);
        let mut effects = Vec::new();
        if self.wants_stop && self.selected.is_some() {
            self.emergency_stop(now, &mut effects);
        }
        if event != UiEvent::Tick {
            self.heard = now;
        }
        match event {
            UiEvent::Key(key, stroke) => self.key(now, snapshot, key, stroke, &mut effects),
            UiEvent::Mouse(click, column, row) => {
                self.mouse(now, snapshot, click, (column, row), &mut effects);
            }
            UiEvent::Focus(focused) => {
                self.focused = focused;
                if !focused {
                    self.disarm(now, "Focus lost: disarmed", &mut effects);
                }
            }
            UiEvent::ReportsReleases => {
                (self.release_detection, self.reports_releases, self.answers) =
                    (ReleaseDetection::KeyUp, true, true);
            }
            UiEvent::Alive => self.answers = true,
            UiEvent::Resize(columns, rows) => {
                let is_other = self.size != (columns, rows);
                self.size = (columns, rows);
                if is_other && self.is_leaning() {
                    self.disarm(now, "The window changed: disarmed", &mut effects);
                }
            }
            UiEvent::Tick => self.watch_terminal(now, &mut effects),
        }
        self.lean(now, &mut effects);
        self.look(now, &mut effects);
        effects
    }

    fn order(&self, effects: &mut Vec<Effect>, make: impl FnOnce(VehicleId) -> UiCommand) {
        effects.extend(self.selected.clone().map(|vehicle| Effect::UiCommand(make(vehicle))));
    }

    fn say(&mut self, now: Moment, text: &str) {
        self.note = Some((now, text.to_owned()));
    }

    /// Releases the stick; only a fresh press goes on.
    fn let_go(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        self.held.let_go(now);
        self.order(effects, UiCommand::LetGo);
    }

    /// Disarms, since attention is gone.
    fn disarm(&mut self, now: Moment, why: &str, effects: &mut Vec<Effect>) {
        self.held.let_go(now);
        self.order(effects, UiCommand::Disarm);
        self.say(now, why);
    }

    fn emergency_stop(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        self.held.let_go(now);
        self.order(effects, UiCommand::EmergencyStop);
        // A person may press before the first vehicle is known; that stop must not be lost.
        self.wants_stop = self.selected.is_none();
        if self.wants_stop {
            self.say(now, "No vehicle is known yet: the first one that is found will be stopped");
        }
    }

    /// Sends the held position again, or once that the stick is released.
    fn lean(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let share = f64::from(self.speed_percent) / 100.0;
        let lean = self
            .held
            .lean(now)
            .map(|lean| StickPosition { ahead: lean.ahead * share, right: lean.right * share });
        if lean.is_some() || self.is_leaning() {
            self.order(effects, |vehicle| UiCommand::Hand(vehicle, lean));
        }
        // From this lean, not from the next look at the clock: snapshots that come in between must not put it off.
        self.repeat_at = lean.map(|_| now.saturating_add(AGAIN));
    }

    /// Disarms when the terminal is gone, since no release could arrive from it.
    fn watch_terminal(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if !self.is_leaning() {
            return;
        }
        if self.answers && now.saturating_sub(self.heard) > TERMINAL_SILENCE {
            self.disarm(now, "The terminal does not answer: disarmed", effects);
        } else if now.saturating_sub(self.probed) >= PROBE_EVERY {
            self.probed = now;
            effects.push(Effect::Probe);
        }
    }

    fn look(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if self.looked.is_some_and(|looked| now.saturating_sub(looked) < LOOK_EVERY) {
            return;
        }
        self.looked = Some(now);
        self.order(effects, UiCommand::Look);
        if self.focused && now.saturating_sub(self.touched) < PRESENT {
            self.order(effects, UiCommand::Present);
        }
    }
}
