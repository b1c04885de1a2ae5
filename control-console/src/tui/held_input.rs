//! The keys and the pad position that are held. Pure; time is an argument.

use super::keymap::KeyAction;
use crate::clock::Moment;
use crate::teleop::StickPosition;
use std::collections::BTreeMap;
use std::time::Duration;

/// The way in which a terminal reports that a key was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseDetection {
    /// By key releases.
    KeyUp,
    /// By releases of the mouse button.
    Mouse,
    /// Not at all: a key that is not repeated counts as released.
    Repeat,
}

impl ReleaseDetection {
    /// The badge.
    #[must_use]
    pub const fn badge(self) -> &'static str {
        match self {
            Self::KeyUp => "KEY-UP",
            Self::Mouse => "MOUSE",
            Self::Repeat => "REPEAT",
        }
    }
}

/// A first press without a repeat counts for this long.
const NUDGE: Duration = Duration::from_millis(250);
/// A repeated key counts as released after this pause; terminals repeat keys about every 30 ms.
const REPEAT_GAP: Duration = Duration::from_millis(150);
/// A press this soon after the last one of the same key is its repeat: no keyboard waits longer for the first.
const REPEAT_WITHIN: Duration = Duration::from_millis(700);
/// After a stop, a key that repeats counts again only after this pause.
const QUIET: Duration = Duration::from_millis(400);
/// The share of the speed limit where a release is only guessed: a guess may be late.
const GUESSED_SHARE: f64 = 0.3;

#[derive(Clone, Copy, Debug)]
struct Press {
    last: Moment,
    /// The time at which it counts as released; none where the terminal reports releases.
    until: Option<Moment>,
}

/// The keys and the place of the mouse that ask for motion now.
#[derive(Clone, Debug, Default)]
pub struct HeldInput {
    keys: BTreeMap<KeyAction, Press>,
    pad: Option<StickPosition>,
    quiet_until: Moment,
}

impl HeldInput {
    /// A driving key went down, or is repeated.
    pub fn press(&mut self, now: Moment, action: KeyAction, reports_releases: bool) {
        if reports_releases {
            self.keys.insert(action, Press { last: now, until: None });
            return;
        }
        if now < self.quiet_until {
            self.quiet_until = now.saturating_add(QUIET);
            return;
        }
        let known = self.keys.get(&action);
        let repeats = known.is_some_and(|press| now.saturating_sub(press.last) < REPEAT_WITHIN);
        // Of two keys a keyboard repeats only the last one: the others are not held as far as can be known.
        self.keys.clear();
        let until = now.saturating_add(if repeats { REPEAT_GAP } else { NUDGE });
        self.keys.insert(action, Press { last: now, until: Some(until) });
    }

    /// A driving key came up.
    pub fn release(&mut self, action: KeyAction) {
        self.keys.remove(&action);
    }

    /// The mouse holds the pad there, or has released it.
    pub fn hold_pad(&mut self, lean: Option<StickPosition>) {
        self.pad = lean;
    }

    /// Tells that the mouse holds the pad.
    #[must_use]
    pub const fn is_on_pad(&self) -> bool {
        self.pad.is_some()
    }

    /// Releases everything; a key that is still down counts only after a fresh press.
    pub fn let_go(&mut self, now: Moment) {
        let guessed = self.keys.values().any(|press| press.until.is_some());
        *self = Self { quiet_until: self.quiet_until, ..Self::default() };
        if guessed {
            self.quiet_until = now.saturating_add(QUIET);
        }
    }

    /// The time of the next guessed release.
    #[must_use]
    pub fn deadline(&self, now: Moment) -> Option<Moment> {
        self.keys.values().filter_map(|press| press.until).filter(|until| *until > now).min()
    }

    /// The position of the stick now; none at neutral.
    #[must_use]
    pub fn lean(&self, now: Moment) -> Option<StickPosition> {
        if self.pad.is_some() {
            return self.pad;
        }
        let held = |press: &Press| press.until.is_none_or(|until| now < until);
        let held: Vec<_> = self.keys.iter().filter(|(_, press)| held(press)).collect();
        let guessed = held.iter().any(|(_, press)| press.until.is_some());
        let (ahead, right) = held
            .iter()
            .filter_map(|(action, _)| action.lean())
            .fold((0.0, 0.0), |(ahead, right), (more_ahead, more_right)| {
                (ahead + more_ahead, right + more_right)
            });
        let share = if guessed { GUESSED_SHARE } else { 1.0 };
        let lean = |value: f64| value.clamp(-1.0, 1.0) * share;
        (ahead != 0.0 || right != 0.0).then(|| StickPosition { ahead: lean(ahead), right: lean(right) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(milliseconds: u64) -> Moment {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn where_releases_are_told_a_key_holds_until_then() {
        let mut hand = HeldInput::default();
        hand.press(at(0), KeyAction::Ahead, true);
        hand.press(at(10), KeyAction::Left, true);
        assert_eq!(hand.lean(at(60_000)), Some(StickPosition { ahead: 1.0, right: -1.0 }));
        hand.release(KeyAction::Ahead);
        assert_eq!(hand.lean(at(60_000)), Some(StickPosition { ahead: 0.0, right: -1.0 }));
        hand.press(at(60_000), KeyAction::Right, true);
        assert_eq!(hand.lean(at(60_000)), None, "left and right are neutral");
        hand.let_go(at(60_000));
        hand.release(KeyAction::Left);
        assert_eq!(hand.lean(at(60_000)), None);
    }

    #[test]
    fn where_a_release_is_guessed_a_press_is_a_nudge_and_a_repeat_goes_on_slowly() {
        let mut hand = HeldInput::default();
        let slow = Some(StickPosition { ahead: GUESSED_SHARE, right: 0.0 });
        hand.press(at(0), KeyAction::Ahead, false);
        assert_eq!((hand.lean(at(249)), hand.lean(at(250))), (slow, None));
        for time in (500..800).step_by(30) {
            hand.press(at(time), KeyAction::Ahead, false);
            assert_eq!(hand.lean(at(time + 29)), slow);
        }
        assert_eq!((hand.lean(at(919)), hand.lean(at(920))), (slow, None));
        assert_eq!(hand.deadline(at(919)), Some(at(920)));
    }

    #[test]
    fn after_a_stop_a_key_that_repeats_on_moves_nothing() {
        let mut hand = HeldInput::default();
        hand.press(at(0), KeyAction::Ahead, false);
        hand.let_go(at(10));
        for time in (30..2_000).step_by(30) {
            hand.press(at(time), KeyAction::Ahead, false);
            assert_eq!(hand.lean(at(time)), None, "{time}");
        }
        hand.press(at(2_500), KeyAction::Ahead, false);
        assert!(hand.lean(at(2_500)).is_some());
    }
}
