//! What a screen makes of keys, mouse, focus and time. Pure; time is an argument.

#[cfg(test)]
mod tests;

use super::hand::Tier;
use super::keymap::{Action, Key};
use super::model::Model;
use super::palette::Palette;
use crate::clock::Moment;
use crate::operator::{Snapshot, UiCommand, Vehicle};
use crate::teleop::StickPosition;
use crate::teleop::stick::StickState;
use std::time::Duration;
use vehicle_protocol::{Command, VehicleId};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// It goes down.
    Press,
    /// It stays down.
    Repeat,
    /// It comes up.
    Release,
}

/// What the mouse does with its main button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Click {
    /// It goes down.
    Down,
    /// It moves while it is down.
    Drag,
    /// It comes up.
    Up,
}

/// What happens to a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key.
    Key(Key, Stroke),
    /// The mouse, at this column and row.
    Mouse(Click, u16, u16),
    /// The focus comes or goes.
    Focus(bool),
    /// The terminal has said that it tells of key releases.
    TellsReleases,
    /// The terminal has sent something.
    Alive,
    /// The terminal has another size now.
    Resize(u16, u16),
    /// Time has passed, or there is news of the vehicles.
    Tick,
}

/// What a screen wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// An order to the operator.
    UiCommand(UiCommand),
    /// Ask the terminal for a sign of life.
    Probe,
    /// Stop, give the terminal back and be suspended.
    Suspend,
    /// Cut or mend the link of the demo.
    Cut,
    /// End.
    Quit,
}

/// A lean is said again so often.
const AGAIN: Duration = Duration::from_millis(50);
/// While a hand is on the stick, the terminal is asked for a sign of life so often.
const PROBE_EVERY: Duration = Duration::from_millis(400);
/// A terminal that answers questions and then is silent for so long has been lost, and nobody would hear of a release.
const TERMINAL_SILENCE: Duration = Duration::from_millis(1500);
/// The operator is told so often who looks, and that somebody is there.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After so long without a key or a click nobody counts as present.
const PRESENT: Duration = Duration::from_secs(15);
/// Steps of the highest speed, in percent.
const GEAR: u8 = 10;

impl Model {
    /// When it next wants an [`Event::Tick`].
    #[must_use]
    pub fn deadline(&self, now: Moment) -> Moment {
        let look = self.looked.map_or(now, |looked| looked.saturating_add(LOOK_EVERY));
        [self.hand.deadline(now), self.repeat_at].into_iter().flatten().fold(look, Moment::min)
    }

    /// Takes one event, and says what is to be done.
    #[must_use]
    pub fn update(&mut self, now: Moment, snapshot: &Snapshot, event: Event) -> Vec<Deed> {
        self.choose(snapshot);
        let mut deeds = Vec::new();
        if self.wants_stop && self.selected.is_some() {
            self.emergency_stop(now, &mut deeds);
        }
        if event != Event::Tick {
            self.heard = now;
        }
        match event {
            Event::Key(key, stroke) => self.key(now, snapshot, key, stroke, &mut deeds),
            Event::Mouse(click, column, row) => self.mouse(now, snapshot, click, (column, row), &mut deeds),
            Event::Focus(focused) => {
                self.focused = focused;
                if !focused {
                    self.disarm(now, "focus lost: disarmed", &mut deeds);
                }
            }
            Event::TellsReleases => {
                (self.tier, self.tells_releases, self.answers) = (Tier::KeyUp, true, true);
            }
            Event::Alive => self.answers = true,
            Event::Resize(columns, rows) => {
                let is_other = self.size != (columns, rows);
                self.size = (columns, rows);
                if is_other && self.is_leaning() {
                    self.disarm(now, "the window changed: disarmed", &mut deeds);
                }
            }
            Event::Tick => self.watch_terminal(now, &mut deeds),
        }
        self.lean(now, &mut deeds);
        self.look(now, &mut deeds);
        deeds
    }

    fn order(&self, deeds: &mut Vec<Deed>, make: impl FnOnce(VehicleId) -> UiCommand) {
        deeds.extend(self.selected.clone().map(|vehicle| Deed::UiCommand(make(vehicle))));
    }

    fn say(&mut self, now: Moment, text: &str) {
        self.note = Some((now, text.to_owned()));
    }

    /// Lets go; only a fresh press goes on.
    fn let_go(&mut self, now: Moment, deeds: &mut Vec<Deed>) {
        self.hand.let_go(now);
        self.order(deeds, UiCommand::LetGo);
    }

    /// Attention is gone.
    fn disarm(&mut self, now: Moment, why: &str, deeds: &mut Vec<Deed>) {
        self.hand.let_go(now);
        self.order(deeds, UiCommand::Disarm);
        self.say(now, why);
    }

    fn emergency_stop(&mut self, now: Moment, deeds: &mut Vec<Deed>) {
        self.hand.let_go(now);
        self.order(deeds, UiCommand::EmergencyStop);
        // A hand may be faster than the news of who is there; what it asks for must not be lost.
        self.wants_stop = self.selected.is_none();
        if self.wants_stop {
            self.say(now, "no vehicle is known yet: the first one that is found will be stopped");
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most keys go by the keymap")]
    fn key(&mut self, now: Moment, snapshot: &Snapshot, key: Key, stroke: Stroke, deeds: &mut Vec<Deed>) {
        self.touched = now;
        let action = self.keymap.action(key);
        if stroke == Stroke::Release {
            if let Some(action) = action {
                self.hand.release(action);
            }
            return;
        }
        match key {
            Key::Char(' ') => self.emergency_stop(now, deeds),
            Key::Ctrl('c') => {
                self.disarm(now, "leaving", deeds);
                deeds.push(Deed::Quit);
            }
            Key::Ctrl('z') => {
                self.disarm(now, "suspended: disarmed", deeds);
                deeds.push(Deed::Suspend);
            }
            _ if self.palette.is_some() => self.type_key(now, snapshot, key, deeds),
            // Help is read with any key; none of them drives.
            _ if self.help => self.help = false,
            _ => match action {
                Some(action) if action.lean().is_some() => self.drive_key(now, snapshot, action, stroke),
                Some(action) if stroke == Stroke::Press => self.act(now, snapshot, action, deeds),
                Some(_) => {}
                None => self.let_go(now, deeds),
            },
        }
    }

    fn drive_key(&mut self, now: Moment, snapshot: &Snapshot, action: Action, stroke: Stroke) {
        if stroke == Stroke::Repeat && self.tells_releases {
            return;
        }
        self.tier = if self.tells_releases { Tier::KeyUp } else { Tier::Repeat };
        self.hand.press(now, action, self.tells_releases);
        self.say_what_is_missing(now, snapshot);
    }

    /// To whoever asks for motion: the next step, where one is missing.
    fn say_what_is_missing(&mut self, now: Moment, snapshot: &Snapshot) {
        let vehicle = self.vehicle(snapshot);
        if !self.is_armed(snapshot) {
            self.say(now, &format!("not armed: {} arms", self.name_of(Action::Arm)));
        } else if vehicle.is_some_and(Vehicle::waits_for_clear) {
            self.say(now, &format!("in failsafe: {} begins to clear it", self.name_of(Action::Clear)));
        } else if vehicle.and_then(|vehicle| vehicle.flag("engine")) == Some(false) {
            self.say(now, &format!("the engine is off: {} turns it on", self.name_of(Action::Engine)));
        }
    }

    fn is_armed(&self, snapshot: &Snapshot) -> bool {
        let state = self.vehicle(snapshot).and_then(|vehicle| vehicle.drive.state);
        matches!(state, Some(StickState::Ready | StickState::Driving | StickState::Hold))
    }

    /// The key that a person would press for it.
    #[must_use]
    pub fn name_of(&self, action: Action) -> String {
        self.keymap.key(action).map_or_else(|| "no key".to_owned(), |key| key.to_string())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what has no meaning here stops")]
    fn act(&mut self, now: Moment, snapshot: &Snapshot, action: Action, deeds: &mut Vec<Deed>) {
        let flag = |name| self.vehicle(snapshot).and_then(|vehicle| vehicle.flag(name)).unwrap_or(false);
        let send = |command: Command| move |vehicle| UiCommand::Send(vehicle, command);
        match action {
            Action::Arm => self.arm(now, snapshot, deeds),
            Action::Disarm => self.disarm(now, "disarmed", deeds),
            Action::Brake => {
                self.hand.let_go(now);
                self.order(deeds, send(Command::Brake));
            }
            Action::Engine if flag("engine") => self.order(deeds, send(Command::TurnOffEngine)),
            Action::Engine => self.order(deeds, send(Command::TurnOnEngine)),
            Action::Lights if flag("headlights") => self.order(deeds, send(Command::TurnOffHeadlights)),
            Action::Lights => self.order(deeds, send(Command::TurnOnHeadlights)),
            Action::Faster => self.gear = self.gear.saturating_add(GEAR).min(100),
            Action::Slower => self.gear = self.gear.saturating_sub(GEAR).max(GEAR),
            Action::Next => self.select(now, snapshot, true, deeds),
            Action::Previous => self.select(now, snapshot, false, deeds),
            Action::Command => self.open(now, "", deeds),
            Action::Clear => self.open(now, "clear-emergency-stop", deeds),
            Action::TakeControl => self.open(now, "take-control", deeds),
            Action::Cut if self.cut.is_some() => deeds.push(Deed::Cut),
            Action::Help => {
                self.let_go(now, deeds);
                self.help = true;
            }
            Action::Quit => {
                self.disarm(now, "leaving", deeds);
                deeds.push(Deed::Quit);
            }
            _ => self.let_go(now, deeds),
        }
    }

    fn arm(&mut self, now: Moment, snapshot: &Snapshot, deeds: &mut Vec<Deed>) {
        if self.is_stopped(snapshot) {
            self.say(now, &format!("in emergency stop: {} begins to clear it", self.name_of(Action::Clear)));
        } else if self.focused {
            self.hand.let_go(now);
            self.order(deeds, UiCommand::Arm);
        } else {
            self.say(now, "this window has no focus");
        }
    }

    fn select(&mut self, now: Moment, snapshot: &Snapshot, next: bool, deeds: &mut Vec<Deed>) {
        let ids: Vec<&VehicleId> = snapshot.fleet().into_iter().map(|(id, _)| id).collect();
        let here = ids.iter().position(|id| Some(*id) == self.selected.as_ref()).unwrap_or(0);
        let there = if next { here.checked_add(1) } else { here.checked_sub(1) };
        let around = if next { ids.first() } else { ids.last() };
        let other = there.and_then(|there| ids.get(there)).or(around).map(|id| (*id).clone());
        if other != self.selected {
            // Keys that are still down must not drive another vehicle.
            self.disarm(now, "another vehicle: not armed", deeds);
            (self.selected, self.looked) = (other, None);
        }
    }

    fn open(&mut self, now: Moment, text: &str, deeds: &mut Vec<Deed>) {
        self.let_go(now, deeds);
        self.palette = Some(Palette::with(text));
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other keys type nothing")]
    fn type_key(&mut self, now: Moment, snapshot: &Snapshot, key: Key, deeds: &mut Vec<Deed>) {
        let Some(mut palette) = self.palette.take() else { return };
        let description = self.vehicle(snapshot).and_then(|vehicle| vehicle.description.as_deref());
        palette.error = None;
        match key {
            Key::Escape => return,
            Key::Enter => match palette.command(description) {
                Ok(command) => {
                    self.say(now, &format!("{} sent", command.name().kebab()));
                    self.order(deeds, |vehicle| UiCommand::Send(vehicle, command));
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
        click: Click,
        (column, row): (u16, u16),
        deeds: &mut Vec<Deed>,
    ) {
        self.touched = now;
        let panels = self.panels();
        let on_stop = panels.stop.is_some_and(|stop| row == stop.y);
        let lean = panels.pad.and_then(|pad| lean_on(pad, column, row, click == Click::Drag));
        match click {
            Click::Up => self.hand.hold_pad(None),
            Click::Down if on_stop => self.emergency_stop(now, deeds),
            _ if self.palette.is_some() || self.help => {}
            Click::Down if lean.is_some() => {
                if !self.tells_releases {
                    self.tier = Tier::Mouse;
                }
                self.hand.hold_pad(lean);
                self.say_what_is_missing(now, snapshot);
            }
            Click::Drag if self.hand.is_on_pad() => self.hand.hold_pad(lean),
            Click::Down | Click::Drag => {}
        }
    }

    /// Says again how the hand leans, or once that it does not.
    fn lean(&mut self, now: Moment, deeds: &mut Vec<Deed>) {
        let share = f64::from(self.gear) / 100.0;
        let lean = self
            .hand
            .lean(now)
            .map(|lean| StickPosition { ahead: lean.ahead * share, right: lean.right * share });
        if lean.is_some() || self.is_leaning() {
            self.order(deeds, |vehicle| UiCommand::Hand(vehicle, lean));
        }
        // From this lean, not from the next look at the clock: snapshots that come in between must not put it off.
        self.repeat_at = lean.map(|_| now.saturating_add(AGAIN));
    }

    /// A release that is told to a terminal which is gone reaches nobody.
    fn watch_terminal(&mut self, now: Moment, deeds: &mut Vec<Deed>) {
        if !self.is_leaning() {
            return;
        }
        if self.answers && now.saturating_sub(self.heard) > TERMINAL_SILENCE {
            self.disarm(now, "the terminal does not answer: disarmed", deeds);
        } else if now.saturating_sub(self.probed) >= PROBE_EVERY {
            self.probed = now;
            deeds.push(Deed::Probe);
        }
    }

    fn look(&mut self, now: Moment, deeds: &mut Vec<Deed>) {
        if self.looked.is_some_and(|looked| now.saturating_sub(looked) < LOOK_EVERY) {
            return;
        }
        self.looked = Some(now);
        self.order(deeds, UiCommand::Look);
        if self.focused && now.saturating_sub(self.touched) < PRESENT {
            self.order(deeds, UiCommand::Present);
        }
    }
}

/// How a mouse at that cell leans on the pad; once it is on it, it may leave it and leans all the way.
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
