//! The time by which certificates are judged, on a board that may wake up in 1970.
//!
//! It is the latest of what the system says, when this program was built, and the newest time that was trusted before. A time
//! is trusted when a broker's certificate was in force by the system's own clock: so what is kept never lies behind the end of
//! a certificate that was good, and a clock that once ran ahead can't lock out the certificate that follows that one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use vehicle_link::{SecretFileError, TimeProvider, UnixTime, day, secret_file};

/// The file's name in the agent's state folder; it holds seconds since 1970.
const NAME: &str = "newest-time";

/// The file is written once in so many seconds at most: flash wears out.
const SELDOM_S: u64 = 86_400;

/// The time by which certificates are judged.
pub struct TrustedTime {
    file: PathBuf,
    system: fn() -> Duration,
    /// No time before this is believed, in seconds since 1970.
    floor: AtomicU64,
    /// The content of the file.
    stored: AtomicU64,
}

impl TrustedTime {
    /// Reads what the agent whose state is in `folder` has kept; `system` is the system's time of day, since 1970.
    #[must_use]
    pub fn new(folder: &Path, system: fn() -> Duration) -> Self {
        let file = folder.join(NAME);
        let stored = match secret_file::read(&file) {
            Ok(text) => text.trim().parse().unwrap_or_else(|_| {
                tracing::warn!("{} holds no time; it is not used", file.display());
                0
            }),
            Err(error) => {
                if !error.is_missing() {
                    tracing::warn!("the newest time is not known: {error}");
                }
                0
            }
        };
        Self::with(file, system, built().max(stored), stored)
    }

    fn with(file: PathBuf, system: fn() -> Duration, floor: u64, stored: u64) -> Self {
        Self { file, system, floor: AtomicU64::new(floor), stored: AtomicU64::new(stored) }
    }

    /// The time by which certificates are judged now.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        let seconds = (self.system)().as_secs().max(self.floor.load(Ordering::Relaxed));
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    /// Says by which day certificates are judged, if the system's clock is not believed.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        let system = (self.system)();
        let behind = system.as_secs() < self.floor.load(Ordering::Relaxed);
        let (told, taken) = (day(UnixTime::since_unix_epoch(system)), day(self.now()));
        behind.then(|| format!("the clock says {told}; certificates are judged as of {taken}"))
    }

    /// A broker's certificate was in force: believes the system's clock, if that was what said so, and gives the time that
    /// should be kept, if one should.
    pub(crate) fn confirmed(&self) -> Option<u64> {
        let system = (self.system)().as_secs();
        if system < self.floor.fetch_max(system, Ordering::Relaxed) {
            return None;
        }
        let due = self.stored.load(Ordering::Relaxed).saturating_add(SELDOM_S);
        (system >= due).then_some(system)
    }

    /// Keeps a time in the file. Blocks until it is on the disk.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn keep(&self, time: u64) -> Result<(), SecretFileError> {
        // Even if it fails: a disk that is full is not asked at each connection.
        self.stored.fetch_max(time, Ordering::Relaxed);
        secret_file::replace(&self.file, format!("{time}\n").as_bytes())
    }
}

/// The build time of this program, in seconds since 1970.
fn built() -> u64 {
    env!("VEHICLE_AGENT_BUILT").parse().unwrap_or(0)
}

impl TimeProvider for TrustedTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.now())
    }
}

impl fmt::Debug for TrustedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedTime")
            .field("file", &self.file)
            .field("floor", &self.floor)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const IN_1970: fn() -> Duration = || Duration::from_secs(7);
    const IN_2100: fn() -> Duration = || Duration::from_secs(4_102_444_800);

    fn seconds(trusted_time: &TrustedTime) -> u64 {
        trusted_time.now().as_secs()
    }

    #[test]
    fn a_board_without_clock_takes_the_time_of_its_build() {
        let folder = tempfile::tempdir().unwrap();
        let trusted_time = TrustedTime::new(folder.path(), IN_1970);
        assert_eq!(seconds(&trusted_time), built());
        assert!(built() > 1_700_000_000, "{}", built());
        assert!(
            trusted_time.doubt().unwrap().starts_with("the clock says 1970-01-01; "),
            "{:?}",
            trusted_time.doubt()
        );
        assert_eq!(trusted_time.confirmed(), None, "a clock that is not believed teaches nothing");
    }

    #[test]
    fn what_was_confirmed_is_kept_over_a_restart_and_never_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let trusted_time = TrustedTime::new(folder.path(), IN_2100);
        assert_eq!((seconds(&trusted_time), trusted_time.doubt()), (4_102_444_800, None));
        trusted_time.keep(trusted_time.confirmed().unwrap()).unwrap();
        let trusted_time = TrustedTime::new(folder.path(), IN_1970);
        assert_eq!(seconds(&trusted_time), 4_102_444_800);
    }

    #[test]
    fn the_file_is_written_once_a_day_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(NAME);
        let trusted_time = |stored| TrustedTime::with(file.clone(), IN_2100, stored, stored);
        let now = IN_2100().as_secs();
        assert_eq!(trusted_time(now - SELDOM_S + 1).confirmed(), None);
        let due = trusted_time(now - SELDOM_S);
        assert_eq!(due.confirmed(), Some(now));
        due.keep(now).unwrap();
        assert_eq!(due.confirmed(), None);
    }

    #[test]
    fn a_file_that_holds_no_time_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "soon", "-5", "1e9", "99999999999999999999999"] {
            let _ = fs::remove_file(folder.path().join(NAME));
            secret_file::create(&folder.path().join(NAME), text.as_bytes()).unwrap();
            assert_eq!(seconds(&TrustedTime::new(folder.path(), IN_1970)), built(), "{text:?}");
        }
    }

    #[test]
    fn a_folder_that_can_not_be_written_is_tried_once_a_day_at_most() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("state"), "in the way").unwrap();
        let trusted_time = TrustedTime::with(folder.path().join("state").join(NAME), IN_2100, 0, 0);
        assert!(trusted_time.keep(trusted_time.confirmed().unwrap()).is_err());
        assert_eq!(trusted_time.confirmed(), None);
    }
}
