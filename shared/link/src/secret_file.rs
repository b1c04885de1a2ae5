//! Files that hold secrets: nobody but their owner may read them, and they are whole or not there.

use std::fmt;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use vehicle_protocol::Advice;
use zeroize::Zeroizing;

/// Nothing that is a key or a certificate is longer, in bytes.
const MOST_BYTES: u64 = 64 * 1024;
/// What others than the owner may do.
const OTHERS: u32 = 0o077;

/// Why a file with a secret was not read, written or removed.
#[derive(Debug)]
pub enum SecretFileError {
    /// Others than its owner may read or write it.
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It belongs to somebody else, who could change it.
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// It is there already.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It is no file, or too long, or no text.
    NoText {
        /// The file.
        path: PathBuf,
    },
    /// The system says no.
    Refused {
        /// The file.
        path: PathBuf,
        /// Read, written or removed.
        deed: &'static str,
        /// What the system says.
        problem: io::Error,
    },
}

impl fmt::Display for SecretFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.advice().fmt(f)
    }
}

impl std::error::Error for SecretFileError {}

impl SecretFileError {
    /// Says what is wrong with the file, and what a person can do about it.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::Open { path, mode } => Advice::new(
                format!("{} has mode {mode:04o}, so others can get at the secret", path.display()),
                format!("run: chmod 600 {}", path.display()),
            ),
            Self::Foreign { path, owner } => Advice::new(
                format!("{} belongs to the user with the number {owner}", path.display()),
                "let it belong to the one who runs this program",
            ),
            Self::Exists { path } => Advice::new(
                format!("{} is there already", path.display()),
                "remove it first if it is not needed any more",
            ),
            Self::NoText { path } => Advice::new(
                format!("{} is not a file of at most 64 KiB of UTF-8 text", path.display()),
                "choose another",
            ),
            Self::Refused { path, deed, problem } => Advice::new(
                format!("{} cannot be {deed}: {problem}", path.display()),
                "check the path and its permissions",
            ),
        }
    }

    /// Whether there is just no such file.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { problem, .. } if problem.kind() == ErrorKind::NotFound)
    }
}

fn refused(path: &Path, deed: &'static str) -> impl FnOnce(io::Error) -> SecretFileError {
    let path = path.to_owned();
    move |problem| SecretFileError::Refused { path, deed, problem }
}

/// Reads a file that only its owner, this user or root, may read; what was read is overwritten when it is dropped.
///
/// # Errors
/// If others may read or write it, if it belongs to somebody else, if it is no text, or cannot be read.
pub fn read(path: &Path) -> Result<Zeroizing<String>, SecretFileError> {
    let no_text = || SecretFileError::NoText { path: path.to_owned() };
    // Before it is opened: to open a pipe would wait for somebody to write.
    if !fs::metadata(path).map_err(refused(path, "read"))?.is_file() {
        return Err(no_text());
    }
    let file = File::open(path).map_err(refused(path, "read"))?;
    // Of the file that is open: the path may name another by now.
    let metadata = file.metadata().map_err(refused(path, "read"))?;
    let mode = metadata.mode() & 0o7777;
    if mode & OTHERS != 0 {
        return Err(SecretFileError::Open { path: path.to_owned(), mode });
    }
    let owner = metadata.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(SecretFileError::Foreign { path: path.to_owned(), owner });
    }
    if metadata.len() > MOST_BYTES {
        return Err(no_text());
    }
    // With room for all of it, so that no copy stays behind where the text grew.
    let room = usize::try_from(metadata.len().saturating_add(1)).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(room));
    match file.take(metadata.len()).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(problem) if problem.kind() == ErrorKind::InvalidData => Err(no_text()),
        Err(problem) => Err(refused(path, "read")(problem)),
    }
}

/// Writes a new file with mode 0600, whole or not at all; its folder is made, for its owner alone, if it is not there.
///
/// # Errors
/// If the file is there already, or cannot be written.
pub fn create(path: &Path, secret: &[u8]) -> Result<(), SecretFileError> {
    let file = beside(path, secret)?;
    match file.persist_noclobber(path) {
        Ok(_) => sync_folder(path).map_err(refused(path, "written")),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            Err(SecretFileError::Exists { path: path.to_owned() })
        }
        Err(error) => Err(refused(path, "written")(error.error)),
    }
}

/// Writes a file with mode 0600 in the place of the one that is there, if one is: at any moment it is the old or the new one.
///
/// # Errors
/// If the file cannot be written; then the old one stays.
pub fn replace(path: &Path, secret: &[u8]) -> Result<(), SecretFileError> {
    let file = beside(path, secret)?;
    file.persist(path).map_err(|error| refused(path, "written")(error.error))?;
    sync_folder(path).map_err(refused(path, "written"))
}

/// Removes a file; that there is none is fine. It stays away after a power cut when this has returned.
///
/// # Errors
/// If the file cannot be removed.
pub fn remove(path: &Path) -> Result<(), SecretFileError> {
    match fs::remove_file(path) {
        Err(problem) if problem.kind() == ErrorKind::NotFound => Ok(()),
        Err(problem) => Err(refused(path, "removed")(problem)),
        Ok(()) => sync_folder(path).map_err(refused(path, "removed")),
    }
}

/// A file beside `path` with all that it is to hold, on the disk; it goes away unless it is moved to its place.
fn beside(path: &Path, secret: &[u8]) -> Result<tempfile::NamedTempFile, SecretFileError> {
    let written = || {
        let folder = folder(path);
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".").suffix(".new").permissions(Permissions::from_mode(0o600));
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(secret)?;
        file.as_file().sync_all()?;
        Ok(file)
    };
    written().map_err(refused(path, "written"))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or_else(|| Path::new("."))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn what_is_written_is_read_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys").join("tablet.json");
        create(&path, b"one").unwrap();
        assert_eq!(read(&path).unwrap().as_str(), "one");
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        replace(&path, b"another").unwrap();
        assert_eq!((read(&path).unwrap().as_str(), mode(&path)), ("another", 0o600));
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_is_there_is_not_overwritten_unless_it_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tablet.json");
        create(&path, b"one").unwrap();
        let said = create(&path, b"another").unwrap_err().to_string();
        assert!(said.contains("is there already"), "{said}");
        assert_eq!(read(&path).unwrap().as_str(), "one");
    }

    #[test]
    fn a_file_that_others_can_get_at_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tablet.json");
        create(&path, b"one").unwrap();
        for open in [0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o610] {
            fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
            let said = read(&path).unwrap_err().to_string();
            assert!(said.contains(&format!("mode 0{open:o}")) && said.contains("chmod 600"), "{said}");
        }
        for closed in [0o600, 0o400, 0o700] {
            fs::set_permissions(&path, Permissions::from_mode(closed)).unwrap();
            assert!(read(&path).is_ok(), "{closed:o}");
        }
    }

    #[test]
    fn what_is_no_short_text_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (bytes, long) = (folder.path().join("bytes"), folder.path().join("long"));
        create(&bytes, b"\xff\xfe").unwrap();
        create(&long, &vec![b'x'; 64 * 1024 + 1]).unwrap();
        for path in [&bytes, &long, &folder.path().to_owned()] {
            assert!(matches!(read(path), Err(SecretFileError::NoText { .. })), "{}", path.display());
        }
        assert!(read(&folder.path().join("none")).unwrap_err().is_missing());
    }

    #[test]
    fn a_removed_file_is_gone_and_may_be_removed_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tablet.json");
        create(&path, b"one").unwrap();
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(read(&path).unwrap_err().is_missing());
        assert!(remove(folder.path()).is_err(), "a folder is no file");
    }
}
