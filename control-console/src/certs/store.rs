//! The authority's folder: one program at a time, each file whole or not there, for its owner alone.

use super::identity::Identity;
use super::register::Register;
use crate::cli::Kind;
use crate::exit::{Exit, Fault};
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use vehicle_link::{SecretFileError, secret_file};

const REGISTER: &str = "register.json";

/// The folder, ours alone while this lives.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    _lock: File,
}

impl Store {
    /// Makes the folder of a new authority, or takes an empty one.
    ///
    /// # Errors
    /// If there is an authority already, or the folder can't be used.
    pub(super) fn create(folder: &Path) -> Result<Self, Fault> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| refused(folder, &error))?;
        let store = Self::lock(folder)?;
        for path in [store.folder.join(REGISTER), store.authority_key(), store.authority()] {
            if path.exists() {
                let what = format!("{} is there already: an authority is made once", path.display());
                return Err(Fault::new(
                    Exit::Usage,
                    what,
                    "go on with control-console certs issue, or name another folder with --dir",
                ));
            }
        }
        Ok(store)
    }

    /// Opens the folder of an authority.
    ///
    /// # Errors
    /// If there is none, or others may write to it.
    pub(super) fn open(folder: &Path) -> Result<(Self, Register), Fault> {
        if !folder.join(REGISTER).exists() {
            let what = format!("there is no authority in {}", folder.display());
            return Err(Fault::new(
                Exit::Usage,
                what,
                "control-console certs init, or name its folder with --dir",
            ));
        }
        let store = Self::lock(folder)?;
        let path = store.folder.join(REGISTER);
        let text = fs::read_to_string(&path).map_err(|error| refused(&path, &error))?;
        let register = serde_json::from_str(&text).map_err(|error| {
            let what = format!("{} can't be read: {error}", path.display());
            Fault::new(Exit::Other, what, "put back the last good copy of it")
        })?;
        Ok((store, register))
    }

    fn lock(folder: &Path) -> Result<Self, Fault> {
        let folder = std::path::absolute(folder).map_err(|error| refused(folder, &error))?;
        let handle = File::open(&folder).map_err(|error| refused(&folder, &error))?;
        let mode = handle.metadata().map_err(|error| refused(&folder, &error))?.permissions().mode();
        if mode & 0o077 != 0 {
            let what = format!("others can get into {} (mode {:04o})", folder.display(), mode & 0o7777);
            return Err(Fault::new(Exit::Usage, what, format!("chmod 700 {}", folder.display())));
        }
        handle.lock().map_err(|error| refused(&folder, &error))?;
        Ok(Self { folder, _lock: handle })
    }

    /// The authority's certificate.
    pub(super) fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Its key.
    pub(super) fn authority_key(&self) -> PathBuf {
        self.folder.join("ca.key")
    }

    /// The list of what was revoked.
    pub(super) fn revoked(&self) -> PathBuf {
        self.folder.join("crl.pem")
    }

    /// The default folder of the broker's configuration.
    pub(super) fn broker_config(&self) -> PathBuf {
        self.folder.join("mosquitto")
    }

    /// A certificate and its key.
    pub(super) fn pair(&self, identity: &Identity) -> (PathBuf, PathBuf) {
        let kind = match identity.kind {
            Kind::Broker => "brokers",
            Kind::Vehicle => "vehicles",
            Kind::Operator => "operators",
        };
        let file = |end| self.folder.join(kind).join(format!("{}.{end}", identity.name));
        (file("pem"), file("key"))
    }

    /// Writes the register.
    ///
    /// # Errors
    /// If that fails; then the old one stays.
    pub(super) fn write(&self, register: &Register) -> Result<(), Fault> {
        let text = serde_json::to_string_pretty(register).map_err(|error| {
            Fault::new(Exit::Other, format!("the register can't be written: {error}"), "report this")
        })?;
        replace(&self.folder.join(REGISTER), &text)
    }
}

/// Writes a file that must not be there.
///
/// # Errors
/// If it is, or can't be written.
pub(super) fn create(path: &Path, text: &str) -> Result<(), Fault> {
    secret_file::create(path, text.as_bytes()).map_err(fault)
}

/// Writes a file, in the place of the one that is there.
///
/// # Errors
/// If it can't be written.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), Fault> {
    secret_file::replace(path, text.as_bytes()).map_err(fault)
}

/// Makes an error of a file the end of the program.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
pub(super) fn fault(error: SecretFileError) -> Fault {
    Fault { exit: Exit::Other, advice: error.advice() }
}

/// An error of the system, for which the path is to blame.
pub(super) fn refused(path: &Path, error: &io::Error) -> Fault {
    let step = if error.kind() == ErrorKind::NotFound {
        "check the path; control-console certs issue, with --renew, makes a lost certificate anew"
    } else {
        "check the path and its permissions"
    };
    Fault::new(Exit::Other, format!("{}: {error}", path.display()), step)
}
