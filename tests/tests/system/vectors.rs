//! The published signed messages, checked by a script that shares no code with us.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use system_tests::process::{Output, Program};

fn vectors() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/tests/vectors"))
}

async fn verify(file: &std::path::Path) -> Result<Output> {
    let mut command = Command::new("/usr/bin/python3");
    command.arg("-B").arg(vectors().join("verify.py")).arg(file);
    Program::spawn("verify.py", command)?.output(Duration::from_secs(60)).await
}

#[tokio::test]
async fn another_implementation_derives_every_published_vector() -> Result<()> {
    let output = verify(&vectors().join("vp1.json")).await?;
    ensure!(output.code == Some(0), "{}", output.stderr);
    let count: u32 = output.stdout.split(' ').next().context("a count")?.parse()?;
    ensure!(count > 80, "only {count} vectors");
    Ok(())
}

#[tokio::test]
async fn another_implementation_finds_one_wrong_digit_in_a_vector() -> Result<()> {
    let text = fs::read_to_string(vectors().join("vp1.json"))?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("wrong.json");
    for (right, wrong) in [
        (r#""compact": "8"#, r#""compact": "9"#),
        (r#""signed": "8"#, r#""signed": "9"#),
        (r#"\"CTR\":7"#, r#"\"CTR\":8"#),
        (r#"\"CLOCK\":81234"#, r#"\"CLOCK\":81235"#),
        (r#""secret": "00"#, r#""secret": "01"#),
    ] {
        ensure!(text.contains(right), "no {right} in the vectors");
        fs::write(&file, text.replacen(right, wrong, 1))?;
        let output = verify(&file).await?;
        ensure!(output.code == Some(1) && output.stderr.contains(" is "), "{wrong}: {}", output.stderr);
    }
    Ok(())
}
