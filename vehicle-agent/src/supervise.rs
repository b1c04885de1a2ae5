//! Watchers of the agent outside its process: the guard, and the service manager.

mod beats;
mod guard;
mod process_handle;
mod service;

pub use guard::Guard;
#[cfg(test)]
pub(crate) use process_handle::ProcessHandle;
pub use service::Service;

use crate::clock::Clock;
use crate::control::Moment;

/// The watchers of one agent; by default there are none.
#[derive(Debug, Default)]
pub struct Watchers {
    /// Cuts the motors' power when the agent falls silent.
    pub guard: Option<Guard>,
    /// Starts the agent again when it hangs.
    pub service: Option<Service>,
}

impl Watchers {
    /// Waits until the guard has said something, or is gone. May be cancelled.
    pub(crate) async fn hear(&mut self) {
        match &mut self.guard {
            Some(guard) => guard.hear().await,
            None => std::future::pending().await,
        }
    }

    /// Takes what the guard has said, and tells whether it can no longer be relied on. One that is gone is started again
    /// while the agent is disarmed.
    pub(crate) fn guard_is_lost(&mut self, now: Moment) -> bool {
        self.guard.as_mut().is_some_and(|guard| guard.is_lost(now))
    }

    /// Tells that the guard is ready, or that there is none by choice: only then may the vehicle be armed.
    pub(crate) fn may_arm(&self) -> bool {
        self.guard.as_ref().is_none_or(Guard::is_ready)
    }

    /// Tells that the control loop has made a step, that its outputs are in force or not, and whether the vehicle is armed.
    /// A guard that was given up is ended here, after the outputs.
    pub(crate) fn stepped(&mut self, now: Moment, in_force: bool, armed: bool) {
        if let Some(guard) = &mut self.guard {
            guard.set_armed(now, armed);
            if in_force {
                guard.beat(now);
                guard.reap();
            }
        }
        if let Some(service) = &mut self.service {
            service.stepped(now, armed);
        }
    }

    /// The moment at which a step is due although nothing has happened.
    pub(crate) fn deadline(&self, now: Moment) -> Option<Moment> {
        let guard = self.guard.as_ref().and_then(|guard| guard.deadline(now));
        let service = self.service.as_ref().and_then(Service::deadline);
        guard.into_iter().chain(service).min()
    }

    /// Tells that the control loop ends.
    pub(crate) fn stopping(&self) {
        if let Some(service) = &self.service {
            service.stopping();
        }
    }

    /// Lets the guard end, once the outputs are safe.
    pub(crate) async fn leave(self, clock: Clock) {
        if let Some(guard) = self.guard {
            guard.leave(clock).await;
        }
    }
}
