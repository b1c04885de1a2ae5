//! What a terminal makes of the bytes that it is sent: cells, modes, and answers to questions.

use std::fmt;

use vt100::{Callbacks, MouseProtocolMode, Parser, Screen};

use super::Kind;

/// The state of a terminal.
pub(super) struct Glass {
    parser: Parser<Beyond>,
    sent: Vec<u8>,
}

/// What the emulation leaves to others.
struct Beyond {
    kind: Kind,
    answers: String,
    /// How often the keyboard protocol was changed and not changed back.
    keyboards: u32,
    tells_focus: bool,
}

impl Glass {
    pub(super) fn new(kind: Kind, (columns, rows): (u16, u16)) -> Self {
        let beyond = Beyond { kind, answers: String::new(), keyboards: 0, tells_focus: false };
        Self { parser: Parser::new_with_callbacks(rows, columns, 0, beyond), sent: Vec::new() }
    }

    /// Takes what was sent, and gives what the terminal answers to it.
    pub(super) fn take(&mut self, bytes: &[u8]) -> String {
        self.sent.extend_from_slice(bytes);
        self.parser.process(bytes);
        std::mem::take(&mut self.parser.callbacks_mut().answers)
    }

    pub(super) fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.parser.screen_mut().set_size(rows, columns);
    }

    pub(super) fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.sent).into_owned()
    }

    /// Modes that a shell does not expect.
    pub(super) fn leftovers(&self) -> Vec<&'static str> {
        let (screen, beyond) = (self.parser.screen(), self.parser.callbacks());
        [
            (screen.alternate_screen(), "the other screen"),
            (screen.hide_cursor(), "a hidden cursor"),
            (screen.mouse_protocol_mode() != MouseProtocolMode::None, "the mouse taken"),
            (beyond.tells_focus, "focus told"),
            (beyond.keyboards > 0, "another keyboard protocol"),
        ]
        .into_iter()
        .filter_map(|(is_left, what)| is_left.then_some(what))
        .collect()
    }
}

impl fmt::Debug for Glass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.screen())
    }
}

impl Callbacks for Beyond {
    fn unhandled_csi(
        &mut self,
        _screen: &mut Screen,
        first: Option<u8>,
        _second: Option<u8>,
        parameters: &[&[u16]],
        last: char,
    ) {
        let knows_releases = self.kind == Kind::Kitty;
        match (first, last) {
            (Some(b'?'), 'u') if knows_releases => self.answers.push_str("\u{1b}[?0u"),
            (None, 'c') => self.answers.push_str("\u{1b}[?62;22c"),
            (Some(b'>'), 'u') => self.keyboards = self.keyboards.saturating_add(1),
            (Some(b'<'), 'u') => self.keyboards = self.keyboards.saturating_sub(1),
            (Some(b'?'), 'h' | 'l') if parameters.contains(&[1004].as_slice()) => {
                self.tells_focus = last == 'h';
            }
            _ => {}
        }
    }
}
