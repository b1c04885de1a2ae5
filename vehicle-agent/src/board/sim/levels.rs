//! The level file: what the pins of a simulated board are at, whoever lives.

use super::record::Record;
use crate::board::BoardError;
use crate::control::Outputs;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Size of the file: one JSON object, filled up with spaces, and a line break. The longest object has 199 bytes.
const SIZE: usize = 256;

/// The file of levels, which survives whoever wrote it, as real pins do.
#[derive(Debug)]
pub struct Levels {
    path: PathBuf,
    file: File,
}

impl Levels {
    /// Opens the file, or creates an empty one; what it holds stays.
    ///
    /// # Errors
    /// If it can't be opened.
    pub fn open(path: &Path) -> Result<Self, BoardError> {
        match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path) {
            Ok(file) => Ok(Self { path: path.to_owned(), file }),
            Err(error) => Err(failed(path, &error)),
        }
    }

    /// Brings all pins to their levels, in one write of constant size at the beginning of the file.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn write(&self, outputs: &Outputs) -> Result<(), BoardError> {
        let written = serde_json::to_string(outputs).map_err(io::Error::from).and_then(|text| {
            let record = format!("{text:width$}\n", width = SIZE.saturating_sub(1));
            self.file.write_all_at(record.as_bytes(), 0)
        });
        written.map_err(|error| failed(&self.path, &error))
    }

    /// Reads the levels; none if nobody has written any.
    ///
    /// # Errors
    /// If the file can't be read, or holds something else.
    pub fn read(&self) -> Result<Option<Outputs>, BoardError> {
        let mut bytes = [0; SIZE];
        match self.file.read_exact_at(&mut bytes, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(failed(&self.path, &error)),
        }
        let record: Record =
            serde_json::from_slice(&bytes).map_err(|error| failed(&self.path, &io::Error::from(error)))?;
        let strange = || failed(&self.path, &io::Error::new(ErrorKind::InvalidData, "no drivetrain"));
        record.outputs().map(Some).ok_or_else(strange)
    }
}

fn failed(path: &Path, error: &io::Error) -> BoardError {
    BoardError::new(
        format!("level file {}", path.display()),
        error.to_string(),
        "allow reading and writing it, or remove sim.levels from the configuration",
    )
}
