//! The effects of keys outside of dialogs.

use super::{Effect, KeyStroke, SPEED_STEP};
use crate::clock::Moment;
use crate::operator::{Snapshot, UiCommand, Vehicle};
use crate::teleop::stick::StickState;
use crate::tui::held_input::ReleaseDetection;
use crate::tui::keymap::{Key, KeyAction};
use crate::tui::model::Model;
use crate::tui::palette::Palette;
use vehicle_protocol::{Command, VehicleId};

impl Model {
    #[expect(clippy::wildcard_enum_match_arm, reason = "most keys go by the keymap")]
    pub(super) fn key(
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
    pub(super) fn say_what_is_missing(&mut self, now: Moment, snapshot: &Snapshot) {
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
}
