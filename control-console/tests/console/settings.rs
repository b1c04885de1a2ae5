//! Settings, help and mistakes on the command line.

use crate::console::{command, object};
use anyhow::Result;
use serde_json::json;
use std::fs;
use system_tests::process::{Output, Program};
use system_tests::wait::SOON;

async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Output> {
    let mut command = command(arguments);
    command.envs(variables.iter().copied());
    Program::spawn("control-console", command)?.output(SOON).await
}

#[tokio::test]
async fn without_a_subcommand_there_is_help_that_leads_with_the_demo() -> Result<()> {
    let output = run(&[], &[]).await?;
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
    assert!(output.stderr.starts_with("Try it now"), "{}", output.stderr);
    let output = run(&["--json"], &[]).await?;
    assert_eq!((output.code, &object(&output)?["exit"]), (Some(2), &json!(2)));
    let output = run(&["--help"], &[]).await?;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    assert!(output.stdout.contains("no answer in time, outcome unknown"), "{}", output.stdout);
    Ok(())
}

#[tokio::test]
async fn config_tells_where_each_setting_comes_from_and_no_password() -> Result<()> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join(".config/control-console");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("config.toml"), "root = 'fleet/a'\n[broker]\nurl = 'mqtt://from-file'\n")?;
    let variables = [
        ("HOME", home.path().to_str().unwrap()),
        ("CONTROL_CONSOLE__BROKER__PASSWORD", "hunter2"),
        ("CONTROL_CONSOLE__BROKER__USER", "anna"),
    ];
    let output = run(&["config", "--timeout", "3s"], &variables).await?;
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(!output.stdout.contains("hunter2"));
    let line = |key: &str| output.stdout.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    assert!(
        line("broker.url").contains("mqtt://from-file:1883") && line("broker.url").ends_with("config.toml:3")
    );
    assert!(line("broker.password").contains("(set)") && line("broker.password").ends_with("__PASSWORD"));
    assert!(line("timeout").contains("3s") && line("timeout").ends_with("--timeout"));
    let output = run(&["config", "--json"], &variables).await?;
    assert_eq!(object(&output)?["settings"][0]["value"], "mqtt://from-file:1883");
    Ok(())
}

#[tokio::test]
async fn every_mistake_in_the_settings_is_told_at_once() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("c.toml");
    fs::write(&file, "timeout = 'soon'\nrot = 'x'\n[broker]\nurl = 'http://x'\n")?;
    let output = run(&["fleet", "--json", "--config", file.to_str().unwrap()], &[]).await?;
    let told = object(&output)?;
    assert_eq!((output.code, &told["exit"]), (Some(2), &json!(2)));
    for part in ["c.toml:1: timeout", "c.toml:2: rot", "did you mean root", "c.toml:4: broker.url"] {
        assert!(told["error"].as_str().unwrap().contains(part), "{part}: {told}");
    }
    let output = run(&["fleet", "--config", "/nowhere/c.toml"], &[]).await?;
    assert_eq!(output.code, Some(2));
    let output = run(&["fleet", "--broker", "mqtt://b", "--cert-file", "/nowhere"], &[]).await?;
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    Ok(())
}
