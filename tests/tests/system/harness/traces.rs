use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use system_tests::trace::Trace;
use system_tests::wait::SOON;

fn line(time: u64, left: f64, cause: &str) -> String {
    format!(
        r#"{{"t":{time},"left":{left},"right":0.35,"enable":true,"brake":false,"headlights":false,"parking_lights":true,"hazard_lights":false,"horn":false,"doors":"locked","cause":"{cause}"}}"#
    )
}

fn append(file: &Path, text: &str) -> Result<()> {
    Ok(write!(OpenOptions::new().create(true).append(true).open(file)?, "{text}")?)
}

#[tokio::test]
async fn a_line_that_comes_later_is_found_and_not_found_twice() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("trace");
    let mut trace = Trace::follow(&file);
    ensure!(trace.lines()?.is_empty(), "a file that does not exist has no lines");
    append(&file, &format!("{}\n", line(1, 0.35, "ACCELERATE")))?;
    let writing = async {
        tokio::task::yield_now().await;
        append(&file, &format!("{}\n", line(2, 0.0, "BRAKE")))
    };
    let (found, written) =
        tokio::join!(trace.wait_for("the brake", SOON, |line| line.cause == "BRAKE"), writing);
    written?;
    ensure!(found?.t == 2, "another line");
    let again = trace.wait_for("a second one", Duration::from_millis(50), |_| true).await;
    ensure!(again.is_err(), "lines were looked at twice");
    ensure!(trace.lines()?.len() == 2, "lines were lost");
    Ok(())
}

#[tokio::test]
async fn half_a_line_is_not_read_and_a_wrong_one_is_an_error() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("trace");
    let trace = Trace::follow(&file);
    append(&file, &line(1, 0.35, "x"))?;
    ensure!(trace.lines()?.is_empty(), "half a line was read");
    append(&file, "\n")?;
    ensure!(trace.lines()?.len() == 1, "a whole line was not read");
    fs::write(&file, "{\"t\":1}\n")?;
    ensure!(trace.lines().is_err(), "a line without outputs was taken");
    Ok(())
}

#[test]
fn a_vehicle_moves_when_any_motor_is_driven_either_way() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("trace");
    let standing = line(1, 0.0, "x").replace(r#""right":0.35"#, r#""right":0"#);
    append(&file, &format!("{standing}\n{}\n", standing.replace(r#""left":0"#, r#""left":-0.01"#)))?;
    let moves: Vec<_> =
        Trace::follow(&file).lines()?.iter().map(system_tests::trace::TraceLine::moves).collect();
    assert_eq!(moves, [false, true]);
    Ok(())
}
