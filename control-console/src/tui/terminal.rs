//! The terminal: put into raw mode, read, and restored on every way out.

#[cfg(test)]
mod given_back;

use super::keymap::Key;
use super::update::{KeyStroke, MouseAction, UiEvent};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use std::io;
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use termina::escape::csi::{Csi, Keyboard};
use termina::event::{KeyCode, KeyEvent, KeyEventKind, Modifiers, MouseButton, MouseEventKind};
use termina::{Event as TerminalEvent, Parser};
use tokio::sync::mpsc;

/// Alternate screen, empty, hidden cursor.
const SCREEN: &str = "\u{1b}[?1049h\u{1b}[2J\u{1b}[?25l";
/// Mouse buttons and drags in SGR form, focus; key presses, repeats and releases of all keys where that is known.
const INPUT: &str = "\u{1b}[?1000h\u{1b}[?1002h\u{1b}[?1006h\u{1b}[?1004h\u{1b}[>15u";
/// Focus and key releases only: a line mode takes no mouse from who selects text.
const PLAIN_INPUT: &str = "\u{1b}[?1004h\u{1b}[>15u";
/// Asks which keys are reported (kitty's protocol), then for device attributes (DA1). Every terminal answers the second, which
/// ends the wait for the first.
const QUESTIONS: &str = "\u{1b}[?u\u{1b}[c";
/// DA1: a question that every terminal answers.
pub(super) const PROBE: &str = "\u{1b}[c";
/// Everything back, in reverse.
const BACK: &str = "\u{1b}[<u\u{1b}[?1004l\u{1b}[?1006l\u{1b}[?1002l\u{1b}[?1000l\u{1b}[?25h\u{1b}[?1049l";
const PLAIN_BACK: &str = "\u{1b}[<u\u{1b}[?1004l";
/// Bytes that follow an escape within this time belong to its sequence.
const SEQUENCE_MS: i64 = 20;
/// The time in which a terminal has to answer; behind a slow SSH connection it takes a while.
const ANSWER_MS: i64 = 900;
/// The time that a terminal gets on the way out if it accepts nothing, as after Ctrl-S.
const UNWILLING_MS: i64 = 300;

struct SavedTerminal {
    settings: Termios,
    back: &'static str,
}

static SAVED: Mutex<Option<SavedTerminal>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// The use of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TerminalMode {
    Screen,
    Lines,
    Questions,
}

impl TerminalMode {
    const fn begin(self) -> [&'static str; 2] {
        match self {
            Self::Screen => [SCREEN, INPUT],
            Self::Lines => ["", PLAIN_INPUT],
            Self::Questions => ["", ""],
        }
    }

    const fn back(self) -> &'static str {
        match self {
            Self::Screen => BACK,
            Self::Lines => PLAIN_BACK,
            Self::Questions => "",
        }
    }
}

/// A terminal in raw mode; it is restored when this is dropped, and when the program panics.
#[derive(Debug)]
pub(super) struct Raw {
    kind: TerminalMode,
}

impl Raw {
    /// Puts the terminal into raw mode, and asks for its abilities.
    pub(super) fn open(plain: bool) -> io::Result<Self> {
        Self::open_for(if plain { TerminalMode::Lines } else { TerminalMode::Screen })
    }

    fn open_for(kind: TerminalMode) -> io::Result<Self> {
        HOOK.call_once(|| {
            let previous = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                previous(panic);
            }));
        });
        let raw = Self { kind };
        raw.enter()?;
        Ok(raw)
    }

    fn enter(&self) -> io::Result<()> {
        let settings = tcgetattr(rustix::stdio::stdin())?;
        let mut made_raw = settings.clone();
        made_raw.make_raw();
        let back = self.kind.back();
        *SAVED.lock().unwrap_or_else(PoisonError::into_inner) = Some(SavedTerminal { settings, back });
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &made_raw)?;
        let [screen, input] = self.kind.begin();
        write(&format!("{screen}{input}{QUESTIONS}"));
        Ok(())
    }

    /// Puts it into raw mode again after [`restore`].
    pub(super) fn reenter(&self) -> io::Result<()> {
        restore();
        self.enter()
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores the terminal as it was found; does nothing the second time.
pub(super) fn restore() {
    let taken = SAVED.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(SavedTerminal { settings, back }) = taken {
        // What a slow terminal has not shown by now need not be waited for.
        let _ = tcflush(rustix::stdio::stdout(), QueueSelector::OFlush);
        write(back);
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &settings);
    }
}

/// Writes past the lock of standard output, which a drawing thread may hold; gives up on a terminal that takes nothing.
fn write(text: &str) {
    let mut rest = text.as_bytes();
    let patience = Timespec { tv_sec: 0, tv_nsec: UNWILLING_MS.saturating_mul(1_000_000) };
    while !rest.is_empty() {
        let stdout = rustix::stdio::stdout();
        let mut ready = [PollFd::new(&stdout, PollFlags::OUT)];
        if !matches!(poll(&mut ready, Some(&patience)), Ok(1..)) {
            return;
        }
        match rustix::io::write(stdout, rest) {
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

/// Starts to read the events of the terminal; the channel closes when the terminal does.
pub(super) fn read_events() -> io::Result<mpsc::UnboundedReceiver<UiEvent>> {
    let (events, inbox) = mpsc::unbounded_channel();
    // Ends with the process: a thread that waits for a key can't be called back.
    thread::Builder::new().name("keys".to_owned()).spawn(move || {
        let mut parser = Parser::default();
        let mut bytes = [0; 1024];
        loop {
            let read = match rustix::io::read(rustix::stdio::stdin(), &mut bytes) {
                Ok(0) => return,
                Ok(read) => bytes.get(..read).unwrap_or_default(),
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return,
            };
            parser.parse(read, true);
            let mut open = events.send(UiEvent::Alive).is_ok();
            open &= forward(&mut parser, &events);
            if !more_follows() {
                parser.parse(&[], false);
                open &= forward(&mut parser, &events);
            }
            if !open {
                return;
            }
        }
    })?;
    Ok(inbox)
}

/// Tells that more comes at once, as the rest of a sequence does.
fn more_follows() -> bool {
    comes_within(SEQUENCE_MS)
}

fn comes_within(milliseconds: i64) -> bool {
    let patience = Timespec { tv_sec: 0, tv_nsec: milliseconds.saturating_mul(1_000_000) };
    let stdin = rustix::stdio::stdin();
    let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
    matches!(poll(&mut ready, Some(&patience)), Ok(1..))
}

/// Asks the terminal whether it reports released keys; none if it answers no question in time.
///
/// # Errors
/// If it can't be used.
pub(crate) fn reports_releases() -> io::Result<Option<bool>> {
    let _raw = Raw::open_for(TerminalMode::Questions)?;
    let (mut parser, mut bytes, mut tells) = (Parser::default(), [0; 1024], false);
    while comes_within(ANSWER_MS) {
        let read = rustix::io::read(rustix::stdio::stdin(), &mut bytes)?;
        if read == 0 {
            break;
        }
        parser.parse(bytes.get(..read).unwrap_or_default(), true);
        while let Some(heard) = parser.pop() {
            tells |= translate(&heard) == Some(UiEvent::ReportsReleases);
            if matches!(heard, TerminalEvent::Csi(Csi::Device(_))) {
                return Ok(Some(tells));
            }
        }
    }
    Ok(None)
}

fn forward(parser: &mut Parser, events: &mpsc::UnboundedSender<UiEvent>) -> bool {
    while let Some(heard) = parser.pop() {
        if let Some(event) = translate(&heard)
            && events.send(event).is_err()
        {
            return false;
        }
    }
    true
}

/// Translates an event of the terminal.
#[expect(clippy::wildcard_enum_match_arm, reason = "the rest means nothing here")]
fn translate(heard: &TerminalEvent) -> Option<UiEvent> {
    match heard {
        TerminalEvent::Key(key) => Some(key_event(*key)),
        TerminalEvent::Mouse(mouse) => {
            let click = match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => MouseAction::Down,
                MouseEventKind::Drag(MouseButton::Left) => MouseAction::Drag,
                MouseEventKind::Up(MouseButton::Left) => MouseAction::Up,
                _ => return None,
            };
            Some(UiEvent::Mouse(click, mouse.column, mouse.row))
        }
        TerminalEvent::FocusIn => Some(UiEvent::Focus(true)),
        TerminalEvent::FocusOut => Some(UiEvent::Focus(false)),
        TerminalEvent::Csi(Csi::Keyboard(Keyboard::ReportFlags(_))) => Some(UiEvent::ReportsReleases),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "keys without a meaning all do the same")]
fn key_event(key: KeyEvent) -> UiEvent {
    let control = key.modifiers.contains(Modifiers::CONTROL);
    let name = match key.code {
        KeyCode::Char(c) if control => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Enter => Key::Enter,
        KeyCode::Escape => Key::Escape,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Tab if key.modifiers.contains(Modifiers::SHIFT) => Key::BackTab,
        KeyCode::Tab => Key::Tab,
        KeyCode::Backspace => Key::Backspace,
        _ => Key::Other,
    };
    let stroke = match key.kind {
        KeyEventKind::Press => KeyStroke::Press,
        KeyEventKind::Repeat => KeyStroke::Repeat,
        KeyEventKind::Release => KeyStroke::Release,
    };
    UiEvent::Key(name, stroke)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(bytes: &[u8]) -> Vec<UiEvent> {
        let mut parser = Parser::default();
        parser.parse(bytes, true);
        parser.parse(&[], false);
        std::iter::from_fn(|| parser.pop()).filter_map(|heard| translate(&heard)).collect()
    }

    #[test]
    fn what_terminals_send_is_understood() {
        for (bytes, event) in [
            (&b"w"[..], UiEvent::Key(Key::Char('w'), KeyStroke::Press)),
            (b"\x1b[119;1:1u", UiEvent::Key(Key::Char('w'), KeyStroke::Press)),
            (b"\x1b[119;1:2u", UiEvent::Key(Key::Char('w'), KeyStroke::Repeat)),
            (b"\x1b[119;1:3u", UiEvent::Key(Key::Char('w'), KeyStroke::Release)),
            (b"\x1b[47:63;2u", UiEvent::Key(Key::Char('?'), KeyStroke::Press)),
            (b"\x1b[32u", UiEvent::Key(Key::Char(' '), KeyStroke::Press)),
            (b" ", UiEvent::Key(Key::Char(' '), KeyStroke::Press)),
            (b"\x1b[99;5u", UiEvent::Key(Key::Ctrl('c'), KeyStroke::Press)),
            (b"\x03", UiEvent::Key(Key::Ctrl('c'), KeyStroke::Press)),
            (b"\x1a", UiEvent::Key(Key::Ctrl('z'), KeyStroke::Press)),
            (b"\r", UiEvent::Key(Key::Enter, KeyStroke::Press)),
            (b"\x1b[13u", UiEvent::Key(Key::Enter, KeyStroke::Press)),
            (b"\x1b", UiEvent::Key(Key::Escape, KeyStroke::Press)),
            (b"\x1b[A", UiEvent::Key(Key::Up, KeyStroke::Press)),
            (b"\x1b[1;1:3A", UiEvent::Key(Key::Up, KeyStroke::Release)),
            (b"\x1b[Z", UiEvent::Key(Key::BackTab, KeyStroke::Press)),
            (b"\x1b[I", UiEvent::Focus(true)),
            (b"\x1b[O", UiEvent::Focus(false)),
            (b"\x1b[<0;5;7M", UiEvent::Mouse(MouseAction::Down, 4, 6)),
            (b"\x1b[<32;6;7M", UiEvent::Mouse(MouseAction::Drag, 5, 6)),
            (b"\x1b[<0;6;7m", UiEvent::Mouse(MouseAction::Up, 5, 6)),
            (b"\x1b[?0u", UiEvent::ReportsReleases),
        ] {
            assert_eq!(translated(bytes), [event], "{}", String::from_utf8_lossy(bytes).escape_debug());
        }
    }

    #[test]
    fn a_key_without_a_name_is_one_that_stops_and_replies_are_no_keys() {
        assert_eq!(translated(b"\x1b[15~"), [UiEvent::Key(Key::Other, KeyStroke::Press)]);
        assert_eq!(translated(b"\x1b[?62;22c"), []);
    }
}
