//! The screen in a terminal: fleet, vehicle, drive pad and stick.
//!
//! Three threads: the operator owns link and sticks, this one turns keys into orders, a third draws. Whatever the terminal
//! does to the third, a key that stops goes from the first byte to the wire past it.

#[cfg(test)]
mod example;
pub mod held_input;
pub mod keymap;
pub mod model;
pub mod palette;
pub mod panels;
mod plain;
mod screen;
mod terminal;
pub mod update;
pub mod view;

pub use keymap::{Keymap, KeymapError};
pub use model::LinkCut;
pub(crate) use terminal::reports_releases;

use crate::cli::FaceArgs;
use crate::clock::Clock;
use crate::exit::{Exit, Fault};
use crate::operator::{Handle, LinkState, Operator, Snapshot, UiCommand};
use crate::options::Options;
use model::{Model, Style};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use screen::{Renderer, Screen};
use std::io::{self, IsTerminal as _, Stdout};
use std::time::Duration;
use terminal::Raw;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use update::{Effect, UiEvent};
use vehicle_protocol::VehicleId;

/// Before the process is suspended, zeros leave for so long.
const ZEROS: Duration = Duration::from_millis(300);
/// The signal that a terminal's Ctrl-Z stands for.
const SUSPEND: i32 = 20;
/// The signal that goes on with a suspended process.
const CONTINUE: i32 = 18;

/// A link that can be cut, and what that did.
#[derive(Debug)]
pub struct LinkSwitch {
    /// Whether it is cut.
    pub switch: watch::Sender<bool>,
    /// Metres that the vehicle that was asked about went since then.
    pub metres: watch::Receiver<Option<f64>>,
}

/// The configuration of a screen.
#[derive(Debug, Default)]
pub struct TuiConfig {
    /// The vehicles to show; none for all that the broker knows of.
    pub vehicles: Vec<VehicleId>,
    /// Lines instead of a screen.
    pub plain: bool,
    /// ASCII only.
    pub ascii: bool,
    /// `default`, `ros`, or a file with a keymap; else what the settings say.
    pub keymap: Option<String>,
    /// A link that can be cut.
    pub link_switch: Option<LinkSwitch>,
    /// The first notice on it.
    pub greeting: Option<String>,
}

impl TuiConfig {
    /// For these vehicles, as the command line says.
    #[must_use]
    pub fn new(vehicles: Vec<VehicleId>, face: FaceArgs) -> Self {
        let FaceArgs { plain, ascii, keymap } = face;
        Self { vehicles, plain, ascii, keymap, ..Self::default() }
    }
}

/// Shows it until somebody leaves.
///
/// # Errors
/// If there is no terminal, or the broker does not let us in.
pub async fn run(options: &Options, config: TuiConfig) -> Result<Exit, Fault> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let step = "without one: control-console watch VEHICLE, send VEHICLE COMMAND, drive VEHICLE --mph 1 --for 2s";
        return Err(Fault::new(Exit::Usage, "this needs a terminal to show and to hear keys", step));
    }
    let keymap = read_keymap(config.keymap.as_deref().unwrap_or(&options.keymap))?;
    let operator = Operator::start(options, &config.vehicles)?;
    let handle = operator.handle();
    let signals = TerminalSignals::listen()?;
    let raw = Raw::open(config.plain).map_err(|error| unusable(&error))?;
    let style = Style {
        ascii: config.ascii,
        colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let clock = handle.clock;
    let screen = if config.plain {
        Screen::start(plain::LineRenderer::default(), clock)
    } else {
        Screen::start(FullScreen::new()?, clock)
    };
    let screen = screen.map_err(|error| unusable(&error))?;
    let mut model = Model::new(keymap, style, size(), clock.now());
    model.selected = config.vehicles.first().cloned();
    model.cut = config.link_switch.as_ref().map(|_| LinkCut::default());
    let remark = handle.snapshot().event_log.front().map(|entry| entry.text.clone());
    model.note = remark.or(config.greeting).map(|text| (clock.now(), text));
    let keys = terminal::read_events().map_err(|error| unusable(&error))?;
    let mut ui = TerminalUi { handle, model, screen, raw, signals, keys, link_switch: config.link_switch };
    let ended = ui.run().await;
    // The stop comes before the terminal: the terminal may be slow.
    let left = operator.close().await;
    drop(ui);
    ended.map(|exit| exit.max(left))
}

fn unusable(error: &io::Error) -> Fault {
    Fault::new(
        Exit::Other,
        format!("the terminal can't be used: {error}"),
        "try another terminal, or watch VEHICLE",
    )
}

fn read_keymap(name: &str) -> Result<Keymap, Fault> {
    if let Some(keymap) = Keymap::built_in(name) {
        return Ok(keymap);
    }
    let wrong = |why: String| {
        let step = "give default, ros, or a file with lines such as ahead = [\"w\", \"up\"]";
        Fault::new(Exit::Usage, format!("keymap {name}: {why}"), step)
    };
    let text = std::fs::read_to_string(name).map_err(|error| wrong(error.to_string()))?;
    Keymap::read(&text).map_err(|error| wrong(error.to_string()))
}

/// Columns and rows; those of old terminals, where nobody says.
pub(crate) fn size() -> (u16, u16) {
    rustix::termios::tcgetwinsize(rustix::stdio::stdout()).map_or((80, 24), |size| (size.ws_col, size.ws_row))
}

struct FullScreen(Terminal<CrosstermBackend<Stdout>>);

impl FullScreen {
    fn new() -> Result<Self, Fault> {
        Terminal::new(CrosstermBackend::new(io::stdout())).map(Self).map_err(|error| unusable(&error))
    }
}

impl Renderer for FullScreen {
    fn show(&mut self, model: &Model, snapshot: &Snapshot, clock: Clock) -> io::Result<()> {
        self.0.draw(|frame| view::draw(frame, model, snapshot, clock.now())).map(|_| ())
    }

    fn invalidate(&mut self) {
        // Not `clear`: that asks where the cursor is, and takes from the keys what it believes to be the answer.
        if let Ok(anew) = Terminal::new(CrosstermBackend::new(io::stdout())) {
            self.0 = anew;
        }
    }
}

/// The signals that mean something to who sits at a terminal; those that end the program go to the operator.
struct TerminalSignals {
    resize: Signal,
    hangup: Signal,
    suspend: Signal,
    continued: Signal,
}

impl TerminalSignals {
    fn listen() -> Result<Self, Fault> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Fault::new(Exit::Other, format!("signals can't be caught: {error}"), "try again")
            })
        };
        Ok(Self {
            resize: listen(SignalKind::window_change())?,
            hangup: listen(SignalKind::hangup())?,
            suspend: listen(SignalKind::from_raw(SUSPEND))?,
            continued: listen(SignalKind::from_raw(CONTINUE))?,
        })
    }
}

struct TerminalUi {
    // Fields are dropped in this order: nothing is drawn any more when the terminal is given back.
    screen: Screen,
    raw: Raw,
    handle: Handle,
    model: Model,
    signals: TerminalSignals,
    keys: mpsc::UnboundedReceiver<UiEvent>,
    link_switch: Option<LinkSwitch>,
}

impl TerminalUi {
    async fn run(&mut self) -> Result<Exit, Fault> {
        loop {
            let now = self.handle.clock.now();
            let (clock, due) = (self.handle.clock, self.model.deadline(now));
            tokio::select! {
                biased;
                event = self.keys.recv() => match event {
                    Some(event) => if self.apply(event).await { return Ok(Exit::Done) },
                    // The terminal is closed.
                    None => return Ok(Exit::Done),
                },
                Some(()) = self.signals.hangup.recv() => return Ok(Exit::Done),
                Some(()) = self.signals.suspend.recv() => {
                    self.send_to_all(UiCommand::Disarm);
                    self.suspend().await;
                }
                Some(()) = self.signals.continued.recv() => self.come_back(),
                Some(()) = self.signals.resize.recv() => {
                    let (columns, rows) = size();
                    if self.apply(UiEvent::Resize(columns, rows)).await { return Ok(Exit::Done) }
                }
                more = self.handle.changed() => {
                    let snapshot = self.handle.snapshot();
                    if !more || snapshot.leaving.is_some() {
                        return Ok(Exit::Done);
                    }
                    if let LinkState::Barred(fault) = &snapshot.link {
                        return Err(fault.clone());
                    }
                    if self.model.wants_stop {
                        let _ = self.apply(UiEvent::Tick).await;
                    } else {
                        self.show();
                    }
                }
                error = self.screen.ended() => return Err(unusable(&error)),
                () = clock.reach(Some(due)) => if self.apply(UiEvent::Tick).await { return Ok(Exit::Done) },
            }
        }
    }

    /// Takes an event; tells whether it was the last one.
    async fn apply(&mut self, event: UiEvent) -> bool {
        let (now, snapshot) = (self.handle.clock.now(), self.handle.snapshot());
        let effects = self.model.update(now, &snapshot, event);
        let mut suspends = false;
        for effect in effects {
            match effect {
                Effect::UiCommand(order) => self.handle.order(order),
                Effect::Probe => self.screen.probe(),
                Effect::Cut => {
                    if let Some(link_switch) = &self.link_switch {
                        link_switch.switch.send_modify(|cut| *cut = !*cut);
                    }
                }
                Effect::Suspend => suspends = true,
                Effect::Quit => return true,
            }
        }
        if suspends {
            self.suspend().await;
        }
        if event != UiEvent::Alive {
            self.show();
        }
        false
    }

    fn show(&mut self) {
        if let Some(link_switch) = &self.link_switch {
            let (is_cut, metres) = (*link_switch.switch.borrow(), *link_switch.metres.borrow());
            self.model.cut = Some(LinkCut { is_cut, metres });
        }
        let snapshot = self.handle.snapshot();
        self.model.choose(&snapshot);
        self.screen.show(&self.model, &snapshot);
    }

    fn send_to_all(&self, make: impl Fn(VehicleId) -> UiCommand) {
        for id in self.handle.snapshot().vehicles.keys() {
            self.handle.order(make(id.clone()));
        }
    }

    /// The vehicle stops, then this process is suspended as if it had not caught the signal; [`Self::come_back`] ends it.
    async fn suspend(&mut self) {
        let until = self.handle.clock.now().saturating_add(ZEROS);
        self.handle.clock.reach(Some(until)).await;
        self.screen.pause();
        terminal::restore();
        // SIGSTOP can't be caught; the shell sees what it would see of SIGTSTP. What goes on after it is SIGCONT's.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
    }

    fn come_back(&mut self) {
        self.send_to_all(UiCommand::Disarm);
        self.screen.pause();
        // A terminal that can't be taken again is noticed where it is read.
        let _ = self.raw.reenter();
        let now = self.handle.clock.now();
        (self.model.focused, self.model.size) = (true, size());
        self.model.held.let_go(now);
        self.model.note = Some((now, "Resumed: not armed".to_owned()));
        self.screen.resume();
        self.show();
    }
}
