//! The sessions of a client, one for each vehicle. Pure.

use crate::exit::Fault;
use crate::keyring::LoadedKeys;
use crate::transaction::{ResumableSession, VehicleSession};
use std::collections::BTreeMap;
use vehicle_protocol::{Encoding, LimitsDescription, Nonce, Presence, VehicleId};

/// Vehicles that nobody has spoken to yet whose presence and limits are remembered; a flood of made-up names fills no more.
const MOST_STRANGERS: usize = 65_536;

/// Presence and limits of a vehicle that nobody has spoken to yet.
#[derive(Clone, Copy, Debug, Default)]
struct Stranger {
    presence: Option<Presence>,
    limits: Option<LimitsDescription>,
}

/// Every session, and what a new one takes.
#[derive(Debug)]
pub(super) struct Sessions {
    /// Every key, read once: a slow disk must not hold up the task that owns the link.
    keys: LoadedKeys,
    encoding: Encoding,
    /// The first nonce; each session has a range of its own.
    seed: Nonce,
    all: BTreeMap<VehicleId, VehicleSession>,
    made: u64,
    /// The vehicles whose key can't be used, and why.
    unusable_keys: BTreeMap<VehicleId, Fault>,
    strangers: BTreeMap<VehicleId, Stranger>,
}

impl Sessions {
    pub(super) const fn new(keys: LoadedKeys, encoding: Encoding, seed: Nonce) -> Self {
        Self {
            keys,
            encoding,
            seed,
            all: BTreeMap::new(),
            made: 0,
            unusable_keys: BTreeMap::new(),
            strangers: BTreeMap::new(),
        }
    }

    /// The session with a vehicle, with its key and nonces of its own.
    pub(super) fn session(&mut self, vehicle: &VehicleId) -> &mut VehicleSession {
        // Not the number of those there are: one that was forgotten leaves its nonces used.
        let number = u128::from(self.made);
        self.made = self.made.saturating_add(u64::from(!self.all.contains_key(vehicle)));
        self.all.entry(vehicle.clone()).or_insert_with(|| {
            let key = self.keys.find(vehicle).unwrap_or_else(|fault| {
                self.unusable_keys.insert(vehicle.clone(), fault);
                None
            });
            // The low half is left to the requests of one channel.
            let nonce = u128::from_be_bytes(self.seed.0) ^ number.wrapping_shl(64);
            let mut session =
                VehicleSession::new(vehicle.clone(), key, self.encoding, Nonce(nonce.to_be_bytes()));
            let stranger = self.strangers.remove(vehicle).unwrap_or_default();
            if let Some(presence) = stranger.presence {
                session.see(presence);
            }
            if let Some(limits) = stranger.limits {
                session.describe(limits);
            }
            session
        })
    }

    /// Tells whether a command was sent to this vehicle from here.
    pub(super) fn has(&self, vehicle: &VehicleId) -> bool {
        self.all.contains_key(vehicle)
    }

    /// Applies a presence, whoever wrote it.
    pub(super) fn apply_presence(&mut self, vehicle: &VehicleId, presence: Presence) {
        if let Some(session) = self.all.get_mut(vehicle) {
            session.see(presence);
        } else if let Some(stranger) = self.stranger(vehicle)
            && stranger.presence.is_none_or(|known| presence.replaces(&known))
        {
            stranger.presence = Some(presence);
        }
    }

    /// Applies the limits of a description.
    pub(super) fn apply_limits(&mut self, vehicle: &VehicleId, limits: LimitsDescription) {
        if let Some(session) = self.all.get_mut(vehicle) {
            session.describe(limits);
        } else if let Some(stranger) = self.stranger(vehicle) {
            stranger.limits = Some(limits);
        }
    }

    fn stranger(&mut self, vehicle: &VehicleId) -> Option<&mut Stranger> {
        if self.strangers.len() >= MOST_STRANGERS && !self.strangers.contains_key(vehicle) {
            return None;
        }
        Some(self.strangers.entry(vehicle.clone()).or_default())
    }

    /// Forgets a vehicle.
    pub(super) fn forget(&mut self, vehicle: &VehicleId) {
        self.all.remove(vehicle);
        self.unusable_keys.remove(vehicle);
        self.strangers.remove(vehicle);
    }

    /// The session of this vehicle for another program, if there is one.
    pub(super) fn resumable(&self, vehicle: &VehicleId) -> Option<ResumableSession> {
        self.all.get(vehicle).and_then(VehicleSession::place)
    }

    /// The reason for which the key of a vehicle can't be used; commands to it are not signed then.
    pub(super) fn unusable_key(&mut self, vehicle: &VehicleId) -> Option<&Fault> {
        self.session(vehicle);
        self.unusable_keys.get(vehicle)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &VehicleSession> {
        self.all.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut VehicleSession> {
        self.all.values_mut()
    }
}
