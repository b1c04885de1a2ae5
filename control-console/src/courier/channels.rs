//! The channels of a courier, one for each vehicle.

use crate::exit::Fault;
use crate::keys::Keyring;
use crate::options::Options;
use crate::session::Channel;
use std::collections::BTreeMap;
use vehicle_protocol::{Encoding, Nonce, VehicleId};

/// Every channel, and what a new one takes.
#[derive(Debug)]
pub(super) struct Channels {
    keys: Keyring,
    encoding: Encoding,
    /// Where the nonces begin.
    seed: Nonce,
    all: BTreeMap<VehicleId, Channel>,
    /// The vehicles whose key can't be used, and why.
    troubles: BTreeMap<VehicleId, Fault>,
}

impl Channels {
    pub(super) fn new(options: &Options, seed: Nonce) -> Self {
        let (keys, encoding) = (options.keys.clone(), options.encoding);
        Self { keys, encoding, seed, all: BTreeMap::new(), troubles: BTreeMap::new() }
    }

    /// The channel to a vehicle, with its key and a nonce of its own.
    pub(super) fn of(&mut self, vehicle: &VehicleId) -> &mut Channel {
        let number = u128::try_from(self.all.len()).unwrap_or_default();
        self.all.entry(vehicle.clone()).or_insert_with(|| {
            let key = self.keys.find(vehicle).unwrap_or_else(|fault| {
                self.troubles.insert(vehicle.clone(), fault);
                None
            });
            // The low half is left to the requests of one channel.
            let nonce = u128::from_be_bytes(self.seed.0) ^ number.wrapping_shl(64);
            Channel::new(vehicle.clone(), key, self.encoding, Nonce(nonce.to_be_bytes()))
        })
    }

    /// Why the key of a vehicle can't be used; what is said to it is not signed then.
    pub(super) fn trouble(&mut self, vehicle: &VehicleId) -> Option<&Fault> {
        self.of(vehicle);
        self.troubles.get(vehicle)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Channel> {
        self.all.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Channel> {
        self.all.values_mut()
    }
}
