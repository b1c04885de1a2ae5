//! Signed sessions: which are open, and which counters they have seen.

use crate::control::Moment;
use crate::control::keyring::KeySlot;
use std::time::Duration;
use vehicle_protocol::{Epoch, Nonce, SessionId, Stream};

/// Sessions that a key may have open (section 4 of the contract).
const PER_KEY: usize = 8;
/// A session that was used stays open so long after its last use.
const KEPT: Duration = Duration::from_secs(10);
/// Counters below the highest that may still come, once.
const WINDOW: u64 = 64;

/// The counters that a stream of commands has used.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    highest: u64,
    /// Bit n stands for `highest` - n.
    seen: u64,
}

impl Window {
    /// Notes a counter; says whether it is a new one.
    fn take(&mut self, counter: u64) -> bool {
        if let Some(ahead) = counter.checked_sub(self.highest).filter(|ahead| *ahead > 0) {
            let shifted = u32::try_from(ahead).ok().and_then(|ahead| self.seen.checked_shl(ahead));
            *self = Self { highest: counter, seen: shifted.unwrap_or(0) | 1 };
            return true;
        }
        let behind = self.highest.saturating_sub(counter);
        let bit = u32::try_from(behind).ok().filter(|_| behind < WINDOW).and_then(|n| 1_u64.checked_shl(n));
        // Zero is no counter, and what lies below the window may have come.
        let Some(bit) = bit.filter(|bit| counter > 0 && self.seen & bit == 0) else { return false };
        self.seen |= bit;
        true
    }
}

#[derive(Clone, Debug)]
struct Session {
    sid: SessionId,
    key: KeySlot,
    nonce: Nonce,
    used: Option<Moment>,
    commands: Window,
    /// The highest counter of the stream of setpoints and heartbeats, which only rises.
    drive: u64,
}

impl Session {
    fn may_go(&self, now: Moment) -> bool {
        self.used.is_none_or(|used| now.since(used) > KEPT)
    }
}

/// The reason for which a counter is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// The key has no such session open.
    Session,
    /// It has been used, or lies too far back.
    Counter,
}

/// The open sessions of all keys, the oldest first.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    epoch: Epoch,
    opened: u32,
    open: Vec<Session>,
}

impl Sessions {
    pub(super) const fn new(epoch: Epoch) -> Self {
        Self { epoch, opened: 0, open: Vec::new() }
    }

    /// Opens a session, or gives the one that this NONCE has opened; nothing while all of the key's are in use.
    pub(super) fn open(&mut self, now: Moment, key: KeySlot, nonce: Nonce) -> Option<SessionId> {
        let known = self.open.iter().find(|session| session.key == key && session.nonce == nonce);
        if let Some(known) = known {
            return Some(known.sid);
        }
        if self.open.iter().filter(|session| session.key == key).count() >= PER_KEY {
            let place = self.place_to_go(now, key)?;
            self.open.remove(place);
        }
        let sid = self.next_sid();
        let (used, commands, drive) = (None, Window::default(), 0);
        self.open.push(Session { sid, key, nonce, used, commands, drive });
        Some(sid)
    }

    /// Of a key's sessions the oldest that was never used, or else the one that was not used for longest.
    fn place_to_go(&self, now: Moment, key: KeySlot) -> Option<usize> {
        let own = self.open.iter().enumerate().filter(|(_, session)| session.key == key);
        own.filter(|(_, session)| session.may_go(now))
            .min_by_key(|(_, session)| session.used)
            .map(|(place, _)| place)
    }

    /// Numbers of one epoch follow each other from a start that lies in the epoch, so that a SID of another boot names
    /// nothing here, but for one chance in some hundred millions, and then its tag is wrong.
    fn next_sid(&mut self) -> SessionId {
        let [a, b, c, d, ..] = self.epoch.0;
        let sid = u32::from_be_bytes([a, b, c, d]).wrapping_add(self.opened);
        self.opened = self.opened.wrapping_add(1);
        SessionId(sid.to_be_bytes())
    }

    /// The key whose session it is.
    pub(super) fn key_of(&self, sid: SessionId) -> Option<KeySlot> {
        self.open.iter().find(|session| session.sid == sid).map(|session| session.key)
    }

    /// Uses a counter of an authentic command: it is used up, whatever becomes of the command.
    pub(super) fn take(
        &mut self,
        now: Moment,
        key: KeySlot,
        sid: SessionId,
        stream: Stream,
        counter: u64,
    ) -> Result<(), Unusable> {
        let session = self.open.iter_mut().find(|session| session.sid == sid && session.key == key);
        let session = session.ok_or(Unusable::Session)?;
        let is_new = match stream {
            Stream::Commands => session.commands.take(counter),
            Stream::Drive => {
                let rises = counter > session.drive;
                session.drive = session.drive.max(counter);
                rises
            }
        };
        if !is_new {
            return Err(Unusable::Counter);
        }
        // A replay does not keep a session open.
        session.used = Some(now);
        Ok(())
    }

    /// Ends all sessions of a key.
    pub(super) fn close(&mut self, key: KeySlot) {
        self.open.retain(|session| session.key != key);
    }
}

#[cfg(test)]
mod tests;
