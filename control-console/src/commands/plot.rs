//! `plot`: draws a recording as a picture.

mod chart;
mod recording;

use crate::cli::PlotArgs;
use crate::exit::{Exit, Fault};
use crate::output::Output;
use recording::Recording;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Reads what `watch --json` and `ping --json` wrote, and writes an SVG beside it.
///
/// # Errors
/// If the file can't be read, holds nothing that can be drawn, or the picture can't be written.
pub(crate) fn run(arguments: &PlotArgs, output: &Output) -> Result<Exit, Fault> {
    let text = read(&arguments.file)?;
    let recording = Recording::read(&text, arguments.vehicle.as_ref())
        .map_err(|error| Fault { exit: Exit::Usage, advice: error.advice() })?;
    let picture = chart::draw(&recording)
        .map_err(|error| Fault::new(Exit::Other, format!("it can't be drawn: {error}"), RECORD))?;
    let out = arguments.out.clone().unwrap_or_else(|| beside(&arguments.file));
    if out == Path::new("-") {
        output.line(picture.trim_end());
        return Ok(Exit::Done);
    }
    fs::write(&out, picture).map_err(|error| {
        let what = format!("{} can't be written: {error}", out.display());
        Fault::new(Exit::Usage, what, "name another file with --out")
    })?;
    let vehicle = recording.vehicle();
    if output.is_json() {
        output.object(
            &serde_json::json!({"vehicle": vehicle, "file": out, "unreadable_lines": recording.unread()}),
        );
    } else {
        output.line(&out.display().to_string());
    }
    if recording.unread() > 0 {
        output.note(&format!("{} lines are no record and were left out", recording.unread()));
    }
    Ok(Exit::Done)
}

/// The next step for who has no recording.
const RECORD: &str = "record one first: control-console --json watch VEHICLE > drive.ndjson";

fn read(file: &Path) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    let taken = if file == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map(|_| ())
    } else {
        fs::read(file).map(|read| bytes = read)
    };
    taken.map_err(|error| {
        Fault::new(Exit::Usage, format!("{} can't be read: {error}", file.display()), RECORD)
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn beside(file: &Path) -> PathBuf {
    if file == Path::new("-") { PathBuf::from("plot.svg") } else { file.with_extension("svg") }
}
