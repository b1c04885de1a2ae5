//! Scripts on paho, Debian's Python client: an implementation of MQTT that is not ours.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::process::{Output, Program};

/// Starts a script of `tests/paho` and leaves it running.
///
/// # Errors
///
/// When Debian's Python is not installed.
pub fn start(script: &str, arguments: &[&str]) -> Result<Program> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("paho").join(script);
    // Debian's, by its full path: another python3 in PATH does not see Debian's packages.
    let mut command = Command::new("/usr/bin/python3");
    command.arg("-u").arg("-B").arg(file).args(arguments);
    Program::spawn(script, command)
}

/// Runs a script of `tests/paho` to its end.
///
/// # Errors
///
/// When it cannot be started, or still runs after `limit`.
pub async fn run(script: &str, arguments: &[&str], limit: Duration) -> Result<Output> {
    start(script, arguments)?.output(limit).await
}
