//! The agent with one protection taken away, to show that the oracle sees what then goes wrong.
//!
//! `agent-with-a-hole --without lease run …`, where `run …` is as with `vehicle-agent`. It ships with nothing.

use std::env::args_os;
use std::ffi::OsString;
use std::process::ExitCode;

use vehicle_agent::cli::main_from;
use vehicle_agent::control::SafetyChecks;

fn main() -> ExitCode {
    let mut arguments = args_os();
    let program = arguments.next().unwrap_or_default();
    let rest: Vec<OsString> = arguments.collect();
    match rest.as_slice() {
        [flag, protection, rest @ ..] if flag == "--without" => match without(protection) {
            Some(checks) => main_from([vec![program], rest.to_vec()].concat(), checks),
            None => usage(),
        },
        // The agent starts its guard as the program that it is itself.
        [task, ..] if task == "guard" => main_from([vec![program], rest].concat(), SafetyChecks::ALL),
        _ => usage(),
    }
}

fn without(protection: &OsString) -> Option<SafetyChecks> {
    Some(match protection.to_str()? {
        "expiry" => SafetyChecks { expiry: false, ..SafetyChecks::ALL },
        "counter" => SafetyChecks { counter: false, ..SafetyChecks::ALL },
        "lease" => SafetyChecks { lease: false, ..SafetyChecks::ALL },
        "guard" => SafetyChecks { guard: false, ..SafetyChecks::ALL },
        "retained" => SafetyChecks { retained: false, ..SafetyChecks::ALL },
        "epoch" => SafetyChecks { epoch: false, ..SafetyChecks::ALL },
        "mac" => SafetyChecks { mac: false, ..SafetyChecks::ALL },
        _ => return None,
    })
}

fn usage() -> ExitCode {
    eprintln!("agent-with-a-hole --without expiry|counter|lease|guard|retained|epoch|mac run …");
    ExitCode::from(2)
}
