//! The operator's side of the vehicles; see the library for everything.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    control_console::run(&arguments).into()
}
