//! The agent with one protection taken away, to show that the oracle sees what then goes wrong.
//!
//! `agent-with-a-hole --without lease run …`, where `run …` is as with `vehicle-agent`. It ships with nothing.

use std::env::args_os;
use std::ffi::OsString;
use std::process::ExitCode;

use vehicle_agent::cli::main_from;
use vehicle_agent::control::Checks;

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
        [task, ..] if task == "guard" => main_from([vec![program], rest].concat(), Checks::ALL),
        _ => usage(),
    }
}

fn without(protection: &OsString) -> Option<Checks> {
    Some(match protection.to_str()? {
        "expiry" => Checks { expiry: false, ..Checks::ALL },
        "counter" => Checks { counter: false, ..Checks::ALL },
        "lease" => Checks { lease: false, ..Checks::ALL },
        "guard" => Checks { guard: false, ..Checks::ALL },
        "retained" => Checks { retained: false, ..Checks::ALL },
        "epoch" => Checks { epoch: false, ..Checks::ALL },
        "mac" => Checks { mac: false, ..Checks::ALL },
        _ => return None,
    })
}

fn usage() -> ExitCode {
    eprintln!("agent-with-a-hole --without expiry|counter|lease|guard|retained|epoch|mac run …");
    ExitCode::from(2)
}
