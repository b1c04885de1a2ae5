//! The keys that this console has: for each vehicle one file.

use crate::exit::{Exit, Fault};
use std::path::{Path, PathBuf};
use vehicle_link::{SecretFileError, secret_file};
use vehicle_protocol::VehicleId;
use vehicle_protocol::auth::{KeyFile, KeyFileError};

/// Where the keys lie; without a folder nothing is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyring {
    folder: Option<PathBuf>,
}

impl Keyring {
    /// The keys in a folder.
    #[must_use]
    pub const fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The key for a vehicle, if there is one.
    ///
    /// # Errors
    /// If there is a file that can't be used: others can read it, it is no key, or one of another vehicle.
    pub fn find(&self, vehicle: &VehicleId) -> Result<Option<KeyFile>, Fault> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let path = folder.join(format!("{vehicle}.json"));
        match read(&path) {
            Err(Unread::File(error)) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
            Ok(key) if key.vehicle == *vehicle => Ok(Some(key)),
            Ok(key) => {
                let what = format!("{} is a key of {}", path.display(), key.vehicle);
                Err(Fault::new(Exit::Usage, what, "name the file after its vehicle"))
            }
        }
    }
}

/// Why a key can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    #[error(transparent)]
    File(#[from] SecretFileError),
    #[error("{} is {problem}; make one with control-console keys new", path.display())]
    Content {
        path: PathBuf,
        #[source]
        problem: KeyFileError,
    },
}

impl From<Unread> for Fault {
    fn from(error: Unread) -> Self {
        Self::advised(Exit::Usage, &error.to_string(), "correct it, or send without a key: --unsigned")
    }
}

pub(crate) fn read(path: &Path) -> Result<KeyFile, Unread> {
    let text = secret_file::read(path)?;
    KeyFile::parse(&text).map_err(|problem| Unread::Content { path: path.to_owned(), problem })
}
