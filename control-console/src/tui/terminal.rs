//! The terminal: taken, listened to, and given back on every way out.

#[cfg(test)]
mod given_back;

use super::keymap::Key;
use super::update::{Click, Event, Stroke};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use std::io;
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use termina::escape::csi::{Csi, Keyboard};
use termina::event::{KeyCode, KeyEvent, KeyEventKind, Modifiers, MouseButton, MouseEventKind};
use termina::{Event as VerifiedAnswer, Parser};
use tokio::sync::mpsc;

/// Alternate screen, empty, hidden cursor.
const SCREEN: &str = "\u{1b}[?1049h\u{1b}[2J\u{1b}[?25l";
/// Mouse buttons and drags in SGR form, focus; key presses, repeats and releases of all keys where that is known.
const INPUT: &str = "\u{1b}[?1000h\u{1b}[?1002h\u{1b}[?1006h\u{1b}[?1004h\u{1b}[>15u";
/// Focus and key releases only: a line mode takes no mouse from who selects text.
const PLAIN_INPUT: &str = "\u{1b}[?1004h\u{1b}[>15u";
/// Which keys are told of, then what it is: the second is answered by every terminal, and ends the wait for the first.
const QUESTIONS: &str = "\u{1b}[?u\u{1b}[c";
/// A question that every terminal answers.
pub(super) const PROBE: &str = "\u{1b}[c";
/// Everything back, in reverse.
const BACK: &str = "\u{1b}[<u\u{1b}[?1004l\u{1b}[?1006l\u{1b}[?1002l\u{1b}[?1000l\u{1b}[?25h\u{1b}[?1049l";
const PLAIN_BACK: &str = "\u{1b}[<u\u{1b}[?1004l";
/// So long after an escape its sequence may go on.
const SEQUENCE_MS: i64 = 20;
/// How long a terminal may take to answer; one that is far away takes a while.
const ANSWER_MS: i64 = 900;
/// How long a terminal that takes nothing is waited for on the way out.
const UNWILLING_MS: i64 = 300;

struct Taken {
    settings: Termios,
    back: &'static str,
}

static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// What a terminal is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Screen,
    Lines,
    Questions,
}

impl Use {
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

/// A terminal in raw mode; it is given back when this is dropped, and when the program panics.
#[derive(Debug)]
pub(super) struct Raw {
    kind: Use,
}

impl Raw {
    /// Takes the terminal, and asks it what it can.
    pub(super) fn take(plain: bool) -> io::Result<Self> {
        Self::take_for(if plain { Use::Lines } else { Use::Screen })
    }

    fn take_for(kind: Use) -> io::Result<Self> {
        HOOK.call_once(|| {
            let told = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                told(panic);
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
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(Taken { settings, back });
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &made_raw)?;
        let [screen, input] = self.kind.begin();
        write(&format!("{screen}{input}{QUESTIONS}"));
        Ok(())
    }

    /// Takes it again after [`give_back`].
    pub(super) fn take_again(&self) -> io::Result<()> {
        give_back();
        self.enter()
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back as it was found; does nothing the second time.
pub(super) fn give_back() {
    let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(Taken { settings, back }) = taken {
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

/// What the terminal sends; it closes when the terminal does.
pub(super) fn listen() -> io::Result<mpsc::UnboundedReceiver<Event>> {
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
            let mut open = events.send(Event::Alive).is_ok();
            open &= pass_on(&mut parser, &events);
            if !goes_on() {
                parser.parse(&[], false);
                open &= pass_on(&mut parser, &events);
            }
            if !open {
                return;
            }
        }
    })?;
    Ok(inbox)
}

/// Whether more comes at once, as the rest of a sequence does.
fn goes_on() -> bool {
    comes_within(SEQUENCE_MS)
}

fn comes_within(milliseconds: i64) -> bool {
    let patience = Timespec { tv_sec: 0, tv_nsec: milliseconds.saturating_mul(1_000_000) };
    let stdin = rustix::stdio::stdin();
    let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
    matches!(poll(&mut ready, Some(&patience)), Ok(1..))
}

/// Asks the terminal whether it tells of released keys; nothing if it answers no question within its time.
///
/// # Errors
/// If it can't be used.
pub(crate) fn tells_releases() -> io::Result<Option<bool>> {
    let _raw = Raw::take_for(Use::Questions)?;
    let (mut parser, mut bytes, mut tells) = (Parser::default(), [0; 1024], false);
    while comes_within(ANSWER_MS) {
        let read = rustix::io::read(rustix::stdio::stdin(), &mut bytes)?;
        if read == 0 {
            break;
        }
        parser.parse(bytes.get(..read).unwrap_or_default(), true);
        while let Some(heard) = parser.pop() {
            tells |= told(&heard) == Some(Event::TellsReleases);
            if matches!(heard, VerifiedAnswer::Csi(Csi::Device(_))) {
                return Ok(Some(tells));
            }
        }
    }
    Ok(None)
}

fn pass_on(parser: &mut Parser, events: &mpsc::UnboundedSender<Event>) -> bool {
    while let Some(heard) = parser.pop() {
        if let Some(event) = told(&heard)
            && events.send(event).is_err()
        {
            return false;
        }
    }
    true
}

/// What an event of the terminal means here.
#[expect(clippy::wildcard_enum_match_arm, reason = "the rest means nothing here")]
fn told(heard: &VerifiedAnswer) -> Option<Event> {
    match heard {
        VerifiedAnswer::Key(key) => Some(stroke(*key)),
        VerifiedAnswer::Mouse(mouse) => {
            let click = match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => Click::Down,
                MouseEventKind::Drag(MouseButton::Left) => Click::Drag,
                MouseEventKind::Up(MouseButton::Left) => Click::Up,
                _ => return None,
            };
            Some(Event::Mouse(click, mouse.column, mouse.row))
        }
        VerifiedAnswer::FocusIn => Some(Event::Focus(true)),
        VerifiedAnswer::FocusOut => Some(Event::Focus(false)),
        VerifiedAnswer::Csi(Csi::Keyboard(Keyboard::ReportFlags(_))) => Some(Event::TellsReleases),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "keys without a meaning all do the same")]
fn stroke(key: KeyEvent) -> Event {
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
        KeyEventKind::Press => Stroke::Press,
        KeyEventKind::Repeat => Stroke::Repeat,
        KeyEventKind::Release => Stroke::Release,
    };
    Event::Key(name, stroke)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(bytes: &[u8]) -> Vec<Event> {
        let mut parser = Parser::default();
        parser.parse(bytes, true);
        parser.parse(&[], false);
        std::iter::from_fn(|| parser.pop()).filter_map(|heard| told(&heard)).collect()
    }

    #[test]
    fn what_terminals_send_is_understood() {
        for (bytes, event) in [
            (&b"w"[..], Event::Key(Key::Char('w'), Stroke::Press)),
            (b"\x1b[119;1:1u", Event::Key(Key::Char('w'), Stroke::Press)),
            (b"\x1b[119;1:2u", Event::Key(Key::Char('w'), Stroke::Repeat)),
            (b"\x1b[119;1:3u", Event::Key(Key::Char('w'), Stroke::Release)),
            (b"\x1b[47:63;2u", Event::Key(Key::Char('?'), Stroke::Press)),
            (b"\x1b[32u", Event::Key(Key::Char(' '), Stroke::Press)),
            (b" ", Event::Key(Key::Char(' '), Stroke::Press)),
            (b"\x1b[99;5u", Event::Key(Key::Ctrl('c'), Stroke::Press)),
            (b"\x03", Event::Key(Key::Ctrl('c'), Stroke::Press)),
            (b"\x1a", Event::Key(Key::Ctrl('z'), Stroke::Press)),
            (b"\r", Event::Key(Key::Enter, Stroke::Press)),
            (b"\x1b[13u", Event::Key(Key::Enter, Stroke::Press)),
            (b"\x1b", Event::Key(Key::Escape, Stroke::Press)),
            (b"\x1b[A", Event::Key(Key::Up, Stroke::Press)),
            (b"\x1b[1;1:3A", Event::Key(Key::Up, Stroke::Release)),
            (b"\x1b[Z", Event::Key(Key::BackTab, Stroke::Press)),
            (b"\x1b[I", Event::Focus(true)),
            (b"\x1b[O", Event::Focus(false)),
            (b"\x1b[<0;5;7M", Event::Mouse(Click::Down, 4, 6)),
            (b"\x1b[<32;6;7M", Event::Mouse(Click::Drag, 5, 6)),
            (b"\x1b[<0;6;7m", Event::Mouse(Click::Up, 5, 6)),
            (b"\x1b[?0u", Event::TellsReleases),
        ] {
            assert_eq!(heard(bytes), [event], "{}", String::from_utf8_lossy(bytes).escape_debug());
        }
    }

    #[test]
    fn a_key_without_a_name_is_one_that_stops_and_replies_are_no_keys() {
        assert_eq!(heard(b"\x1b[15~"), [Event::Key(Key::Other, Stroke::Press)]);
        assert_eq!(heard(b"\x1b[?62;22c"), []);
    }
}
