//! The trace: one line per change of any output.

use super::record::Record;
use crate::board::BoardError;
use crate::control::{Cause, Moment, Outputs};
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use vehicle_protocol::CommandId;

/// More than the longest line has.
const LINE: u64 = 512;

#[derive(Serialize)]
struct TraceRecord<'a> {
    t: u64,
    #[serde(flatten)]
    outputs: &'a Outputs,
    cause: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a CommandId>,
}

/// A trace file, which is only ever appended to.
#[derive(Debug)]
pub struct Trace {
    path: PathBuf,
    file: File,
    started_ns: u64,
    /// A write failed, perhaps in the middle of a line.
    torn: bool,
}

impl Trace {
    /// Opens or creates the file; `started_ns` is `CLOCK_MONOTONIC` at [`Moment::default`], in nanoseconds.
    ///
    /// # Errors
    /// If it can't be opened.
    pub fn append(path: &Path, started_ns: u64) -> Result<Self, BoardError> {
        match OpenOptions::new().append(true).create(true).open(path) {
            Ok(file) => Ok(Self { path: path.to_owned(), file, started_ns, torn: false }),
            Err(error) => Err(failed(path, &error)),
        }
    }

    /// The outputs of the last whole line, whoever wrote it; none if there is none.
    #[must_use]
    pub fn last(&self) -> Option<Outputs> {
        let mut file = File::open(&self.path).ok()?;
        let length = file.metadata().ok()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LINE.saturating_mul(2)))).ok()?;
        let mut tail = Vec::new();
        file.take(LINE.saturating_mul(2)).read_to_end(&mut tail).ok()?;
        let mut lines = tail.rsplit(|byte| *byte == b'\n');
        lines.find_map(|line| serde_json::from_slice::<Record>(line).ok()?.outputs())
    }

    /// Writes one line, in one write: other processes may append to the same file.
    ///
    /// # Errors
    /// If it can't be written; part of it may have been, and the next line then begins after a line break.
    pub fn line(&mut self, now: Moment, outputs: &Outputs, cause: &Cause) -> Result<(), BoardError> {
        let since_start = u64::try_from(now.since_start().as_nanos()).unwrap_or(u64::MAX);
        let t = self.started_ns.saturating_add(since_start);
        let line = TraceRecord { t, outputs, cause: cause.as_str(), id: cause.id() };
        let written = serde_json::to_string(&line).map_err(io::Error::from).and_then(|line| {
            let start = if self.torn { "\n" } else { "" };
            self.file.write_all(format!("{start}{line}\n").as_bytes())
        });
        self.torn = written.is_err();
        written.map_err(|error| failed(&self.path, &error))
    }
}

fn failed(path: &Path, error: &io::Error) -> BoardError {
    BoardError::new(
        format!("trace file {}", path.display()),
        error.to_string(),
        "make room in its folder and allow writing there, or run without --trace",
    )
}
