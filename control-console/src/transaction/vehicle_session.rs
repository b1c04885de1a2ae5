//! What is agreed with one vehicle, and how what is said to it is written down. Pure; time is an argument.
//!
//! All that is sent to a vehicle goes through its one channel, so that its session, its clock and its counters are the
//! same for everything that this program does.

mod decode;
mod encode;
mod limits;
#[cfg(test)]
mod tests;

pub use decode::{Trust, VerifiedAnswer};
pub use encode::{Form, Sealed};

use super::resumable::ResumableSession;
use super::vehicle_clock::VehicleClock;
use crate::clock::Moment;
use std::time::Duration;
use vehicle_protocol::auth::KeyFile;
use vehicle_protocol::encoding::Encoding;
use vehicle_protocol::{
    KeyName, LimitsDescription, Nonce, Presence, PresenceState, SessionAnswer, SessionId, SessionRequest,
    VehicleId,
};

/// How often a session is asked for: the vehicle may have been away for a moment.
const REQUEST_EVERY: Duration = Duration::from_secs(1);
/// When a request is tried again that the link had no room for.
const NO_ROOM: Duration = Duration::from_millis(20);
/// Without a word about the vehicle's CLOCK for so long, it is asked for anew.
const TRUSTED: Duration = Duration::from_secs(60);

/// A session as the vehicle granted it.
#[derive(Debug)]
struct Agreed {
    clock: VehicleClock,
    /// When the clock was last heard of.
    heard: Moment,
    /// The session, if it is a signed one.
    sid: Option<SessionId>,
    /// The CTR used last of the commands, and of what goes on the drive topic.
    commands: u64,
    drive: u64,
}

/// What a session answer has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The vehicle's CLOCK in milliseconds.
    pub clock: u64,
    /// From the last request to the answer.
    pub round_trip: Duration,
}

/// The way to one vehicle.
#[derive(Debug)]
pub struct VehicleSession {
    vehicle: VehicleId,
    /// What signs, unless nothing is signed.
    key: Option<KeyFile>,
    encoding: Encoding,
    nonce: Nonce,
    presence: Option<Presence>,
    limits: Option<LimitsDescription>,
    agreed: Option<Agreed>,
    wanted: bool,
    asked: Option<Moment>,
    /// When the next request may leave.
    again: Moment,
    /// Whether the session that is known is of no use.
    outdated: bool,
    /// The newest EXP of a setpoint or heartbeat.
    newest: u64,
    /// Session answers that somebody else wrote.
    forged: u32,
    /// A session of an earlier program, to go on with if the vehicle still has it.
    earlier: Option<ResumableSession>,
}

impl VehicleSession {
    /// A channel on which nothing was said yet; `nonce` is nobody else's.
    #[must_use]
    pub const fn new(vehicle: VehicleId, key: Option<KeyFile>, encoding: Encoding, nonce: Nonce) -> Self {
        Self {
            vehicle,
            key,
            encoding,
            nonce,
            presence: None,
            limits: None,
            agreed: None,
            wanted: false,
            asked: None,
            again: Moment::ZERO,
            outdated: false,
            newest: 0,
            forged: 0,
            earlier: None,
        }
    }

    /// Goes on with the session of an earlier program, if the vehicle still has it and nothing was asked for yet.
    pub(crate) const fn go_on(&mut self, earlier: ResumableSession) {
        if self.asked.is_none() {
            self.nonce = earlier.nonce;
            self.earlier = Some(earlier);
        }
    }

    /// The session in a form in which another program can go on with it.
    #[must_use]
    pub(crate) fn place(&self) -> Option<ResumableSession> {
        let agreed = self.agreed.as_ref()?;
        let (epoch, sid) = (agreed.clock.epoch(), agreed.sid?);
        Some(ResumableSession {
            nonce: self.nonce,
            epoch,
            sid,
            commands: agreed.commands,
            drive: agreed.drive,
        })
    }

    /// The key that signs what is said here, if it is signed.
    #[must_use]
    pub fn key(&self) -> Option<&KeyName> {
        self.key.as_ref().map(|key| &key.key)
    }

    /// Number of session answers to our requests that were not the vehicle's.
    #[must_use]
    pub const fn forged(&self) -> u32 {
        self.forged
    }

    /// The vehicle at the other end.
    #[must_use]
    pub const fn vehicle(&self) -> &VehicleId {
        &self.vehicle
    }

    /// The nonce of the next request.
    #[must_use]
    pub const fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// Whether the vehicle has ever granted a session here.
    #[must_use]
    pub const fn is_agreed(&self) -> bool {
        self.agreed.is_some()
    }

    /// Whether what needs a session can be sent at `now`.
    #[must_use]
    pub fn is_ready(&self, now: Moment) -> bool {
        !self.outdated && self.agreed.as_ref().is_some_and(|agreed| now < agreed.stale_at())
    }

    /// Asks for a session from now on, as soon and as long as there is none that can be used.
    pub const fn want(&mut self) {
        self.wanted = true;
    }

    /// Somebody says that the session is of no use. The one that is still there is given again to the same nonce.
    pub const fn doubt(&mut self) {
        self.outdated = true;
    }

    /// The vehicle itself says that the session is of no use.
    pub const fn drop_session(&mut self) {
        self.outdated = true;
        self.nonce = Nonce(u128::from_be_bytes(self.nonce.0).wrapping_add(1).to_be_bytes());
    }

    /// When the next request is due, if one is.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let agreed = self.agreed.as_ref().filter(|_| !self.outdated);
        let stale = agreed.map_or(Moment::ZERO, Agreed::stale_at);
        self.wanted.then(|| stale.max(self.again))
    }

    /// The link is new: what was asked before may be lost.
    pub const fn ask_anew(&mut self) {
        self.again = Moment::ZERO;
    }

    /// The request that is due at `now`, if one is.
    pub fn ask(&mut self, now: Moment) -> Option<Vec<u8>> {
        self.deadline().filter(|due| now >= *due)?;
        (self.asked, self.again) = (Some(now), now.saturating_add(REQUEST_EVERY));
        let unsigned = SessionRequest { key: None, nonce: self.nonce, mac: None };
        let request = self.key.as_ref().map_or(unsigned, |key| key.signer().session_request(self.nonce));
        // A struct of strings always serialises.
        Some(serde_json::to_vec(&request).unwrap_or_default())
    }

    /// The link had no room for the request.
    pub const fn unasked(&mut self, now: Moment) {
        self.again = now.saturating_add(NO_ROOM);
    }

    /// Takes a session answer; nothing if it answers somebody else, or is not the vehicle's although a key is in use.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn agree(&mut self, payload: &[u8], now: Moment) -> Result<Option<Agreement>, serde_json::Error> {
        let answer: SessionAnswer = serde_json::from_slice(payload)?;
        let Some(asked) = self.asked.filter(|_| answer.nonce == self.nonce) else { return Ok(None) };
        if self.key.as_ref().is_some_and(|key| !key.signer().verifies_session_answer(&answer)) {
            self.forged = self.forged.saturating_add(1);
            return Ok(None);
        }
        self.outdated = false;
        let sid = answer.sid.filter(|_| self.key.is_some());
        match &mut self.agreed {
            Some(agreed) if (agreed.clock.epoch(), agreed.sid) == (answer.epoch, sid) => {
                agreed.observe(answer.clock, now);
            }
            agreed => {
                let clock = VehicleClock::heard(answer.epoch, answer.clock, now);
                let earlier = self.earlier.take();
                let earlier =
                    earlier.filter(|earlier| (earlier.epoch, Some(earlier.sid)) == (answer.epoch, sid));
                let (commands, drive) = earlier.map_or((0, 0), |earlier| (earlier.commands, earlier.drive));
                *agreed = Some(Agreed { clock, heard: now, sid, commands, drive });
                self.newest = 0;
            }
        }
        Ok(Some(Agreement { clock: answer.clock, round_trip: now.saturating_sub(asked) }))
    }

    /// Takes the CLOCK of an answer into account. One of an earlier boot says less than is known, and changes nothing.
    pub fn observe(&mut self, clock: u64, now: Moment) {
        if let Some(agreed) = &mut self.agreed {
            agreed.observe(clock, now);
        }
    }

    /// Takes what is said of the vehicle's presence; another epoch calls the session into question.
    pub fn see(&mut self, presence: Presence) {
        if self.presence.is_none_or(|known| presence.replaces(&known)) {
            self.presence = Some(presence);
            let online = presence.state == PresenceState::Online;
            let other = |agreed: &Agreed| agreed.clock.epoch() != presence.epoch;
            self.outdated |= online && self.agreed.as_ref().is_some_and(other);
        }
    }

    /// What is said of the vehicle's presence; a hint, and never a reason to withhold a stop.
    #[must_use]
    pub fn presence(&self) -> Option<PresenceState> {
        self.presence.map(|presence| presence.state)
    }
}

impl Agreed {
    const fn stale_at(&self) -> Moment {
        self.heard.saturating_add(TRUSTED)
    }

    fn observe(&mut self, clock: u64, now: Moment) {
        self.clock.observe(clock, now);
        self.heard = now;
    }
}
