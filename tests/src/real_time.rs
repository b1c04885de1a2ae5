//! Real time for a bench: broker, network and operator stand for other machines, which the load of this one does not slow down.

use std::process::{Command, Stdio, id};

/// Below the agent and its guard, which ask for 10 and 11 by themselves.
const PRIORITY: &str = "5";

/// Real time for all threads of this process and for the programs that it starts, until this is dropped. A user who may not
/// give it has a bench that waits its turn.
#[derive(Debug)]
pub struct RealTime(());

impl RealTime {
    /// Asks for it.
    #[must_use]
    pub fn begin() -> Self {
        set(&["--rr", "--pid", PRIORITY]);
        Self(())
    }
}

impl Drop for RealTime {
    fn drop(&mut self) {
        // What only counts must not take the machine from others.
        set(&["--other", "--pid", "0"]);
    }
}

fn set(policy: &[&str]) {
    let mut command = Command::new("chrt");
    command.arg("--all-tasks").args(policy).arg(id().to_string());
    // It says so if it is refused.
    let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
}
