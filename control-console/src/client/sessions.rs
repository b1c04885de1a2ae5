//! The channels of a client, one for each vehicle.

use crate::exit::Fault;
use crate::keyring::LoadedKeys;
use crate::options::Options;
use crate::transaction::VehicleSession;
use crate::transaction::session_store::Continuation;
use std::collections::BTreeMap;
use std::path::PathBuf;
use vehicle_protocol::{Encoding, Nonce, Presence, VehicleId};

/// Presences that are remembered of vehicles that nobody has spoken to yet; a flood of made-up names fills no more.
const PRESENCES: usize = 65_536;

/// Every channel, and what a new one takes.
#[derive(Debug)]
pub(super) struct Sessions {
    /// Every key, read once: a slow disk must not hold up the task that owns the link.
    keys: LoadedKeys,
    encoding: Encoding,
    /// Where the nonces begin.
    seed: Nonce,
    all: BTreeMap<VehicleId, VehicleSession>,
    made: u64,
    /// The vehicles whose key can't be used, and why.
    troubles: BTreeMap<VehicleId, Fault>,
    /// What vehicles that nobody has spoken to yet have said of their presence.
    presences: BTreeMap<VehicleId, Presence>,
    /// Where sessions wait for the next program.
    folder: Option<PathBuf>,
    continued: BTreeMap<VehicleId, Continuation>,
}

impl Sessions {
    pub(super) fn new(options: &Options, seed: Nonce) -> Self {
        let (keys, encoding) = (options.keys.load(), options.encoding);
        Self {
            keys,
            encoding,
            seed,
            all: BTreeMap::new(),
            made: 0,
            troubles: BTreeMap::new(),
            presences: BTreeMap::new(),
            folder: options.run_dir.clone(),
            continued: BTreeMap::new(),
        }
    }

    /// The channel to a vehicle, with its key and a nonce of its own.
    pub(super) fn of(&mut self, vehicle: &VehicleId) -> &mut VehicleSession {
        // Not the number of those there are: one that was forgotten leaves its nonces used.
        let number = u128::from(self.made);
        self.made = self.made.saturating_add(u64::from(!self.all.contains_key(vehicle)));
        self.all.entry(vehicle.clone()).or_insert_with(|| {
            let key = self.keys.find(vehicle).unwrap_or_else(|fault| {
                self.troubles.insert(vehicle.clone(), fault);
                None
            });
            // The low half is left to the requests of one channel.
            let nonce = u128::from_be_bytes(self.seed.0) ^ number.wrapping_shl(64);
            let mut session =
                VehicleSession::new(vehicle.clone(), key, self.encoding, Nonce(nonce.to_be_bytes()));
            if let Some(presence) = self.presences.remove(vehicle) {
                session.see(presence);
            }
            session
        })
    }

    /// Whether somebody has spoken to this vehicle from here.
    pub(super) fn has(&self, vehicle: &VehicleId) -> bool {
        self.all.contains_key(vehicle)
    }

    /// Takes what is said of a vehicle's presence.
    pub(super) fn see(&mut self, vehicle: &VehicleId, presence: Presence) {
        if let Some(session) = self.all.get_mut(vehicle) {
            session.see(presence);
        } else if let Some(known) = self.presences.get_mut(vehicle) {
            if presence.replaces(known) {
                *known = presence;
            }
        } else if self.presences.len() < PRESENCES {
            self.presences.insert(vehicle.clone(), presence);
        }
    }

    /// Forgets a vehicle.
    pub(super) fn forget(&mut self, vehicle: &VehicleId) {
        self.all.remove(vehicle);
        self.troubles.remove(vehicle);
        self.presences.remove(vehicle);
    }

    /// Goes on with the session in which this person was last in control, unless another program is at it.
    pub(super) fn go_on(&mut self, vehicle: &VehicleId) {
        let Some(folder) = self.folder.clone().filter(|_| !self.continued.contains_key(vehicle)) else {
            return;
        };
        let channel = self.of(vehicle);
        let Some(key) = channel.key() else { return };
        let Some((continuation, earlier)) = Continuation::open(&folder, vehicle, key) else { return };
        if let Some(earlier) = earlier {
            channel.go_on(earlier);
        }
        self.continued.insert(vehicle.clone(), continuation);
    }

    /// Leaves the sessions to the next program.
    fn leave(&mut self) {
        for (vehicle, continuation) in &mut self.continued {
            if let Some(place) = self.all.get(vehicle).and_then(VehicleSession::place) {
                continuation.save(&place);
            }
        }
    }

    /// Why the key of a vehicle can't be used; what is said to it is not signed then.
    pub(super) fn trouble(&mut self, vehicle: &VehicleId) -> Option<&Fault> {
        self.of(vehicle);
        self.troubles.get(vehicle)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &VehicleSession> {
        self.all.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut VehicleSession> {
        self.all.values_mut()
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        self.leave();
    }
}
