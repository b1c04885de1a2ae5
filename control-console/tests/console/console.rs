//! The program, started as a person would.

use anyhow::{Context as _, Result};
use serde_json::Value;
use std::process::Command;
use system_tests::process::{Output, Program};
use system_tests::wait::SOON;

/// A command for the program without any settings of the person who runs the tests.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_control-console"));
    command.args(arguments).env_clear().env("NO_COLOR", "1");
    command
}

/// Starts the program on a broker.
pub(crate) fn start(broker: &str, arguments: &[&str]) -> Result<Program> {
    let arguments = [&["--broker", broker], arguments].concat();
    Program::spawn("control-console", command(&arguments))
}

/// Runs the program on a broker to its end.
pub(crate) async fn run(broker: &str, arguments: &[&str]) -> Result<Output> {
    start(broker, arguments)?.output(SOON).await
}

/// The one object that must be all of standard output.
pub(crate) fn object(output: &Output) -> Result<Value> {
    serde_json::from_str(&output.stdout).with_context(|| format!("not one object: {:?}", output.stdout))
}

/// Every line of standard output as an object.
pub(crate) fn objects(output: &Output) -> Result<Vec<Value>> {
    output.stdout.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
}
