//! The effects of keys, mouse, focus and time on a screen. Pure; time is an argument.

#[cfg(test)]
mod tests;

use super::held_input::ReleaseDetection;
use super::keymap::{Key, KeyAction};
use super::model::Model;
use super::palette::Palette;
use crate::clock::Moment;
use crate::operator::{Snapshot, UiCommand, Vehicle};
use crate::teleop::StickPosition;
use crate::teleop::stick::StickState;
use std::time::Duration;
use vehicle_protocol::{Command, VehicleId};

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
    /// LinkCut or mend the link of the demo.
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

    #[expect(clippy::wildcard_enum_match_arm, reason = "most keys go by the keymap")]
    fn key(
        &mut self,
        now: Moment,
        snapshot: &Snapshot,
        key: Key,
        stroke: KeyStroke,
        effects: &mut Vec<Effect>,
    ) {
        self.touched = now;
        let action = self.keymap.action(key);
        if stroke == KeyStroke::Release {
            if let Some(action) = action {
                self.held.release(action);
            }
            return;
        }
        match key {
            Key::Char(' ') => self.emergency_stop(now, effects),
            Key::Ctrl('c') => {
                self.disarm(now, "Leaving", effects);
                effects.push(Effect::Quit);
            }
            Key::Ctrl('z') => {
                self.disarm(now, "Suspended: disarmed", effects);
                effects.push(Effect::Suspend);
            }
            _ if self.palette.is_some() => self.type_key(now, snapshot, key, effects),
            // Help is read with any key; none of them drives.
            _ if self.help => self.help = false,
            _ => match action {
                Some(action) if action.lean().is_some() => self.drive_key(now, snapshot, action, stroke),
                Some(action) if stroke == KeyStroke::Press => self.act(now, snapshot, action, effects),
                Some(_) => {}
                None => self.let_go(now, effects),
            },
        }
    }

    fn drive_key(&mut self, now: Moment, snapshot: &Snapshot, action: KeyAction, stroke: KeyStroke) {
        if stroke == KeyStroke::Repeat && self.reports_releases {
            return;
        }
        self.release_detection =
            if self.reports_releases { ReleaseDetection::KeyUp } else { ReleaseDetection::Repeat };
        self.held.press(now, action, self.reports_releases);
        self.say_what_is_missing(now, snapshot);
    }

    /// Shows the next step to a person who asks for motion, where one is missing.
    fn say_what_is_missing(&mut self, now: Moment, snapshot: &Snapshot) {
        let vehicle = self.vehicle(snapshot);
        if !self.is_armed(snapshot) {
            self.say(now, &format!("Not armed: press {} to arm", self.name_of(KeyAction::Arm)));
        } else if vehicle.is_some_and(Vehicle::waits_for_clear) {
            self.say(now, &format!("In failsafe: press {} to clear it", self.name_of(KeyAction::Clear)));
        } else if vehicle.and_then(|vehicle| vehicle.flag("engine")) == Some(false) {
            self.say(
                now,
                &format!("The engine is off: press {} to turn it on", self.name_of(KeyAction::Engine)),
            );
        }
    }

    fn is_armed(&self, snapshot: &Snapshot) -> bool {
        let state = self.vehicle(snapshot).and_then(|vehicle| vehicle.drive.state);
        matches!(state, Some(StickState::Ready | StickState::Driving | StickState::Hold))
    }

    /// The key for an action, as help and hints name it.
    #[must_use]
    pub fn name_of(&self, action: KeyAction) -> String {
        self.keymap.key(action).map_or_else(|| "no key".to_owned(), |key| key.to_string())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what has no meaning here stops")]
    fn act(&mut self, now: Moment, snapshot: &Snapshot, action: KeyAction, effects: &mut Vec<Effect>) {
        let flag = |name| self.vehicle(snapshot).and_then(|vehicle| vehicle.flag(name)).unwrap_or(false);
        let send = |command: Command| move |vehicle| UiCommand::Send(vehicle, command);
        match action {
            KeyAction::Arm => self.arm(now, snapshot, effects),
            KeyAction::Disarm => self.disarm(now, "disarmed", effects),
            KeyAction::Brake => {
                self.held.let_go(now);
                self.order(effects, send(Command::Brake));
            }
            KeyAction::Engine if flag("engine") => self.order(effects, send(Command::TurnOffEngine)),
            KeyAction::Engine => self.order(effects, send(Command::TurnOnEngine)),
            KeyAction::Lights if flag("headlights") => self.order(effects, send(Command::TurnOffHeadlights)),
            KeyAction::Lights => self.order(effects, send(Command::TurnOnHeadlights)),
            KeyAction::Faster => self.speed_percent = self.speed_percent.saturating_add(SPEED_STEP).min(100),
            KeyAction::Slower => {
                self.speed_percent = self.speed_percent.saturating_sub(SPEED_STEP).max(SPEED_STEP);
            }
            KeyAction::Next => self.select(now, snapshot, true, effects),
            KeyAction::Previous => self.select(now, snapshot, false, effects),
            KeyAction::Command => self.open(now, "", effects),
            KeyAction::Clear => self.open(now, "clear-emergency-stop", effects),
            KeyAction::TakeControl => self.open(now, "take-control", effects),
            KeyAction::Cut if self.cut.is_some() => effects.push(Effect::Cut),
            KeyAction::Help => {
                self.let_go(now, effects);
                self.help = true;
            }
            KeyAction::Quit => {
                self.disarm(now, "Leaving", effects);
                effects.push(Effect::Quit);
            }
            _ => self.let_go(now, effects),
        }
    }

    fn arm(&mut self, now: Moment, snapshot: &Snapshot, effects: &mut Vec<Effect>) {
        if self.is_stopped(snapshot) {
            self.say(
                now,
                &format!("In emergency stop: press {} to clear it", self.name_of(KeyAction::Clear)),
            );
        } else if self.focused {
            self.held.let_go(now);
            self.order(effects, UiCommand::Arm);
        } else {
            self.say(now, "This window has no focus");
        }
    }

    fn select(&mut self, now: Moment, snapshot: &Snapshot, next: bool, effects: &mut Vec<Effect>) {
        let ids: Vec<&VehicleId> = snapshot.fleet().into_iter().map(|(id, _)| id).collect();
        let here = ids.iter().position(|id| Some(*id) == self.selected.as_ref()).unwrap_or(0);
        let there = if next { here.checked_add(1) } else { here.checked_sub(1) };
        let around = if next { ids.first() } else { ids.last() };
        let other = there.and_then(|there| ids.get(there)).or(around).map(|id| (*id).clone());
        if other != self.selected {
            // Keys that are still down must not drive another vehicle.
            self.disarm(now, "Another vehicle: not armed", effects);
            (self.selected, self.looked) = (other, None);
        }
    }

    fn open(&mut self, now: Moment, text: &str, effects: &mut Vec<Effect>) {
        self.let_go(now, effects);
        self.palette = Some(Palette::with(text));
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other keys type nothing")]
    fn type_key(&mut self, now: Moment, snapshot: &Snapshot, key: Key, effects: &mut Vec<Effect>) {
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

    fn mouse(
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
