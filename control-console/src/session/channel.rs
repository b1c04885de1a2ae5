//! What is agreed with one vehicle, and how what is said to it is written down. Pure; time is an argument.
//!
//! All that is sent to a vehicle goes through its one channel, so that its session, its clock and its counters are the
//! same for everything that this program does.

mod open;
mod seal;
#[cfg(test)]
mod tests;

pub use open::{Heard, Trust};
pub use seal::{Form, Sealed};

use super::vehicle_clock::VehicleClock;
use crate::clock::Moment;
use std::time::Duration;
use vehicle_protocol::{Nonce, Presence, PresenceState, SessionAnswer, SessionRequest, VehicleId};

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
pub struct Channel {
    vehicle: VehicleId,
    nonce: Nonce,
    presence: Option<Presence>,
    agreed: Option<Agreed>,
    wanted: bool,
    asked: Option<Moment>,
    /// When the next request may leave.
    again: Moment,
    /// Whether the session that is known is of no use.
    outdated: bool,
    /// The newest EXP of a setpoint or heartbeat.
    newest: u64,
}

impl Channel {
    /// A channel on which nothing was said yet; `nonce` is nobody else's.
    #[must_use]
    pub const fn new(vehicle: VehicleId, nonce: Nonce) -> Self {
        Self {
            vehicle,
            nonce,
            presence: None,
            agreed: None,
            wanted: false,
            asked: None,
            again: Moment::ZERO,
            outdated: false,
            newest: 0,
        }
    }

    /// The vehicle at the other end.
    #[must_use]
    pub const fn vehicle(&self) -> &VehicleId {
        &self.vehicle
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

    /// The session is of no use: the vehicle has said so, or shows another epoch.
    pub const fn doubt(&mut self) {
        self.outdated = true;
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
        let request = SessionRequest { key: None, nonce: self.nonce, mac: None };
        // A struct of strings always serialises.
        Some(serde_json::to_vec(&request).unwrap_or_default())
    }

    /// The link had no room for the request.
    pub const fn unasked(&mut self, now: Moment) {
        self.again = now.saturating_add(NO_ROOM);
    }

    /// Takes a session answer; nothing if it answers somebody else.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn agree(&mut self, payload: &[u8], now: Moment) -> Result<Option<Agreement>, serde_json::Error> {
        let answer: SessionAnswer = serde_json::from_slice(payload)?;
        let Some(asked) = self.asked.filter(|_| answer.nonce == self.nonce) else { return Ok(None) };
        self.outdated = false;
        match &mut self.agreed {
            Some(agreed) if agreed.clock.epoch() == answer.epoch => agreed.observe(answer.clock, now),
            agreed => {
                let clock = VehicleClock::heard(answer.epoch, answer.clock, now);
                *agreed = Some(Agreed { clock, heard: now });
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
