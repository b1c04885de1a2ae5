//! The meaning of each key. Pure.
//!
//! Space, Ctrl-C and Ctrl-Z are no part of it: the emergency stop and the ways out are the same for everybody.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A key as far as screens tell keys apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A character, as it is written.
    Char(char),
    /// A character with Ctrl, in lower case.
    Ctrl(char),
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Tab.
    Tab,
    /// Tab with Shift.
    BackTab,
    /// Backspace.
    Backspace,
    /// Any other; it never has a meaning, and so it stops.
    Other,
}

const NAMED: [(Key, &str); 9] = [
    (Key::Up, "up"),
    (Key::Down, "down"),
    (Key::Left, "left"),
    (Key::Right, "right"),
    (Key::Enter, "enter"),
    (Key::Escape, "esc"),
    (Key::Tab, "tab"),
    (Key::BackTab, "shift-tab"),
    (Key::Backspace, "backspace"),
];

impl fmt::Display for Key {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others stand in a table")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(' ') => f.write_str("space"),
            Self::Char(c) => write!(f, "{c}"),
            Self::Ctrl(c) => write!(f, "ctrl-{c}"),
            other => {
                f.write_str(NAMED.iter().find(|(key, _)| key == other).map_or("other", |(_, name)| name))
            }
        }
    }
}

impl FromStr for Key {
    type Err = KeymapError;

    fn from_str(text: &str) -> Result<Self, KeymapError> {
        let no_key = || KeymapError::NoKey(text.to_owned());
        if let Some((key, _)) = NAMED.iter().find(|(_, name)| *name == text) {
            return Ok(*key);
        }
        let only = |text: &str| {
            let mut characters = text.chars();
            characters.next().filter(|c| characters.next().is_none() && !c.is_control())
        };
        match (only(text), text.strip_prefix("ctrl-").and_then(only)) {
            (Some(' '), _) => Err(KeymapError::Fixed(text.to_owned())),
            (Some(c), _) => Ok(Self::Char(c)),
            (_, Some('c' | 'z')) => Err(KeymapError::Fixed(text.to_owned())),
            (_, Some(c)) => Ok(Self::Ctrl(c.to_ascii_lowercase())),
            _ => Err(no_key()),
        }
    }
}

/// The meaning of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAction {
    /// Drive ahead.
    Ahead,
    /// Drive back.
    Back,
    /// Turn left.
    Left,
    /// Turn right.
    Right,
    /// Drive ahead and turn left.
    AheadLeft,
    /// Drive ahead and turn right.
    AheadRight,
    /// Drive back and turn left.
    BackLeft,
    /// Drive back and turn right.
    BackRight,
    /// Release the stick, as every key does that has no meaning.
    LetGo,
    /// Arm the stick.
    Arm,
    /// Disarm it.
    Disarm,
    /// BRAKE.
    Brake,
    /// Turn the engine on or off.
    Engine,
    /// Turn the headlights on or off.
    Lights,
    /// Raise the speed limit of this screen.
    Faster,
    /// Lower the speed limit of this screen.
    Slower,
    /// The next vehicle.
    Next,
    /// The previous vehicle.
    Previous,
    /// Type a command.
    Command,
    /// Begin to clear an emergency stop.
    Clear,
    /// Begin to take control.
    TakeControl,
    /// Cut or restore the link of the demo.
    Cut,
    /// Show the help.
    Help,
    /// End.
    Quit,
}

impl KeyAction {
    /// Its position of the stick, ahead and to the right, if it moves the stick.
    #[must_use]
    pub const fn lean(self) -> Option<(f64, f64)> {
        Some(match self {
            Self::Ahead => (1.0, 0.0),
            Self::Back => (-1.0, 0.0),
            Self::Left => (0.0, -1.0),
            Self::Right => (0.0, 1.0),
            Self::AheadLeft => (1.0, -1.0),
            Self::AheadRight => (1.0, 1.0),
            Self::BackLeft => (-1.0, -1.0),
            Self::BackRight => (-1.0, 1.0),
            Self::LetGo
            | Self::Arm
            | Self::Disarm
            | Self::Brake
            | Self::Engine
            | Self::Lights
            | Self::Faster
            | Self::Slower
            | Self::Next
            | Self::Previous
            | Self::Command
            | Self::Clear
            | Self::TakeControl
            | Self::Cut
            | Self::Help
            | Self::Quit => return None,
        })
    }
}

/// The mistake in a keymap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// Not a key's name.
    #[error(
        "{0:?} is no key; write one character, or up, down, left, right, enter, esc, tab, shift-tab, backspace, ctrl-x"
    )]
    NoKey(String),
    /// A key that means the same for everybody.
    #[error("{0:?} can't be given another meaning: space stops, ctrl-c leaves, ctrl-z suspends")]
    Fixed(String),
    /// One key, two meanings.
    #[error("{0} has two meanings")]
    Twice(Key),
    /// Not a table of actions.
    #[error("{0}")]
    Toml(String),
    /// A way to drive is missing.
    #[error("no key for {0:?}; a keymap drives ahead, back, left and right, arms, disarms and quits")]
    Missing(KeyAction),
}

/// The actions that nobody can drive without.
const NEEDED: [KeyAction; 7] = [
    KeyAction::Ahead,
    KeyAction::Back,
    KeyAction::Left,
    KeyAction::Right,
    KeyAction::Arm,
    KeyAction::Disarm,
    KeyAction::Quit,
];

const DEFAULT: &str = r#"
ahead = ["w", "up"]
back = ["s", "down"]
left = ["a", "left"]
right = ["d", "right"]
arm = ["enter"]
disarm = ["esc"]
brake = ["b"]
engine = ["e"]
lights = ["l"]
faster = ["+", "="]
slower = ["-"]
next = ["tab", "n"]
previous = ["shift-tab", "p"]
command = [":", "c"]
clear = ["r"]
take-control = ["t"]
cut = ["x"]
help = ["?"]
quit = ["q"]
"#;

/// As teleop_twist_keyboard has it, as far as that goes.
const ROS: &str = r#"
ahead-left = ["u"]
ahead = ["i", "up"]
ahead-right = ["o"]
left = ["j", "left"]
let-go = ["k"]
right = ["l", "right"]
back-left = ["m"]
back = [",", "down"]
back-right = ["."]
faster = ["q", "w"]
slower = ["z", "x"]
arm = ["enter"]
disarm = ["esc"]
brake = ["b"]
engine = ["e"]
lights = ["h"]
next = ["tab", "n"]
previous = ["shift-tab", "p"]
command = [":"]
clear = ["r"]
take-control = ["t"]
cut = ["X"]
help = ["?"]
quit = ["Q"]
"#;

/// Keys and their meanings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap(BTreeMap<Key, KeyAction>, BTreeMap<KeyAction, Vec<Key>>);

impl Keymap {
    /// The built-in one of that name: `default` or `ros`.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let text = match name {
            "default" => DEFAULT,
            "ros" => ROS,
            _ => return None,
        };
        Self::read(text).ok()
    }

    /// Reads a table of actions, each with its keys; what it does not mention has none.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn read(text: &str) -> Result<Self, KeymapError> {
        let table: BTreeMap<KeyAction, Vec<String>> =
            toml::from_str(text).map_err(|error| KeymapError::Toml(error.message().to_owned()))?;
        let (mut actions, mut keys) = (BTreeMap::new(), BTreeMap::<KeyAction, Vec<Key>>::new());
        for (action, names) in table {
            for name in names {
                let key: Key = name.parse()?;
                if actions.insert(key, action).is_some() {
                    return Err(KeymapError::Twice(key));
                }
                keys.entry(action).or_default().push(key);
            }
        }
        let missing = NEEDED.into_iter().find(|action| !keys.contains_key(action));
        missing.map_or(Ok(Self(actions, keys)), |action| Err(KeymapError::Missing(action)))
    }

    /// The meaning of a key.
    #[must_use]
    pub fn action(&self, key: Key) -> Option<KeyAction> {
        self.0.get(&key).copied()
    }

    /// The first key of an action.
    #[must_use]
    pub fn key(&self, action: KeyAction) -> Option<Key> {
        self.1.get(&action)?.first().copied()
    }

    /// Every key of an action.
    #[must_use]
    pub fn keys(&self, action: KeyAction) -> &[Key] {
        self.1.get(&action).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_built_in_keymaps_are_sound() {
        let default = Keymap::built_in("default").unwrap();
        assert_eq!(default.action(Key::Char('w')), Some(KeyAction::Ahead));
        let ros = Keymap::built_in("ros").unwrap();
        let twist = ["u", "i", "o", "j", "k", "l", "m", ",", "."];
        let leans = twist.map(|key| ros.action(key.parse().unwrap()).unwrap().lean());
        assert_eq!(leans.iter().filter(|lean| lean.is_some()).count(), 8);
        assert_eq!(leans[4], None, "k stops");
        assert_eq!(Keymap::built_in("vi"), None);
    }

    #[test]
    fn a_mistake_in_a_keymap_is_told() {
        for (text, error) in [
            ("ahead = ['up up']", "is no key"),
            ("ahead = [' ']", "space stops"),
            ("quit = ['ctrl-c']", "ctrl-c leaves"),
            ("fly = ['f']", "unknown variant"),
            ("ahead = ['w']\nback = ['w']", "two meanings"),
            ("ahead = ['w']", "no key for Back"),
        ] {
            let told = Keymap::read(text).unwrap_err().to_string();
            assert!(told.contains(error), "{text}: {told}");
        }
    }

    proptest! {
        #[test]
        fn a_key_that_can_be_written_can_be_read(c in any::<char>()) {
            if let Ok(key) = c.to_string().parse::<Key>() {
                prop_assert_eq!(key.to_string().parse::<Key>(), Ok(key));
            }
        }
    }
}
