//! The guard: a small process beside the agent that cuts the motors' power when the agent falls silent.
//!
//! SIGKILL leaves pins and PWM as they were, so somebody else must own the line that enables the motor driver. The guard
//! knows no network and no commands; it hears beats on its standard input, a socket to the agent, and echoes them there.

mod cutoff;
mod gpio;
mod guarded_outputs;
mod heartbeat;
mod open;
mod sim;

pub(crate) use cutoff::{Agent, Cutoff};
pub use guarded_outputs::{GpioLines, GuardedOutputs, SimFiles};

use crate::board::BoardError;
use crate::clock::Clock;
use crate::control::Cause;
use crate::realtime::{self, Priority};
use heartbeat::Heartbeat;
use nix::sys::signal::{SigSet, Signal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, write};
use std::io::{Write, stderr, stdin};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// The longest silence of an armed agent (S6: motors off at 150 ms).
pub(crate) const SILENCE: Duration = Duration::from_millis(150);

/// The words between agent and guard, one byte each.
pub(crate) mod word {
    /// From the guard: it has its outputs and listens.
    pub(crate) const READY: u8 = b'r';
    /// From an armed agent after a good step; echoed.
    pub(crate) const BEAT: u8 = b'b';
    /// From the agent: disarmed, so no beats follow.
    pub(crate) const REST: u8 = b'z';
    /// From the guard: the agent was silent, and the motors are off until it has disarmed.
    pub(crate) const TRIPPED: u8 = b't';
    /// From the guard as its last word: it can't take its outputs; why follows as text, up to the end.
    pub(crate) const FAILED: u8 = b'!';
}

/// Guards its outputs until the agent closes the socket on standard input; the outputs are safe then.
///
/// # Errors
/// If outputs can't be made safe at the end. That they can't be taken at the start is told to the agent instead.
pub(crate) fn run(outputs: &GuardedOutputs) -> Result<(), BoardError> {
    detach();
    let clock = Clock::start();
    let mut cutoff = match outputs.open(clock) {
        Ok(cutoff) => cutoff,
        Err(problem) => {
            send(stdin().as_fd(), &[&[word::FAILED], problem.to_string().as_bytes()].concat());
            return Ok(());
        }
    };
    watch(stdin().as_fd(), clock, cutoff.as_mut())
}

/// Lets no signal and no busy machine come between the guard and the end of the agent.
fn detach() {
    // For whoever lists processes; otherwise it would show as the link by which it was started.
    let _ = rustix::thread::set_name(c"vehicle-guard");
    let detached = if realtime::request(Priority::Guard).is_ok() {
        rustix::process::setsid().map(|_| ())
    } else {
        // A session of its own would be a group of its own for the kernel's scheduler (sched_autogroup), which under load did
        // not run for 150 ms and more while the agent's did.
        rustix::process::setpgid(None, None)
    };
    // Fails only where the guard leads a session already.
    let _ = detached;
    // What a terminal or a user sends to end or halt the agent. The guard has one thread, so a signal that this thread blocks
    // never arrives.
    let blocked = [
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGTSTP,
        Signal::SIGTTIN,
        Signal::SIGTTOU,
    ];
    let _ = blocked.into_iter().collect::<SigSet>().thread_block();
}

fn watch(agent: BorrowedFd<'_>, clock: Clock, cutoff: &mut dyn Cutoff) -> Result<(), BoardError> {
    let mut heartbeat = Heartbeat::default();
    send(agent, &[word::READY]);
    loop {
        let patience = heartbeat.deadline().map(|deadline| deadline.since(clock.now()));
        let mut received = [0; 64];
        match receive(agent, patience, &mut received) {
            Some(0) => return cutoff.make_safe(&Cause::Guard, Agent::Gone),
            Some(length) => {
                let words = received.get(..length).unwrap_or_default();
                let echo = heartbeat.receive(clock.now(), words);
                // The agent may have switched the line off itself: what follows at once has to switch it on anew.
                let rest = words.contains(&word::REST).then(|| cutoff.enable(false));
                match rest.unwrap_or(Ok(())).and(cutoff.enable(heartbeat.is_armed())) {
                    Ok(()) => send(agent, &echo),
                    // Without its echo the agent stops, and starts another guard.
                    Err(problem) => complain(&problem),
                }
            }
            None if heartbeat.trip(clock.now()) => {
                if let Err(problem) = cutoff.make_safe(&Cause::Guard, Agent::Silent) {
                    complain(&problem);
                }
                send(agent, &[word::TRIPPED]);
            }
            None => {}
        }
    }
}

fn complain(problem: &BoardError) {
    complain_to(&mut stderr(), problem);
}

/// Writes only what there is room for: a journal or terminal that hangs must not hang the guard.
fn complain_to(sink: &mut (impl AsFd + Write), problem: &BoardError) {
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let has_room = poll(&mut [PollFd::new(sink, PollFlags::OUT)], Some(&at_once)) == Ok(1);
    if has_room {
        // Nobody may be left to hear of it.
        let _ = sink.write_all(format!("guard: {problem}\n").as_bytes());
    }
}

/// Reads what has come, waiting for `patience` at most; 0 when the agent is gone, nothing if nothing came.
fn receive(agent: BorrowedFd<'_>, patience: Option<Duration>, received: &mut [u8]) -> Option<usize> {
    let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
    match poll(&mut [PollFd::new(&agent, PollFlags::IN)], patience.as_ref()) {
        Ok(0) | Err(Errno::INTR) => None,
        // An agent that died with echoes unread resets the socket, which is no less an end.
        _ => match read(agent, received) {
            Err(Errno::INTR | Errno::AGAIN) => None,
            read => Some(read.unwrap_or(0)),
        },
    }
}

fn send(agent: BorrowedFd<'_>, words: &[u8]) {
    // That the agent is gone shows when it is next listened to.
    let _ = write(agent, words);
}

#[cfg(test)]
mod tests;
