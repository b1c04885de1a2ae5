//! `completions`: has a shell complete commands, vehicles and flags.
//!
//! The shell asks this program itself each time, so that it knows the vehicles of the moment.

use crate::cli::{self, Shell};
use crate::commands::fleet;
use crate::exit::{Exit, Fault};
use crate::options::Options;
use crate::output::Output;
use clap::{Arg, Command, ValueEnum};
use clap_complete::{ArgValueCandidates, CompleteEnv, CompletionCandidate, env::Shells};
use std::ffi::OsString;
use std::time::Duration;
use vehicle_protocol::CommandName;

/// The variable by which a shell asks.
const VARIABLE: &str = "COMPLETE";
const PROGRAM: &str = "control-console";
/// Time that a person who pressed Tab waits for the broker.
const PATIENCE: Duration = Duration::from_millis(700);

/// Answers a shell that asks; tells whether one did.
#[must_use]
pub(crate) fn answer(arguments: &[OsString]) -> bool {
    let folder = std::env::current_dir().ok();
    let environment =
        CompleteEnv::with_factory(|| with_candidates(cli::definition())).var(VARIABLE).bin(PROGRAM);
    // What can't be completed is typed by hand.
    environment.try_complete(arguments.iter().cloned(), folder.as_deref()).unwrap_or(true)
}

/// Has every vehicle and every command of a definition completed.
fn with_candidates(definition: Command) -> Command {
    let complete = |argument: Arg| match argument.get_id().as_str() {
        "vehicle" | "vehicles" => argument.add(ArgValueCandidates::new(vehicles)),
        "command" => argument.add(ArgValueCandidates::new(commands)),
        _ => argument,
    };
    definition.mut_args(complete).mut_subcommands(with_candidates)
}

/// Prints what to put into the shell's start file.
///
/// # Errors
/// If it can't be written.
pub(crate) fn run(shell: Shell, output: &Output) -> Result<Exit, Fault> {
    let name = shell.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let registered = shells
        .completer(&name)
        .map(|shell| shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script));
    if !matches!(registered, Some(Ok(()))) {
        return Err(Fault::new(Exit::Other, format!("no completions for {name}"), "choose another shell"));
    }
    output.line(String::from_utf8_lossy(&script).trim_end());
    output.talk(&format!("next: have your shell read it at its start, such as: {}", start_file(shell)));
    Ok(Exit::Done)
}

const fn start_file(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => "echo 'source <(control-console completions bash 2>/dev/null)' >> ~/.bashrc",
        Shell::Elvish => {
            "echo 'eval (control-console completions elvish 2>/dev/null | slurp)' >> ~/.elvish/rc.elv"
        }
        Shell::Fish => {
            "control-console completions fish > ~/.config/fish/completions/control-console.fish 2>/dev/null"
        }
        Shell::Zsh => {
            "echo 'autoload -U compinit && compinit && source <(control-console completions zsh 2>/dev/null)' >> ~/.zshrc"
        }
    }
}

/// The vehicles that the broker knows of, if it answers soon; with the settings of environment and file.
fn vehicles() -> Vec<CompletionCandidate> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(runtime), Ok(options)) = (runtime, Options::resolve(&cli::Global::default())) else {
        return Vec::new();
    };
    let rows = runtime.block_on(fleet::rows(&options, PATIENCE)).unwrap_or_default();
    rows.iter().map(|row| CompletionCandidate::new(row.vehicle().as_str())).collect()
}

/// The commands, as people type them.
fn commands() -> Vec<CompletionCandidate> {
    CommandName::ALL.iter().map(|name| CompletionCandidate::new(name.kebab())).collect()
}
