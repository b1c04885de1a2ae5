//! The keys that this vehicle takes, and what it takes without one.

use std::fmt;
use vehicle_protocol::auth::{KeyFile, Role, Signer};
use vehicle_protocol::{CommandName, KeyName, VehicleId};

/// The policy for senders that sign nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Everything while no key is enrolled, then as [`Policy::StopOnly`].
    #[default]
    Auto,
    /// Everything.
    Accept,
    /// Stops, PARK, PARK_IN_SAFE_PLACE as PARK, and REPORT_STATUS.
    StopOnly,
    /// Nothing, not even a stop.
    Refuse,
}

/// The enrolled keys and the policy for unsigned senders.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The keys that are enrolled, each with its role.
    pub keys: Vec<KeyFile>,
    /// The policy for unsigned senders.
    pub unsigned: Policy,
    /// Set if only an owner may clear a stored emergency stop.
    pub owner_clears: bool,
}

impl Trust {
    /// The policy in force: not [`Policy::Auto`].
    #[must_use]
    pub fn policy(&self) -> Policy {
        match self.unsigned {
            Policy::Auto if self.keys.is_empty() => Policy::Accept,
            Policy::Auto => Policy::StopOnly,
            Policy::Accept | Policy::StopOnly | Policy::Refuse => self.unsigned,
        }
    }
}

/// By names and roles: secrets are not compared.
impl PartialEq for Trust {
    fn eq(&self, other: &Self) -> bool {
        let named = |trust: &Self| -> Vec<_> {
            trust.keys.iter().map(|file| (file.vehicle.clone(), file.key.clone(), file.role)).collect()
        };
        (self.unsigned, self.owner_clears) == (other.unsigned, other.owner_clears)
            && named(self) == named(other)
    }
}

/// Names a key within this run of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeySlot(usize);

#[derive(Debug)]
struct Enrolled {
    file: KeyFile,
    is_revoked: bool,
}

/// The keys of this run, revoked ones included: what they asked for before is still answered.
pub(super) struct Keyring {
    vehicle: VehicleId,
    keys: Vec<Enrolled>,
    /// As at the start: to revoke the last key must not open the vehicle to everybody.
    unsigned: Policy,
    owner_clears: bool,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Keyring {
    pub(super) fn new(vehicle: VehicleId, trust: &Trust) -> Self {
        let keys = trust.keys.iter().map(|file| Enrolled { file: file.clone(), is_revoked: false });
        Self { vehicle, keys: keys.collect(), unsigned: trust.policy(), owner_clears: trust.owner_clears }
    }

    /// The key of that name, unless it is revoked.
    pub(super) fn find(&self, name: &KeyName) -> Option<KeySlot> {
        let place = self.keys.iter().position(|key| key.file.key == *name && !key.is_revoked)?;
        Some(KeySlot(place))
    }

    /// The key of that name, revoked or not: the file of a revoked one may still be there.
    pub(super) fn find_any(&self, name: &KeyName) -> Option<KeySlot> {
        self.keys.iter().position(|key| key.file.key == *name).map(KeySlot)
    }

    fn get(&self, slot: KeySlot) -> Option<&Enrolled> {
        self.keys.get(slot.0)
    }

    /// The signer and verifier of a key.
    pub(super) fn signer(&self, slot: KeySlot) -> Option<Signer<'_>> {
        let key = self.get(slot)?;
        Some(Signer { vehicle: &self.vehicle, key: &key.file.key, secret: &key.file.secret })
    }

    pub(super) fn name(&self, slot: KeySlot) -> Option<&KeyName> {
        self.get(slot).map(|key| &key.file.key)
    }

    pub(super) fn is_owner(&self, slot: KeySlot) -> bool {
        self.get(slot).is_some_and(|key| key.file.role == Role::Owner)
    }

    /// Tells whether the role of a key allows a command.
    pub(super) fn may(&self, slot: KeySlot, command: CommandName) -> bool {
        self.get(slot).is_some_and(|key| key.file.role.may(command))
    }

    /// Tells whether only an owner may clear a stored emergency stop.
    pub(super) const fn owner_clears(&self) -> bool {
        self.owner_clears
    }

    /// The policy for unsigned senders.
    pub(super) const fn policy(&self) -> Policy {
        self.unsigned
    }

    /// Tells whether a command is accepted unsigned.
    pub(super) const fn takes_unsigned(&self, command: CommandName) -> bool {
        match self.policy() {
            Policy::Auto | Policy::Accept => true,
            Policy::Refuse => false,
            Policy::StopOnly => {
                command.is_stop()
                    || matches!(
                        command,
                        CommandName::Park | CommandName::ParkInSafePlace | CommandName::ReportStatus
                    )
            }
        }
    }

    /// Tells whether there is an owner's key.
    pub(super) fn has_owner(&self) -> bool {
        self.keys.iter().any(|key| key.file.role == Role::Owner)
    }

    /// Tells whether a key is the only owner's that is left.
    pub(super) fn is_last_owner(&self, slot: KeySlot) -> bool {
        let owners = self.keys.iter().filter(|key| key.file.role == Role::Owner && !key.is_revoked);
        self.is_owner(slot) && owners.count() <= 1
    }

    /// From now on the key is unknown.
    pub(super) fn revoke(&mut self, slot: KeySlot) {
        if let Some(key) = self.keys.get_mut(slot.0) {
            key.is_revoked = true;
        }
    }
}
