//! The emergency stop's file, which survives restarts and power cuts.
//!
//! The stop is set while the file exists, whatever is in it: a write that a power cut ends half way leaves it set, and only
//! a removal on purpose ends it.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use tokio::sync::{mpsc, watch};

/// The file's name in the agent's state folder.
const NAME: &str = "emergency-stop";

/// Where the emergency stop is kept.
#[derive(Clone, Debug)]
pub struct Latch {
    folder: PathBuf,
}

impl Latch {
    /// The emergency stop of the agent whose state is in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Whether the emergency stop is set. What cannot be read counts as set: it may be.
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
    /// When the file or its folder cannot be written; a stop that was set may then still be.
    pub fn write(&self, set: bool) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(NAME);
        if set {
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

/// Writes the latch beside the control loop, which never waits for a disk.
#[derive(Debug)]
pub(crate) struct LatchKeeper {
    wanted: watch::Sender<Option<bool>>,
    written: mpsc::Receiver<(bool, io::Result<()>)>,
}

impl LatchKeeper {
    /// Starts the task that writes. Needs a tokio runtime.
    pub(crate) fn spawn(latch: Latch) -> Self {
        let (wanted, mut asked) = watch::channel(None);
        let (done, written) = mpsc::channel(1);
        tokio::spawn(async move {
            // Only the newest wish is written: what was wished for before it no longer holds.
            while asked.changed().await.is_ok() {
                let Some(set) = *asked.borrow_and_update() else { continue };
                let latch = latch.clone();
                let result = tokio::task::spawn_blocking(move || latch.write(set)).await;
                let result = result.unwrap_or_else(|panic| Err(io::Error::other(panic)));
                if done.send((set, result)).await.is_err() {
                    return;
                }
            }
        });
        Self { wanted, written }
    }

    /// Asks for the stop to be stored as set or not set; what is stored already is not written again.
    pub(crate) fn store(&self, set: bool) {
        self.wanted.send_if_modified(|wanted| wanted.replace(set) != Some(set));
    }

    /// Waits until all that was asked for is written, or could not be.
    pub(crate) async fn finish(self) {
        let Self { wanted, mut written } = self;
        drop(wanted);
        while written.recv().await.is_some() {}
    }

    /// Waits until something was written: what, and whether it worked. May be cancelled.
    pub(crate) async fn next(&mut self) -> Option<(bool, io::Result<()>)> {
        let written = self.written.recv().await;
        if let Some((set, Err(_))) = &written {
            // So that the same wish is tried again when it comes again.
            self.wanted.send_if_modified(|wanted| {
                if *wanted == Some(*set) {
                    *wanted = None;
                }
                false
            });
        }
        written
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

    #[tokio::test]
    async fn the_newest_wish_is_what_ends_up_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let latch = Latch::new(folder.path());
        let mut keeper = LatchKeeper::spawn(latch.clone());
        for round in 0..50 {
            keeper.store(false);
            keeper.store(true);
            while !matches!(keeper.next().await, Some((true, Ok(())))) {}
            assert!(latch.is_set(), "{round}");
            keeper.store(false);
            while !matches!(keeper.next().await, Some((false, Ok(())))) {}
            assert!(!latch.is_set(), "{round}");
        }
    }

    #[tokio::test]
    async fn a_wish_of_the_last_moment_is_written_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let latch = Latch::new(folder.path());
        for _ in 0..50 {
            let keeper = LatchKeeper::spawn(latch.clone());
            keeper.store(true);
            keeper.finish().await;
            assert!(latch.is_set());
            latch.write(false).unwrap();
        }
    }

    #[tokio::test]
    async fn a_wish_that_failed_is_tried_again_when_it_comes_again() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("state");
        fs::write(&blocked, "in the way").unwrap();
        let mut keeper = LatchKeeper::spawn(Latch::new(&blocked));
        keeper.store(true);
        assert!(matches!(keeper.next().await, Some((true, Err(_)))));
        fs::remove_file(&blocked).unwrap();
        keeper.store(true);
        assert!(matches!(keeper.next().await, Some((true, Ok(())))));
    }
}
