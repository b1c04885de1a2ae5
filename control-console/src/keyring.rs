//! The keys that this console has: for each vehicle one file.

use crate::exit::{Exit, Fault};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use vehicle_link::{SecretFileError, secret_file};
use vehicle_protocol::auth::{KeyFile, KeyFileError};
use vehicle_protocol::{Advice, VehicleId};

/// The folder of the keys; without one nothing is signed.
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

    /// The vehicles that there are keys for, by the names of the files; none without a folder.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn vehicles(&self) -> Result<Vec<VehicleId>, Fault> {
        let files = self.folder.as_deref().map(files).transpose()?.unwrap_or_default();
        Ok(files.iter().filter_map(|path| path.file_stem()?.to_str()?.parse().ok()).collect())
    }

    /// Reads every key once.
    #[must_use]
    pub fn load(&self) -> LoadedKeys {
        match self.vehicles() {
            Ok(vehicles) => {
                let keys =
                    vehicles.into_iter().map(|vehicle| (vehicle.clone(), self.find(&vehicle).transpose()));
                LoadedKeys(Ok(keys.filter_map(|(vehicle, key)| Some((vehicle, key?))).collect()))
            }
            Err(fault) => LoadedKeys(Err(fault)),
        }
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

/// The keys as they were when they were read, and why some can't be used.
#[derive(Clone, Debug)]
pub struct LoadedKeys(Result<BTreeMap<VehicleId, Result<KeyFile, Fault>>, Fault>);

impl LoadedKeys {
    /// The key for a vehicle, if there is one.
    ///
    /// # Errors
    /// If there is one that can't be used, or the folder can't be read.
    pub fn find(&self, vehicle: &VehicleId) -> Result<Option<KeyFile>, Fault> {
        let keys = self.0.as_ref().map_err(Clone::clone)?;
        keys.get(vehicle).cloned().transpose()
    }
}

/// The files in a folder that are meant to be keys, in order; none where there is no folder.
///
/// # Errors
/// If it can't be read.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            let what = format!("{} can't be read: {error}", folder.display());
            return Err(Fault::new(
                Exit::Usage,
                what,
                "check its permissions, or name another with --keys-dir",
            ));
        }
        Ok(entries) => entries,
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json") && !is_hidden(path))
        .collect();
    paths.sort();
    Ok(paths)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// A key that can't be used.
#[derive(Debug)]
pub(crate) enum Unread {
    File(SecretFileError),
    Content { path: PathBuf, problem: KeyFileError },
}

impl Unread {
    pub(crate) fn advice(&self) -> Advice {
        match self {
            Self::File(error) => error.advice(),
            Self::Content { path, problem } => Advice::new(
                format!("{} is {problem}", path.display()),
                "make one with control-console keys new",
            ),
        }
    }
}

impl From<Unread> for Fault {
    fn from(error: Unread) -> Self {
        Self { exit: Exit::Usage, advice: error.advice() }
    }
}

pub(crate) fn read(path: &Path) -> Result<KeyFile, Unread> {
    let text = secret_file::read(path).map_err(Unread::File)?;
    KeyFile::parse(&text).map_err(|problem| Unread::Content { path: path.to_owned(), problem })
}
