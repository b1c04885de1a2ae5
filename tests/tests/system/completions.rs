//! What Tab completes in a real shell, with the vehicles of the moment.

use anyhow::{Context as _, Result};
use std::process::Command;
use system_tests::agent::Agent;
use system_tests::clock::monotonic;
use system_tests::mosquitto::Mosquitto;
use system_tests::process::Program;
use system_tests::terminal::{Kind, Terminal};
use system_tests::wait::{SOON, until};

/// Bash without anybody's start files, which asks our program.
fn bash(broker: &Mosquitto) -> Result<Terminal> {
    let console = Program::command("control-console")?;
    let folder = std::path::Path::new(console.get_program()).parent().context("no folder")?;
    let path = format!("{}:{}", folder.display(), std::env::var("PATH")?);
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-i"]).env("PATH", path).env("PS1", "ready> ");
    bash.env("CONTROL_CONSOLE__BROKER__URL", broker.url());
    Terminal::start(&bash, Kind::Old, (200, 28))
}

async fn shows(terminal: &Terminal, typed: &str, text: &str) -> Result<()> {
    terminal.send(typed)?;
    until(text, SOON, || Ok(terminal.shown().contains(text).then_some(()))).await
}

/// How often a person presses Tab who gets nothing, in nanoseconds.
const PRESSED_EVERY: u64 = 3_000_000_000;

/// As `shows`, with Tab pressed anew now and then: who presses it waits less than a second, and the broker may take longer.
async fn completes(terminal: &Terminal, typed: &str, text: &str) -> Result<()> {
    terminal.send(typed)?;
    let mut next = 0;
    until(text, SOON, || {
        let (shown, now) = (terminal.shown().contains(text), monotonic());
        if !shown && now >= next {
            next = now.saturating_add(PRESSED_EVERY);
            terminal.send("\t")?;
        }
        Ok(shown.then_some(()))
    })
    .await
}

#[tokio::test]
async fn bash_completes_vehicles_that_are_there_commands_and_their_arguments() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let _agent = Agent::start(&broker, "rover-1", &[]).await?;
    let bash = bash(&broker)?;
    until("a prompt", SOON, || Ok(bash.shown().contains("ready>").then_some(()))).await?;
    let register = "source <(control-console completions bash 2>/dev/null); echo registered $?\r";
    shows(&bash, register, "registered 0").await?;
    completes(&bash, "control-console send ro", "send rover-1 ").await?;
    shows(&bash, "loc\t", "send rover-1 lock-doors ").await?;
    // Control-U takes the line away.
    shows(&bash, "\u{15}control-console doc\t", "control-console doctor ").await?;
    completes(&bash, "ro", "doctor rover-1 ").await?;
    shows(&bash, "--cl\t", "doctor rover-1 --clear-retained ").await?;
    shows(&bash, "\u{15}control-console send rover-1 horn --dur\t", "horn --duration-ms").await?;
    shows(&bash, "\u{15}control-console keys new x --role ow\t", "--role owner").await?;
    Ok(())
}
