//! The guard as the agent sees it: a process to start, to send beats to, to read from, and to replace.

use super::beats::{Beats, Silent};
use super::process_handle::ProcessHandle;
use crate::clock::Clock;
#[cfg(test)]
use crate::control::Drivetrain;
use crate::control::Moment;
#[cfg(test)]
use crate::guard::SimFiles;
use crate::guard::{GuardedOutputs, word};
use anyhow::Context as _;
use rustix::io::{Errno, read, write};
use std::io::{ErrorKind, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Line;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncWriteExt as _, Interest};
use tokio::net::UnixStream;
use tracing::{debug, info, warn};

/// This very program, even after an update has replaced its file.
const OWN_PROGRAM: &str = "/proc/self/exe";
/// Time for a guard to acquire its outputs.
const START: Duration = Duration::from_secs(2);
/// A guard that is gone is started again after this time, so that one that can't live doesn't keep the agent busy.
const RESTART: Duration = Duration::from_secs(1);
/// Time for a guard to make the outputs safe and end.
const END: Duration = Duration::from_millis(500);
/// From look to look whether a process has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The guard of this agent's outputs. When this is dropped, as in a panic, it makes them safe and ends.
#[derive(Debug)]
pub struct Guard {
    program: &'static str,
    outputs: GuardedOutputs,
    state: State,
    beats: Beats,
}

#[derive(Debug)]
enum State {
    Alive {
        process: Process,
        ready: bool,
    },
    /// Given up. Its process may still have lines of the board, so no other guard starts before it has ended.
    Ending {
        child: Box<dyn ProcessHandle>,
        again: Moment,
    },
    Gone {
        again: Moment,
    },
}

#[derive(Debug)]
struct Process {
    line: UnixStream,
    child: Box<dyn ProcessHandle>,
}

/// The news that a look at the line has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    Tripped,
    End,
}

impl Guard {
    /// Starts the guard and waits until it has its outputs. Needs a tokio runtime, and `guard` on this program's command line.
    ///
    /// # Errors
    /// If it can't be started, or can't take its outputs.
    pub fn start(outputs: GuardedOutputs) -> anyhow::Result<Self> {
        let process = Process::spawn(OWN_PROGRAM, &outputs, Some(START))?;
        Ok(Self {
            program: OWN_PROGRAM,
            outputs,
            state: State::Alive { process, ready: true },
            beats: Beats::default(),
        })
    }

    /// A guard that a test plays at the other end of `line`.
    #[cfg(test)]
    pub(crate) fn played(line: UnixStream, child: Box<dyn ProcessHandle>) -> Self {
        let drivetrain = Drivetrain::at_rest(crate::control::samples::setup().kinematics);
        let outputs = GuardedOutputs::Sim(SimFiles { drivetrain, trace: None, levels: None });
        let process = Process { line, child };
        // It must not start the test program anew, which would run this test.
        let program = "/nonexistent";
        Self { program, outputs, state: State::Alive { process, ready: true }, beats: Beats::default() }
    }

    pub(super) const fn is_ready(&self) -> bool {
        matches!(self.state, State::Alive { ready: true, .. })
    }

    pub(super) async fn hear(&mut self) {
        match &mut self.state {
            // What is there to hear is read by `is_lost`, which can't wait.
            State::Alive { process, .. } => process.readable().await,
            State::Ending { .. } | State::Gone { .. } => std::future::pending().await,
        }
    }

    /// Reads what the guard has said and judges silence. Nothing here ends a process or waits for one: the motors may be on,
    /// and go off only when this has returned.
    pub(super) fn is_lost(&mut self, now: Moment) -> bool {
        let armed = self.beats.is_armed();
        let lost = match &mut self.state {
            State::Alive { process, ready } => match process.listen(now, ready, &mut self.beats) {
                Heard::End => {
                    warn!("the guard has ended");
                    self.give_up(now.after(RESTART));
                    true
                }
                Heard::Tripped => {
                    warn!("the guard has turned the motors off: the agent was silent");
                    true
                }
                Heard::Nothing => self.doubt(now),
            },
            State::Gone { again } if now >= *again && !armed => {
                self.start_again(now);
                false
            }
            State::Ending { .. } | State::Gone { .. } => true,
        };
        lost && armed
    }

    /// Judges silence.
    fn doubt(&mut self, now: Moment) -> bool {
        match self.beats.silent(now) {
            None => return false,
            Some(Silent::Loop) => warn!("the control loop has hung; the guard turns the motors off"),
            Some(Silent::Guard) => {
                warn!("the guard is silent; another takes its place");
                self.give_up(now);
            }
        }
        true
    }

    /// Closes the line: a guard that is merely slow makes the outputs safe when it reads that.
    fn give_up(&mut self, again: Moment) {
        self.state = match std::mem::replace(&mut self.state, State::Gone { again }) {
            State::Alive { process, .. } => State::Ending { child: process.child, again },
            other @ (State::Ending { .. } | State::Gone { .. }) => other,
        };
    }

    /// Ends a guard that was given up, after the outputs of the same step are in force. A process that hangs in the kernel
    /// outlives even SIGKILL, so this never waits; each step looks again.
    pub(super) fn reap(&mut self) {
        let State::Ending { child, again } = &mut self.state else { return };
        child.kill();
        if child.has_ended() {
            self.state = State::Gone { again: *again };
        }
    }

    fn start_again(&mut self, now: Moment) {
        self.state = match Process::spawn(self.program, &self.outputs, None) {
            Ok(process) => State::Alive { process, ready: false },
            Err(error) => {
                warn!("the guard is not back yet: {error:#}");
                State::Gone { again: now.after(RESTART) }
            }
        };
    }

    pub(super) fn set_armed(&mut self, now: Moment, armed: bool) {
        if self.beats.set_armed(now, armed) && !armed {
            self.tell(word::REST);
        }
    }

    pub(super) fn beat(&mut self, now: Moment) {
        if self.beats.beat(now) {
            self.tell(word::BEAT);
        }
    }

    fn tell(&self, said: u8) {
        if let State::Alive { process, .. } = &self.state {
            // A guard that is gone is noticed when it is listened to, and one that hangs by its missing echoes.
            let _ = write(&process.line, &[said]);
        }
    }

    pub(super) fn deadline(&self, now: Moment) -> Option<Moment> {
        match self.state {
            State::Alive { .. } => self.beats.deadline(),
            State::Ending { .. } => Some(now.after(LOOK)),
            State::Gone { again } if !self.beats.is_armed() => Some(again),
            State::Gone { .. } => None,
        }
    }

    /// Waits until it has ended, which it does by itself when the agent has hung up.
    pub(super) async fn leave(self, clock: Clock) {
        let State::Alive { mut process, .. } = self.state else { return };
        // If it has hung up already, then that is what is waited for.
        let _ = process.line.shutdown().await;
        let limit = clock.until(clock.now().after(END));
        let ended = async {
            let mut ready = false;
            while process.listen(clock.now(), &mut ready, &mut Beats::default()) != Heard::End {
                process.readable().await;
            }
            while !process.child.has_ended() {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout_at(limit, ended).await.is_err() {
            warn!("the guard has not ended; it stays until it can make the outputs safe");
        }
    }
}

impl Process {
    /// Starts a guard; with `patience`, waits until it is ready.
    fn spawn(program: &str, outputs: &GuardedOutputs, patience: Option<Duration>) -> anyhow::Result<Self> {
        let (own, other) = Line::pair()?;
        let mut command = Command::new(program);
        command.arg0("vehicle-agent").arg("guard").arg(outputs.word()?);
        command.stdin(Stdio::from(OwnedFd::from(other))).stdout(Stdio::null());
        // The service manager hears of the agent alone.
        command.env_remove("NOTIFY_SOCKET").env_remove("WATCHDOG_USEC").env_remove("WATCHDOG_PID");
        let child = command.spawn().context("the guard can't be started")?;
        debug!(id = child.id(), "the guard starts");
        // With the command goes this process's copy of the other end: only the guard's own keeps the line open.
        drop(command);
        if let Some(patience) = patience {
            own.set_read_timeout(Some(patience))?;
            wait_until_ready(&own)?;
        }
        own.set_nonblocking(true)?;
        Ok(Self { line: UnixStream::from_std(own)?, child: Box::new(child) })
    }

    async fn readable(&self) {
        // Fails only with the runtime itself.
        let _ = self.line.readable().await;
        // Whoever reads does so until nothing is left, so what is known here is out of date by then.
        let _ = self.line.try_io(Interest::READABLE, || Err::<(), _>(ErrorKind::WouldBlock.into()));
    }

    /// Reads all that has come.
    fn listen(&mut self, now: Moment, ready: &mut bool, beats: &mut Beats) -> Heard {
        let mut heard = Heard::Nothing;
        loop {
            let mut said = [0; 64];
            // Past the runtime, which learns of news only between steps.
            let length = match read(&self.line, &mut said) {
                Ok(0) => return Heard::End,
                Ok(length) => length,
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return heard,
                Err(_) => return Heard::End,
            };
            let said = said.get(..length).unwrap_or_default();
            for word in said {
                match *word {
                    word::READY => {
                        info!("the guard is there again");
                        *ready = true;
                    }
                    word::BEAT => beats.echoed(now),
                    word::TRIPPED => heard = Heard::Tripped,
                    word::FAILED => {
                        warn!("the guard has said: {}", String::from_utf8_lossy(said));
                        return Heard::End;
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Waits until the guard has its outputs, or says why it can't have them.
fn wait_until_ready(mut line: &Line) -> anyhow::Result<()> {
    let mut said = [0];
    let length = line.read(&mut said).context("the guard does not answer; start the agent again")?;
    if length == 1 && said == [word::READY] {
        return Ok(());
    }
    let mut problem = String::new();
    line.read_to_string(&mut problem)?;
    anyhow::ensure!(said == [word::FAILED], "the guard ended at once; the lines above may say why");
    anyhow::bail!("{problem}")
}
