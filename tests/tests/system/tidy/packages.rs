use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::root;

/// What runs on boards: cross-built with Debian's standard library, which is of Rust 1.85.
const ON_BOARDS: [&str; 4] = ["vehicle-agent", "vehicle-protocol", "vehicle-link", "vehicle-settings"];

#[test]
fn packages_that_run_on_boards_ask_for_no_newer_rust_than_debians() -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"])
        .current_dir(root()?)
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("packages")?;
    for name in ON_BOARDS {
        let package = packages.iter().find(|package| package["name"] == name).context(name)?;
        ensure!(package["rust_version"] == "1.85", "{name} asks for {}", package["rust_version"]);
    }
    Ok(())
}
