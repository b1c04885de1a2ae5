//! Real-time scheduling of the control loop and the guard: neither waits for programs that merely want the processor.

use crate::clock::{monotonic, sleep_until};
use preempt_rt::sched::{Pid, PreemptRtError, Scheduler, SchedulerParams, set_scheduler};
use rustix::process::{Resource, Rlimit, nice, setrlimit};
use std::io;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

/// The number of SIGXCPU on every architecture that Rust runs Linux on but MIPS, whose boards are not supported.
const SIGXCPU: i32 = 24;
/// Far above what a flood of messages costs between two pauses, and below what a board with one processor can be locked for.
const LIMITS: Limits = Limits { busy: Duration::from_secs(1), hung: Duration::from_secs(3) };
/// Sleep that the kernel counts as a pause.
const PAUSE: Duration = Duration::from_millis(1);
/// Niceness where real time is refused.
const NICENESS: i32 = -10;

/// A thread's priority under SCHED_RR: below the kernel's own threads for interrupts, which have 50.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    /// The control loop and the threads that it starts.
    ControlLoop = 10,
    /// The guard, which must run while the control loop hangs.
    Guard = 11,
}

/// Processor time that a real-time thread may use without a pause (RLIMIT_RTTIME).
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// The kernel then asks the process to pause, by SIGXCPU.
    busy: Duration,
    /// The kernel then kills the process.
    hung: Duration,
}

/// Asks for real time for this thread, and for those that it starts later; if that is refused, for niceness.
///
/// # Errors
/// If this process may not have real time.
pub(crate) fn request(priority: Priority) -> io::Result<()> {
    let parameters = SchedulerParams { priority: priority as i32 };
    let granted = set_scheduler(Pid::current_thread(), Scheduler::SCHED_RR, parameters);
    granted.map_err(|error| {
        // Needs nearly the same right, but not that of a group of real-time tasks.
        let _ = nice(NICENESS);
        match error {
            PreemptRtError::Errno(number) => io::Error::from_raw_os_error(number),
            other @ (PreemptRtError::UnknownScheduler(_)
            | PreemptRtError::PriorityAboveMax(..)
            | PreemptRtError::PriorityBelowMin(..)
            | PreemptRtError::NonLinuxPlatform(_)) => io::Error::other(other),
        }
    })
}

/// Asks for real time for the control loop, which is this thread. Needs a tokio runtime of one thread.
///
/// # Errors
/// If this process may not have real time.
pub(crate) fn request_for_control_loop() -> io::Result<()> {
    request(Priority::ControlLoop).and_then(|()| pause_when_asked(LIMITS))
}

/// Logs the answer to the request for the control loop; the guard asks for itself, with the same right.
pub(crate) fn log(granted: &io::Result<()>) {
    match granted {
        Ok(()) => info!("control loop and guard run in real time"),
        Err(error) => warn!(
            "real-time scheduling refused ({error}): a busy machine can hold up the control loop, which stops the vehicle; \
             start the agent by its systemd unit, or give its user rtprio 20 in /etc/security/limits.conf"
        ),
    }
}

/// Pauses whenever the kernel asks for it. A loop under a flood of messages never sleeps by itself, yet works; one that hangs
/// never gets here, and is killed.
fn pause_when_asked(limits: Limits) -> io::Result<()> {
    let mut asked = signal(SignalKind::from_raw(SIGXCPU))?;
    limits.set()?;
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            sleep_until(monotonic().saturating_add(PAUSE));
            // The kernel has raised the limit, so that it does not ask at each tick.
            let _ = limits.set();
        }
    });
    Ok(())
}

impl Limits {
    fn set(self) -> io::Result<()> {
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).ok();
        Ok(setrlimit(Resource::Rttime, Rlimit { current: micros(self.busy), maximum: micros(self.hung) })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use tokio::runtime;

    #[test]
    fn a_loop_that_is_busy_for_long_but_does_not_hang_is_not_killed() {
        let limits = Limits { busy: Duration::from_millis(50), hung: Duration::from_millis(150) };
        let busy = thread::spawn(move || {
            // Its own thread: the others of this program must not wait for it.
            if let Err(error) = request(Priority::ControlLoop) {
                return eprintln!("nothing was tested: real time refused ({error})");
            }
            runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                pause_when_asked(limits).unwrap();
                let end = monotonic() + limits.hung * 3;
                while monotonic() < end {
                    tokio::task::yield_now().await;
                }
            });
        });
        // Otherwise the kernel has ended this whole program.
        busy.join().unwrap();
    }
}
