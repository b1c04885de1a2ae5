//! The agent.

use std::process::ExitCode;
use vehicle_agent::control::SafetyChecks;

fn main() -> ExitCode {
    vehicle_agent::cli::main(SafetyChecks::ALL)
}
