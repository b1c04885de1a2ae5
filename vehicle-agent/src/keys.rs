//! The files of the keys that this vehicle accepts.
//!
//! A key is enrolled by putting its file into the folder, and never over the broker; it is accepted from the next start on. A
//! revoked key's file is removed.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use vehicle_link::secret_file;
use vehicle_protocol::auth::KeyFile;
use vehicle_protocol::{Advice, VehicleId};

/// The folder's name in the agent's state folder.
pub(crate) const FOLDER: &str = "keys";
/// The permission bits that group and others may not have on the folder: to put files there.
const WRITE: u32 = 0o022;

/// Reads the keys of `vehicle` in a folder, in the order of their names; no keys, if there is no such folder.
///
/// # Errors
/// Everything that is wrong with them: one that is not safe is not passed over in silence.
pub(crate) fn load(folder: &Path, vehicle: &VehicleId) -> Result<Vec<KeyFile>, Vec<Advice>> {
    let shown = folder.display();
    let unreadable = |error| vec![Advice::new(format!("{shown} cannot be read: {error}"), "check it")];
    match fs::metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
        Ok(metadata) if metadata.mode() & WRITE != 0 => {
            let what = format!("others may put keys into {shown}");
            return Err(vec![Advice::new(what, format!("run: chmod go-w {shown}"))]);
        }
        Ok(_) => {}
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    let (mut keys, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match read(&path, vehicle) {
            Ok(key) => keys.push(key),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(keys) } else { Err(problems) }
}

fn read(path: &Path, vehicle: &VehicleId) -> Result<KeyFile, Advice> {
    let shown = path.display();
    let text = secret_file::read(path).map_err(|error| error.advice())?;
    let key = KeyFile::parse(&text).map_err(|error| {
        Advice::new(format!("{shown} is {error}"), "make one with: control-console keys new")
    })?;
    if key.vehicle != *vehicle {
        let what = format!("{shown} is a key of the vehicle {}, not of {vehicle}", key.vehicle);
        return Err(Advice::new(what, "install it there"));
    }
    if path.file_stem().is_none_or(|stem| stem != key.key.as_str()) {
        let what = format!("{shown} holds the key {}", key.key);
        return Err(Advice::new(what, format!("call it {}.json", key.key)));
    }
    Ok(key)
}

#[cfg(test)]
mod tests;
