//! Watchdogs of the agent outside its process: the guard, and the service manager.

mod beat_schedule;
mod guard;
mod process_handle;
mod service;

pub use guard::Guard;
#[cfg(test)]
pub(crate) use process_handle::ProcessHandle;
pub use service::Service;

use crate::clock::Clock;
use crate::control::Moment;

/// The watchdogs of one agent; by default there are none.
#[derive(Debug, Default)]
pub struct Watchdogs {
    /// Cuts the motors' power when the agent falls silent.
    pub guard: Option<Guard>,
    /// Starts the agent again when it hangs.
    pub service: Option<Service>,
}

impl Watchdogs {
    /// Waits until the guard has said something, or is gone. May be cancelled.
    pub(crate) async fn guard_readable(&mut self) {
        match &mut self.guard {
            Some(guard) => guard.readable().await,
            None => std::future::pending().await,
        }
    }

    /// Takes what the guard has said, and tells whether it can no longer be relied on. One that is gone is started again
    /// while the agent is disarmed.
    pub(crate) fn check_guard(&mut self, now: Moment) -> bool {
        self.guard.as_mut().is_some_and(|guard| guard.check(now))
    }

    /// Tells that the guard is ready, or that there is none by choice: only then may the vehicle be armed.
    pub(crate) fn may_arm(&self) -> bool {
        self.guard.as_ref().is_none_or(Guard::is_ready)
    }

    /// Tells that the control loop has made a step, that its outputs are in force or not, and whether the vehicle is armed.
    /// A guard that was given up is ended here, after the outputs.
    pub(crate) fn report_step(&mut self, now: Moment, in_force: bool, armed: bool) {
        if let Some(guard) = &mut self.guard {
            guard.set_armed(now, armed);
            if in_force {
                guard.beat(now);
                guard.reap();
            }
        }
        if let Some(service) = &mut self.service {
            service.report_step(now, armed);
        }
    }

    /// The moment at which a step is due although nothing has happened.
    pub(crate) fn deadline(&self, now: Moment) -> Option<Moment> {
        let guard = self.guard.as_ref().and_then(|guard| guard.deadline(now));
        let service = self.service.as_ref().and_then(Service::deadline);
        guard.into_iter().chain(service).min()
    }

    /// Tells that the control loop ends.
    pub(crate) fn notify_stopping(&self) {
        if let Some(service) = &self.service {
            service.notify_stopping();
        }
    }

    /// Lets the guard end, once the outputs are safe.
    pub(crate) async fn shut_down(self, clock: Clock) {
        if let Some(guard) = self.guard {
            guard.shut_down(clock).await;
        }
    }
}
