use std::process::Command;

use anyhow::{Result, ensure};
use system_tests::process::{Program, Signal};
use system_tests::wait::{SOON, until};

fn shell(script: &str) -> Result<Program> {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Program::spawn("sh", command)
}

#[tokio::test]
async fn a_program_that_ends_leaves_its_code_and_both_outputs() -> Result<()> {
    let output = shell("echo out; echo err >&2; exit 6")?.output(SOON).await?;
    ensure!((output.code, &*output.stdout, &*output.stderr) == (Some(6), "out\n", "err\n"), "{output:?}");
    Ok(())
}

#[tokio::test]
async fn waiting_for_a_text_fails_as_soon_as_the_program_ends_without_it() -> Result<()> {
    let mut program = shell("echo one; echo two >&2")?;
    program.wait_for_stdout("one").await?;
    program.wait_for_stderr("two").await?;
    let error = program.wait_for_stdout("two").await;
    ensure!(error.is_err_and(|error| error.to_string().contains("ended without")), "it waited to the end");
    Ok(())
}

#[tokio::test]
async fn a_signal_reaches_the_program() -> Result<()> {
    let mut program = shell("trap 'echo asked; exit 4' TERM; echo ready; while :; do sleep 0.01; done")?;
    program.wait_for_stdout("ready").await?;
    program.signal(Signal::TERM)?;
    let output = program.output(SOON).await?;
    ensure!(output.code == Some(4) && output.stdout.contains("asked"), "{output:?}");
    Ok(())
}

#[tokio::test]
async fn a_dropped_program_does_not_live_on() -> Result<()> {
    let program = shell("exec sleep 1000")?;
    let process = format!("/proc/{}", program.id());
    ensure!(std::fs::exists(&process)?, "it never ran");
    drop(program);
    until("the process to be gone", SOON, || Ok((!std::fs::exists(&process)?).then_some(()))).await
}

#[test]
fn a_program_that_was_not_built_is_named_with_the_way_to_build_it() {
    let Err(error) = Program::start("no-such-program", &[]) else { panic!("it was started") };
    assert!(error.to_string().contains("cargo build --bin no-such-program"), "{error}");
}
