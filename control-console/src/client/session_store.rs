//! The session that one program leaves to the next of the same person, so that control stays with who took it.
//!
//! A vehicle takes each session for a party of its own. A shell starts a program for each command, so these go on with one
//! session, one after the other; who comes while another is at it has one of its own. No secret is in it.

use crate::transaction::ResumableSession;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use vehicle_protocol::{KeyName, VehicleId};

/// Counters that a program may use before it is killed without a chance to say how many it used.
const RESERVE: u64 = 1_000_000;
/// Nothing longer is read, in bytes.
const LONGEST: u64 = 1024;

/// The file in which the session of a key waits for the next program; ours alone as long as this lives.
#[derive(Debug)]
pub(crate) struct SessionFile(File);

impl SessionFile {
    /// Opens the file in `folder`, and says where to go on; nothing if another program is at it, or there is no such folder.
    #[must_use]
    pub(crate) fn open(
        folder: &Path,
        vehicle: &VehicleId,
        key: &KeyName,
    ) -> Option<(Self, Option<ResumableSession>)> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).ok()?;
        let path = folder.join(format!("{vehicle}.{key}.session"));
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let mut file = file.ok()?;
        file.try_lock().ok()?;
        let mut text = String::new();
        (&mut file).take(LONGEST).read_to_string(&mut text).ok()?;
        let place: Option<ResumableSession> = serde_json::from_str(&text).ok();
        let mut this = Self(file);
        if let Some(place) = place {
            let (commands, drive) =
                (place.commands.saturating_add(RESERVE), place.drive.saturating_add(RESERVE));
            this.save(&ResumableSession { commands, drive, ..place });
        }
        Some((this, place))
    }

    /// Says where the next program goes on.
    pub(crate) fn save(&mut self, place: &ResumableSession) {
        let text = serde_json::to_string(place).unwrap_or_default();
        // What can't be kept costs the next program no more than a session of its own.
        let written =
            self.0.set_len(0).and_then(|()| self.0.rewind()).and_then(|()| self.0.write_all(text.as_bytes()));
        if let Err(error) = written {
            tracing::debug!("the session is not kept: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vehicle_protocol::{Epoch, Nonce, SessionId};

    const PLACE: ResumableSession = ResumableSession {
        nonce: Nonce([1; 16]),
        epoch: Epoch([2; 16]),
        sid: SessionId([3; 4]),
        commands: 4,
        drive: 5,
    };

    #[test]
    fn the_next_program_goes_on_and_one_beside_it_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let names = ("rover-1".parse().unwrap(), "tablet".parse().unwrap());
        let open = || SessionFile::open(&folder.path().join("new"), &names.0, &names.1);
        let (mut first, place) = open().unwrap();
        assert_eq!(place, None);
        assert!(open().is_none(), "while the first is at it");
        first.save(&PLACE);
        drop(first);
        assert_eq!(open().unwrap().1, Some(PLACE));
        let (commands, drive) = (PLACE.commands + RESERVE, PLACE.drive + RESERVE);
        let killed = ResumableSession { commands, drive, ..PLACE };
        assert_eq!(open().unwrap().1, Some(killed), "that one said nothing of how far it came");
    }

    #[test]
    fn what_is_no_session_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let names = ("rover-1".parse().unwrap(), "tablet".parse().unwrap());
        std::fs::write(folder.path().join("rover-1.tablet.session"), "{\"nonce\":1}").unwrap();
        assert_eq!(SessionFile::open(folder.path(), &names.0, &names.1).unwrap().1, None);
    }
}
