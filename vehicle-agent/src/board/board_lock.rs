//! One at a time drives a board.

use super::BoardError;
use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;

/// A name in an abstract socket's address is shorter than this; of a path the end tells more than the beginning.
const LONGEST: usize = 80;

/// Held by who drives a board, for as long as it lives: a Raspberry Pi's registers can be written by many at once, and two
/// agents would take turns with the motors. The kernel lets go of it even after SIGKILL.
#[derive(Debug)]
pub struct BoardLock {
    _socket: UnixListener,
}

impl BoardLock {
    /// Acquires the board of this machine, or the file that stands for one.
    ///
    /// # Errors
    /// If somebody else drives it.
    pub fn acquire(file: Option<&Path>) -> Result<Self, BoardError> {
        let name = file.unwrap_or(Path::new("board"));
        let path = name.as_os_str().as_encoded_bytes();
        let end = path.get(path.len().saturating_sub(LONGEST)..).unwrap_or(path);
        let socket = SocketAddr::from_abstract_name([b"vehicle-agent/", end].concat())
            .and_then(|address| UnixListener::bind_addr(&address));
        socket.map(|socket| Self { _socket: socket }).map_err(|error| {
            let in_use = error.kind() == ErrorKind::AddrInUse;
            let problem =
                if in_use { "another vehicle-agent drives it".to_owned() } else { error.to_string() };
            BoardError::new("board", problem, "end that first, such as with: systemctl stop vehicle-agent")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_has_one_driver_until_that_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join("deep".repeat(40)).join(name);
        let lock = BoardLock::acquire(Some(&file("levels"))).unwrap();
        let refused = BoardLock::acquire(Some(&file("levels"))).unwrap_err();
        assert!(refused.to_string().contains("another vehicle-agent drives it"), "{refused}");
        BoardLock::acquire(Some(&file("trace"))).unwrap();
        drop(lock);
        BoardLock::acquire(Some(&file("levels"))).unwrap();
    }
}
