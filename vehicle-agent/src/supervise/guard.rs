//! The guard as the agent sees it: a process to start, to send beats to, to read from, and to replace.

use super::beat_schedule::{BeatSchedule, SilentParty};
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
use std::os::unix::net::UnixStream as BlockingStream;
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
    state: GuardState,
    beats: BeatSchedule,
}

#[derive(Debug)]
enum GuardState {
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
enum Received {
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
            state: GuardState::Alive { process, ready: true },
            beats: BeatSchedule::default(),
        })
    }

    /// A guard that a test fakes at the other end of `line`.
    #[cfg(test)]
    pub(crate) fn fake(line: UnixStream, child: Box<dyn ProcessHandle>) -> Self {
        let drivetrain = Drivetrain::at_rest(crate::control::samples::setup().kinematics);
        let outputs = GuardedOutputs::Sim(SimFiles { drivetrain, trace: None, levels: None });
        let process = Process { line, child };
        // It must not start the test program anew, which would run this test.
        let program = "/nonexistent";
        Self {
            program,
            outputs,
            state: GuardState::Alive { process, ready: true },
            beats: BeatSchedule::default(),
        }
    }

    pub(super) const fn is_ready(&self) -> bool {
        matches!(self.state, GuardState::Alive { ready: true, .. })
    }

    pub(super) async fn readable(&mut self) {
        match &mut self.state {
            // What is there to hear is read by `is_lost`, which can't wait.
            GuardState::Alive { process, .. } => process.readable().await,
            GuardState::Ending { .. } | GuardState::Gone { .. } => std::future::pending().await,
        }
    }

    /// Reads what the guard has said and judges silence. Nothing here ends a process or waits for one: the motors may be on,
    /// and go off only when this has returned.
    pub(super) fn check(&mut self, now: Moment) -> bool {
        let armed = self.beats.is_armed();
        let lost = match &mut self.state {
            GuardState::Alive { process, ready } => match process.receive(now, ready, &mut self.beats) {
                Received::End => {
                    warn!("the guard has ended");
                    self.give_up(now.after(RESTART));
                    true
                }
                Received::Tripped => {
                    warn!("the guard has turned the motors off: the agent was silent");
                    true
                }
                Received::Nothing => self.judge_silence(now),
            },
            GuardState::Gone { again } if now >= *again && !armed => {
                self.start_again(now);
                false
            }
            GuardState::Ending { .. } | GuardState::Gone { .. } => true,
        };
        lost && armed
    }

    /// Judges silence.
    fn judge_silence(&mut self, now: Moment) -> bool {
        match self.beats.silent(now) {
            None => return false,
            Some(SilentParty::Loop) => warn!("the control loop has hung; the guard turns the motors off"),
            Some(SilentParty::Guard) => {
                warn!("the guard is silent; another takes its place");
                self.give_up(now);
            }
        }
        true
    }

    /// Closes the line: a guard that is merely slow makes the outputs safe when it reads that.
    fn give_up(&mut self, again: Moment) {
        self.state = match std::mem::replace(&mut self.state, GuardState::Gone { again }) {
            GuardState::Alive { process, .. } => GuardState::Ending { child: process.child, again },
            other @ (GuardState::Ending { .. } | GuardState::Gone { .. }) => other,
        };
    }

    /// Ends a guard that was given up, after the outputs of the same step are in force. A process that hangs in the kernel
    /// outlives even SIGKILL, so this never waits; each step looks again.
    pub(super) fn reap(&mut self) {
        let GuardState::Ending { child, again } = &mut self.state else { return };
        child.kill();
        if child.has_ended() {
            self.state = GuardState::Gone { again: *again };
        }
    }

    fn start_again(&mut self, now: Moment) {
        self.state = match Process::spawn(self.program, &self.outputs, None) {
            Ok(process) => GuardState::Alive { process, ready: false },
            Err(error) => {
                warn!("the guard is not back yet: {error:#}");
                GuardState::Gone { again: now.after(RESTART) }
            }
        };
    }

    pub(super) fn set_armed(&mut self, now: Moment, armed: bool) {
        if self.beats.set_armed(now, armed) && !armed {
            self.send(word::REST);
        }
    }

    pub(super) fn beat(&mut self, now: Moment) {
        if self.beats.beat(now) {
            self.send(word::BEAT);
        }
    }

    fn send(&self, said: u8) {
        if let GuardState::Alive { process, .. } = &self.state {
            // A guard that is gone is noticed when it is listened to, and one that hangs by its missing echoes.
            let _ = write(&process.line, &[said]);
        }
    }

    pub(super) fn deadline(&self, now: Moment) -> Option<Moment> {
        match self.state {
            GuardState::Alive { .. } => self.beats.deadline(),
            GuardState::Ending { .. } => Some(now.after(LOOK)),
            GuardState::Gone { again } if !self.beats.is_armed() => Some(again),
            GuardState::Gone { .. } => None,
        }
    }

    /// Waits until it has ended, which it does by itself when the agent has hung up.
    pub(super) async fn shut_down(self, clock: Clock) {
        let GuardState::Alive { mut process, .. } = self.state else { return };
        // If it has hung up already, then that is what is waited for.
        let _ = process.line.shutdown().await;
        let limit = clock.until(clock.now().after(END));
        let ended = async {
            let mut ready = false;
            while process.receive(clock.now(), &mut ready, &mut BeatSchedule::default()) != Received::End {
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
        let (own, other) = BlockingStream::pair()?;
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
    fn receive(&mut self, now: Moment, ready: &mut bool, beats: &mut BeatSchedule) -> Received {
        let mut received = Received::Nothing;
        loop {
            let mut said = [0; 64];
            // Past the runtime, which learns of news only between steps.
            let length = match read(&self.line, &mut said) {
                Ok(0) => return Received::End,
                Ok(length) => length,
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return received,
                Err(_) => return Received::End,
            };
            let said = said.get(..length).unwrap_or_default();
            for word in said {
                match *word {
                    word::READY => {
                        info!("the guard is there again");
                        *ready = true;
                    }
                    word::BEAT => beats.echoed(now),
                    word::TRIPPED => received = Received::Tripped,
                    word::FAILED => {
                        warn!("the guard has said: {}", String::from_utf8_lossy(said));
                        return Received::End;
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Waits until the guard has its outputs, or says why it can't have them.
fn wait_until_ready(mut line: &BlockingStream) -> anyhow::Result<()> {
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
