//! A terminal that a program believes to be real: a pseudo-terminal, its picture, and somebody who types.

mod glass;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::wait::until;
use glass::Glass;

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
/// A terminal on a slow line takes some bytes each time this has passed.
const TURN: Duration = Duration::from_millis(20);
/// The limit for what a screen shows within a second on an idle machine.
pub const SHOWN: Duration = Duration::from_secs(30);

/// What is shared with the thread that reads.
#[derive(Debug)]
struct Shared {
    glass: Glass,
    /// Bytes that are taken from the program at each turn; all that there are, if there is no such limit.
    pace: Option<usize>,
    /// Whether questions stay without an answer.
    is_mute: bool,
    is_closed: bool,
}

type Slot = Arc<(Mutex<Shared>, Condvar)>;

/// A program in a terminal of its own; killed when dropped.
#[derive(Debug)]
pub struct Terminal {
    master: Option<File>,
    child: Child,
    shared: Slot,
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
        set_size(&master, size)?;
        // It makes the terminal the program's own, and becomes the program.
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            value.map(|value| command.env(name, value));
        }
        command.env("TERM", "xterm-256color").env_remove("TMUX").env_remove("NO_COLOR");
        command.stdin(slave.try_clone()?).stdout(slave.try_clone()?).stderr(slave);
        let child = command.spawn().context("cannot start setsid")?;
        let shared = Shared { glass: Glass::new(kind, size), pace: None, is_mute: false, is_closed: false };
        let shared = Arc::new((Mutex::new(shared), Condvar::new()));
        let master = File::from(master);
        read(master.try_clone()?, Arc::clone(&shared));
        Ok(Self { master: Some(master), child, shared })
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }

    fn master(&self) -> Result<&File> {
        self.master.as_ref().context("the terminal is closed")
    }

    /// Sends what the terminal would send.
    ///
    /// # Errors
    ///
    /// When the terminal is closed.
    pub fn send(&self, text: &str) -> Result<()> {
        let mut master = self.master()?;
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
        self.lock().glass.resize(size);
        set_size(self.master()?, size)
    }

    /// Takes nothing from the program any more, as a terminal that hangs; or takes it again.
    pub fn be_stuck(&self, is_stuck: bool) {
        self.set_pace(is_stuck.then_some(0));
    }

    /// Takes so many bytes a second from the program, as over a slow line.
    pub fn be_slow(&self, bytes_per_second: usize) {
        self.set_pace(Some((bytes_per_second / 50).max(1)));
    }

    fn set_pace(&self, pace: Option<usize>) {
        self.lock().pace = pace;
        self.shared.1.notify_all();
    }

    /// Answers no question any more, as a terminal behind a line that is gone.
    pub fn be_mute(&self) {
        self.lock().is_mute = true;
    }

    /// Everything that it was sent to show, as text with its escape sequences.
    #[must_use]
    pub fn shown(&self) -> String {
        self.lock().glass.shown()
    }

    /// What a person sees now, line by line.
    #[must_use]
    pub fn screen(&self) -> String {
        self.lock().glass.screen()
    }

    /// Waits until a person sees this, and returns the whole screen.
    ///
    /// # Errors
    ///
    /// When it does not come; the message shows the screen.
    pub async fn shows(&self, text: &str) -> Result<String> {
        self.shows_all(&[text]).await
    }

    /// Waits until a person sees all of this at once, and returns the whole screen.
    ///
    /// # Errors
    ///
    /// When it does not come; the message shows the screen.
    pub async fn shows_all(&self, texts: &[&str]) -> Result<String> {
        let look = || Ok(Some(self.screen()).filter(|screen| texts.iter().all(|text| screen.contains(text))));
        until(&format!("{texts:?} on the screen"), SHOWN, look)
            .await
            .with_context(|| format!("the screen shows:\n{}", self.screen()))
    }

    /// What the program has left otherwise than it found it, in words; nothing when a shell can go on.
    ///
    /// # Errors
    ///
    /// When the terminal is closed.
    pub fn leftovers(&self) -> Result<Vec<&'static str>> {
        let mut left = self.lock().glass.leftovers();
        if !self.is_cooked()? {
            left.push("raw mode");
        }
        Ok(left)
    }

    /// Closes the terminal, as who closes its window.
    pub fn close(&mut self) {
        self.lock().is_closed = true;
        self.be_stuck(false);
        self.master = None;
    }

    /// Whether lines are edited and keys shown again, as a shell wants it.
    ///
    /// # Errors
    ///
    /// When the terminal is closed.
    pub fn is_cooked(&self) -> Result<bool> {
        let settings = tcgetattr(self.master()?)?;
        Ok(settings.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO))
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
        // The test runner shows this of failed tests only.
        eprintln!("--- the terminal shows:\n{}", self.screen());
        self.close();
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lock(shared: &Slot) -> MutexGuard<'_, Shared> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set_size(master: &(impl std::os::fd::AsFd + ?Sized), (columns, rows): (u16, u16)) -> Result<()> {
    let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
    Ok(tcsetwinsize(master, size)?)
}

/// How many bytes may be taken now; waits for its turn on a slow line. Nothing if the terminal is closed.
fn allowance(shared: &Slot, most: usize) -> Option<usize> {
    let guard = lock(shared);
    let guard =
        shared.1.wait_while(guard, |shared| shared.pace == Some(0)).unwrap_or_else(PoisonError::into_inner);
    let guard = if guard.pace.is_some() {
        let is_slow = |shared: &mut Shared| shared.pace.is_some() && !shared.is_closed;
        shared.1.wait_timeout_while(guard, TURN, is_slow).unwrap_or_else(PoisonError::into_inner).0
    } else {
        guard
    };
    (!guard.is_closed).then(|| guard.pace.unwrap_or(most).min(most))
}

/// Takes what the program shows, and answers what it asks.
fn read(mut master: File, shared: Slot) {
    // Ends when the terminal is closed on both sides.
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Some(most) = allowance(&shared, bytes.len()) {
            let mut ready = [PollFd::new(&master, PollFlags::IN)];
            if most == 0 || !matches!(poll(&mut ready, Some(&LOOK)), Ok(1..)) {
                continue;
            }
            let Ok(read) = master.read(bytes.get_mut(..most).unwrap_or_default()) else { return };
            let mut now = lock(&shared);
            let answer = now.glass.take(bytes.get(..read).unwrap_or_default());
            let is_mute = now.is_mute;
            drop(now);
            if read == 0 || (!is_mute && master.write_all(answer.as_bytes()).is_err()) {
                return;
            }
        }
    });
}
