//! The operator's side: sends commands to vehicles, waits for their answers, watches them.

mod certs;
pub mod cli;
pub mod client;
pub mod clock;
pub mod commands;
mod completions;
#[cfg(feature = "demo")]
pub mod demo;
pub mod exit;
pub mod keyring;
pub mod link;
mod manual;
pub mod operator;
pub mod options;
pub mod output;
pub mod random;
pub mod signals;
pub mod teleop;
pub mod transaction;
pub mod tui;
mod web;

use clap::Parser as _;
use clap::error::ErrorKind;
use cli::{Action, Cli, DemoArgs};
use commands::{audit, config, doctor, drive, estop, fleet, keys, ping, plot, send, watch};
use exit::{Exit, Fault};
use options::Options;
use output::Output;
use std::ffi::OsString;
use tokio::runtime::Runtime;
use vehicle_link::UnixTime;

/// Does what the command line says and gives the exit code.
#[must_use]
pub fn run(arguments: &[OsString]) -> Exit {
    if completions::answer(arguments) {
        return Exit::Done;
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return mistyped(&error, arguments.iter().any(|argument| argument == "--json")),
    };
    let output = Output::new(cli.global.json);
    listen_to_ourselves(cli.global.verbose);
    perform(cli, &output).unwrap_or_else(|fault| {
        output.fault(&fault);
        fault.exit
    })
}

fn perform(cli: Cli, output: &Output) -> Result<Exit, Fault> {
    let Some(action) = cli.action else {
        output.talk(&cli::help());
        if !output.is_json() {
            return Ok(Exit::Usage);
        }
        return Err(Fault::new(Exit::Usage, "no subcommand", "control-console demo"));
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others need a broker")]
    match &action {
        Action::Certs(arguments) => return certs::run(&cli.global, arguments, output),
        Action::Plot(arguments) => return plot::run(arguments, output),
        Action::Completions(arguments) => return completions::run(arguments.shell, output),
        Action::Man(arguments) => return manual::run(arguments, output),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Fault::new(Exit::Other, format!("no runtime: {error}"), "free some memory or descriptors")
    })?;
    if let Action::Demo(arguments) = &action {
        if cli.global.broker.is_some() {
            let step = "leave --broker out, or send commands to that broker: control-console --help";
            return Err(Fault::new(Exit::Usage, "the demo has a broker of its own", step));
        }
        return demo(&runtime, arguments, output);
    }
    if let Action::Doctor(arguments) = &action {
        return Ok(doctor::run(&runtime, &cli.global, arguments, output));
    }
    let options = Options::resolve(&cli.global)?;
    warn_of_the_end(&options, output);
    runtime.block_on(async {
        match action {
            Action::Send(arguments) => send::send(&options, arguments, output).await,
            Action::Drive(arguments) if arguments.length.is_none() => {
                let config = tui::TuiConfig::new(vec![arguments.vehicle], arguments.face);
                tui::run(&options, config).await
            }
            Action::Drive(arguments) => drive::run(&options, &arguments, output).await,
            Action::Tui(arguments) => {
                tui::run(&options, tui::TuiConfig::new(arguments.vehicles, arguments.face)).await
            }
            Action::Watch(arguments) => watch::run(&options, arguments, output).await,
            Action::Web(arguments) => web::run(&options, &arguments, output).await,
            Action::Audit(arguments) => audit::run(&options, &arguments, output).await,
            Action::Fleet => fleet::run(&options, output).await,
            Action::Estop(arguments) => estop::run(&options, &arguments, output).await,
            Action::Clear(arguments) => send::clear(&options, &arguments, output).await,
            Action::Ping(arguments) => ping::run(&options, &arguments, output).await,
            Action::Config => {
                config::show(&options, output);
                Ok(Exit::Done)
            }
            Action::Keys(arguments) => keys::run(&options, &arguments.task, output),
            Action::Demo(_)
            | Action::Certs(_)
            | Action::Doctor(_)
            | Action::Plot(_)
            | Action::Completions(_)
            | Action::Man(_) => Ok(Exit::Other),
        }
    })
}

/// Warns of a certificate of our own that ends soon; one that can't be read is told of where it is used.
fn warn_of_the_end(options: &Options, output: &Output) {
    let now = clock::wall().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    let ending = options.endpoint.ending().ok().flatten();
    if let Some(warning) = ending.and_then(|ending| ending.warning(UnixTime::since_unix_epoch(now))) {
        output.talk(&format!("warning: {warning}"));
    }
}

#[cfg(feature = "demo")]
fn demo(runtime: &Runtime, arguments: &DemoArgs, output: &Output) -> Result<Exit, Fault> {
    tokio::task::LocalSet::new().block_on(runtime, demo::run(arguments, output))
}

#[cfg(not(feature = "demo"))]
fn demo(_: &Runtime, _: &DemoArgs, _: &Output) -> Result<Exit, Fault> {
    Err(Fault::new(Exit::Usage, "the demo is not in this build", "build it with the feature `demo`"))
}

/// Help and version are data; a mistake is told on standard error, and to programs as an object too.
fn mistyped(error: &clap::Error, json: bool) -> Exit {
    let wanted = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if json && !wanted {
        let text = error.render().to_string();
        let what = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let step = "control-console --help";
        Output::new(true).object(&serde_json::json!({"error": what, "next_step": step, "exit": Exit::Usage}));
    }
    // A reader that has gone needs no help.
    let _ = error.print();
    if wanted { Exit::Done } else { Exit::Usage }
}

/// The log of the program itself, on standard error.
fn listen_to_ourselves(verbose: u8) {
    let level = match verbose {
        0 => tracing::Level::ERROR,
        1 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    // Fails only if a test in the same process was first.
    let _ = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).try_init();
}
