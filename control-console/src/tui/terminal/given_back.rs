//! The terminal is given back whatever goes wrong: the real one of a process of its own.

use super::*;
use crate::cli::Global;
use crate::clock::Clock;
use crate::operator::Snapshot;
use crate::options::Options;
use crate::tui::keymap::Keymap;
use crate::tui::model::{Model, Style};
use crate::tui::screen::{Renderer, Screen};
use crate::tui::{self, TuiConfig};
use std::process::Command;
use std::sync::Arc;
use system_tests::process::Signal;
use system_tests::terminal::{Kind, SHOWN, Terminal};
use system_tests::wait::until;
use tokio::signal::unix::{SignalKind, signal};

/// Which of the ends the process is to take that the test starts.
const WAY: &str = "WAY_OUT";
const SIZE: (u16, u16) = (100, 28);

/// A face that can't be drawn.
struct Broken(fn() -> io::Result<()>);

impl Renderer for Broken {
    fn show(&mut self, _: &Model, _: &Snapshot, _: Clock) -> io::Result<()> {
        (self.0)()
    }

    fn invalidate(&mut self) {}
}

/// What the test says once it has seen that the terminal is taken: what is not read by then gets lost on the way out.
fn seen() -> impl Future<Output = ()> {
    let mut signals = signal(SignalKind::user_defined1()).unwrap();
    async move { signals.recv().await.unwrap() }
}

/// Draws once with a face that fails, and waits until somebody says so.
async fn draw(fails: fn() -> io::Result<()>) {
    let seen = seen();
    let raw = Raw::open(false).unwrap();
    seen.await;
    let clock = Clock::start();
    let mut screen = Screen::start(Broken(fails), clock).unwrap();
    let keymap = Keymap::built_in("default").unwrap();
    let model = Model::new(keymap, Style { ascii: true, colour: true }, SIZE, clock.now());
    screen.show(&model, &Arc::new(Snapshot::default()));
    let error = screen.ended().await;
    drop(raw);
    println!("ended: {error}");
}

/// The whole screen, of a broker that is not there; then something happens.
async fn whole(then: fn()) {
    let seen = seen();
    let global =
        Global { broker: Some("mqtt://127.0.0.1:1".to_owned()), unsigned: true, ..Global::default() };
    let options = Options::resolve(&global).unwrap();
    let config = TuiConfig { vehicles: vec!["rover-1".parse().unwrap()], ..TuiConfig::default() };
    tokio::select! {
        ended = tui::run(&options, config) => println!("ended: {ended:?}"),
        () = async { seen.await; then() } => {}
    }
}

/// The process that the test starts in a terminal.
#[test]
#[ignore = "the other test runs it in a terminal"]
fn in_a_terminal() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match std::env::var(WAY).unwrap_or_default().as_str() {
        "the screen's task panics" => runtime.block_on(whole(|| panic!("on purpose"))),
        "the screen is dropped" => {
            runtime.block_on(whole(|| {}));
            println!("on purpose");
        }
        "the drawing thread panics" => runtime.block_on(draw(|| panic!("on purpose"))),
        "the drawing thread fails" => runtime.block_on(draw(|| Err(io::Error::other("on purpose")))),
        _ => {}
    }
}

#[tokio::test]
async fn a_terminal_is_as_it_was_after_every_panic_and_error_and_what_was_wrong_can_be_read() {
    for (way, first) in [
        ("the screen's task panics", "? help"),
        ("the screen is dropped", "? help"),
        ("the drawing thread panics", ""),
        ("the drawing thread fails", ""),
    ] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--nocapture", "--exact", "tui::terminal::given_back::in_a_terminal"]);
        // The whole of what it says has to fit on the screen.
        command.env(WAY, way).env("RUST_BACKTRACE", "0");
        let mut terminal = Terminal::start(&command, Kind::Kitty, SIZE).unwrap();
        let taken = || anyhow::Ok(terminal.shown().contains("\u{1b}[?1049h").then_some(()));
        until("the terminal to be taken", SHOWN, taken).await.unwrap();
        // Half a picture would go on where the shell is.
        terminal.shows(first).await.unwrap();
        terminal.signal(Signal::USR1).unwrap();
        until(way, SHOWN, || terminal.ended()).await.unwrap();
        terminal.shows("on purpose").await.unwrap();
        assert_eq!(terminal.leftovers().unwrap(), [""; 0], "{way}");
    }
}
