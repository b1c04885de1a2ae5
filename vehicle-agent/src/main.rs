//! The agent.

use std::process::ExitCode;
use vehicle_agent::control::Checks;

fn main() -> ExitCode {
    vehicle_agent::cli::main(Checks::ALL)
}
