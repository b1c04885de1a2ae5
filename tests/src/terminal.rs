//! A terminal that a program believes to be real: a pseudo-terminal, and somebody who types.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

/// What a terminal can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It knows the kitty keyboard protocol: releases are told.
    Kitty,
    /// It knows nothing of it.
    Old,
}

/// How soon a terminal that is closed is closed for the thread that reads, too.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// What is shared with the thread that reads.
#[derive(Debug, Default)]
struct Shown {
    bytes: Vec<u8>,
    /// Whether nothing is taken from the program any more.
    is_stuck: bool,
    /// Whether questions stay without an answer.
    is_mute: bool,
    is_closed: bool,
}

/// A program in a terminal of its own; killed when dropped.
#[derive(Debug)]
pub struct Terminal {
    master: Option<File>,
    child: Child,
    shown: Arc<(Mutex<Shown>, Condvar)>,
}

impl Terminal {
    /// Starts a program in a terminal with so many columns and rows, which controls it.
    ///
    /// # Errors
    ///
    /// When there is no pseudo-terminal, or the program can't be started.
    pub fn start(program: &Command, kind: Kind, size: (u16, u16)) -> Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let slave = File::options().read(true).write(true).open(name.to_str()?)?;
        resize(&master, size)?;
        // It makes the terminal the program's own, and becomes the program.
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            value.map(|value| command.env(name, value));
        }
        command.env("TERM", "xterm-256color").env_remove("TMUX").env_remove("NO_COLOR");
        command.stdin(slave.try_clone()?).stdout(slave.try_clone()?).stderr(slave);
        let child = command.spawn().context("cannot start setsid")?;
        let shown = Arc::new((Mutex::default(), Condvar::new()));
        let master = File::from(master);
        read(master.try_clone()?, kind, Arc::clone(&shown));
        Ok(Self { master: Some(master), child, shown })
    }

    /// Sends what the terminal would send.
    ///
    /// # Errors
    ///
    /// When the terminal is closed.
    pub fn send(&self, text: &str) -> Result<()> {
        let mut master = self.master.as_ref().context("the terminal is closed")?;
        Ok(master.write_all(text.as_bytes())?)
    }

    /// Presses a key of a terminal that tells of releases.
    ///
    /// # Errors
    ///
    /// When the terminal is closed.
    pub fn press(&self, key: char) -> Result<()> {
        self.send(&format!("\u{1b}[{};1:1u", u32::from(key)))
    }

    /// Releases it.
    ///
    /// # Errors
    ///
    /// When the terminal is closed.
    pub fn release(&self, key: char) -> Result<()> {
        self.send(&format!("\u{1b}[{};1:3u", u32::from(key)))
    }

    /// Changes the size.
    ///
    /// # Errors
    ///
    /// When the terminal is closed.
    pub fn resize(&self, size: (u16, u16)) -> Result<()> {
        let master = self.master.as_ref().context("the terminal is closed")?;
        resize(master, size)
    }

    /// Takes nothing from the program any more, as a terminal that hangs; or takes it again.
    pub fn be_stuck(&self, is_stuck: bool) {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).is_stuck = is_stuck;
        self.shown.1.notify_all();
    }

    /// Answers no question any more, as a terminal behind a line that is gone.
    pub fn be_mute(&self) {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).is_mute = true;
    }

    /// Everything that it was sent to show, as text with its escape sequences.
    #[must_use]
    pub fn shown(&self) -> String {
        let shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&shown.bytes).into_owned()
    }

    /// Closes the terminal, as who closes its window.
    pub fn close(&mut self) {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
        self.be_stuck(false);
        self.master = None;
    }

    /// Whether lines are edited and keys shown again, as a shell wants it.
    ///
    /// # Errors
    ///
    /// When the terminal is closed.
    pub fn is_cooked(&self) -> Result<bool> {
        let settings = tcgetattr(self.master.as_ref().context("the terminal is closed")?)?;
        Ok(settings
            .local_modes
            .contains(rustix::termios::LocalModes::ICANON | rustix::termios::LocalModes::ECHO))
    }

    /// How the program ended, if it has.
    ///
    /// # Errors
    ///
    /// When the system does not know the process.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends the program a signal.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("process id")?;
        Ok(kill_process(id, signal)?)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- the terminal was sent:\n{}", self.shown().replace('\u{1b}', "^["));
        }
        self.close();
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn resize(master: &(impl std::os::fd::AsFd + ?Sized), (columns, rows): (u16, u16)) -> Result<()> {
    let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
    Ok(tcsetwinsize(master, size)?)
}

/// Takes what the program shows, and answers what it asks.
fn read(mut master: File, kind: Kind, shown: Arc<(Mutex<Shown>, Condvar)>) {
    // Ends when the terminal is closed on both sides.
    thread::spawn(move || {
        let (lock, bell) = &*shown;
        let mut bytes = [0; 4096];
        loop {
            let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
            drop(bell.wait_while(guard, |shown| shown.is_stuck).unwrap_or_else(PoisonError::into_inner));
            if lock.lock().unwrap_or_else(PoisonError::into_inner).is_closed {
                return;
            }
            let mut ready = [PollFd::new(&master, PollFlags::IN)];
            if !matches!(poll(&mut ready, Some(&LOOK)), Ok(1..)) {
                continue;
            }
            let Ok(read) = master.read(&mut bytes) else { return };
            let new = bytes.get(..read).unwrap_or_default();
            let text = String::from_utf8_lossy(new);
            let mut shown = lock.lock().unwrap_or_else(PoisonError::into_inner);
            shown.bytes.extend_from_slice(new);
            let mut answer = String::new();
            if kind == Kind::Kitty && text.contains("\u{1b}[?u") {
                answer.push_str("\u{1b}[?0u");
            }
            if text.contains("\u{1b}[c") {
                answer.push_str("\u{1b}[?62;22c");
            }
            let is_mute = shown.is_mute;
            drop(shown);
            if read == 0 || (!is_mute && master.write_all(answer.as_bytes()).is_err()) {
                return;
            }
        }
    });
}
