//! A process of our own, and what may be done to it without waiting.

use std::fmt::Debug;
use std::process::Child;

/// A process that can be ended. It cannot be waited for: the control loop must never stand still for it.
pub(crate) trait ProcessHandle: Debug {
    /// Sends SIGKILL, which ends even a stopped process.
    fn kill(&mut self);
    /// Collects the process if it has ended, and tells that it has.
    fn has_ended(&mut self) -> bool;
}

impl ProcessHandle for Child {
    fn kill(&mut self) {
        // Fails only if it has ended, which is as good.
        let _ = Self::kill(self);
    }

    fn has_ended(&mut self) -> bool {
        // An error means that there is no such child, so nothing is left to collect.
        !matches!(self.try_wait(), Ok(None))
    }
}
