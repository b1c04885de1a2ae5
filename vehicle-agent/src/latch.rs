//! The emergency stop's file, which survives restarts and power cuts.
//!
//! The stop is set while the file exists, whatever is in it: a write that a power cut ends half way leaves it set, and only
//! a removal on purpose ends it.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The file's name in the agent's state folder.
const NAME: &str = "emergency-stop";

/// The emergency stop on the disk.
#[derive(Clone, Debug)]
pub struct Latch {
    folder: PathBuf,
}

impl Latch {
    /// Names the emergency stop of the agent whose state is in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Reports the emergency stop as set unless its file is known not to be there.
    #[must_use]
    pub fn is_set(&self) -> bool {
        match fs::symlink_metadata(self.folder.join(NAME)) {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::NotFound,
        }
    }

    /// Sets or clears the emergency stop; it is on the disk when this returns.
    ///
    /// # Errors
    /// If the file or its folder cannot be written; a stop that was set may then still be.
    pub fn write(&self, set: bool) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(NAME);
        if set {
            // In place, not by rename: from the moment that the name is there, a full disk or a power cut can only leave it set.
            let mut file = File::create(path)?;
            file.write_all(b"The vehicle is in emergency stop. Send CLEAR_EMERGENCY_STOP to end it.\n")?;
            file.sync_all()?;
        } else {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        File::open(&self.folder)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_set_until_it_is_cleared_on_purpose() {
        let folder = tempfile::tempdir().unwrap();
        let latch = Latch::new(&folder.path().join("state"));
        assert!(!latch.is_set());
        latch.write(true).unwrap();
        latch.write(true).unwrap();
        assert!(Latch::new(&folder.path().join("state")).is_set());
        latch.write(false).unwrap();
        latch.write(false).unwrap();
        assert!(!latch.is_set());
    }

    #[test]
    fn a_file_cut_short_at_any_byte_still_means_set() {
        let folder = tempfile::tempdir().unwrap();
        let latch = Latch::new(folder.path());
        latch.write(true).unwrap();
        let whole = fs::read(folder.path().join(NAME)).unwrap();
        for end in 0..=whole.len() {
            fs::write(folder.path().join(NAME), &whole[..end]).unwrap();
            assert!(latch.is_set(), "{end} bytes");
        }
    }
}
