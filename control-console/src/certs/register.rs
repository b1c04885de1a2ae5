//! The register of issued certificates; without it none could be revoked.

use super::identity::Identity;
use super::when::When;
use crate::cli::Kind;
use serde::{Deserialize, Serialize};
use vehicle_protocol::VehicleId;

/// Days before the end of a certificate from which on it is warned of.
pub(super) const SOON: u64 = 30;

/// The authority and all its certificates, in the order in which they were issued.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Register {
    /// The subject in the authority's certificate.
    pub(super) name: String,
    pub(super) begins: When,
    pub(super) ends: When,
    /// Of the last list of revoked certificates.
    pub(super) crl_number: u64,
    pub(super) certificates: Vec<Entry>,
}

/// One certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// Lower-case hexadecimal.
    pub(super) serial: String,
    /// Of a broker: all names and addresses under which it is reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) hosts: Vec<String>,
    /// Of an operator: the vehicles; all, if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) vehicles: Vec<VehicleId>,
    pub(super) begins: When,
    pub(super) ends: When,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) revoked: Option<When>,
    /// Replaced by a newer one.
    #[serde(default)]
    pub(super) renewed: bool,
}

/// The state of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Standing {
    Valid,
    Ending,
    Expired,
    Renewed,
    Revoked,
}

impl Standing {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Ending => "ending",
            Self::Expired => "expired",
            Self::Renewed => "renewed",
            Self::Revoked => "revoked",
        }
    }

    /// By the end alone.
    pub(super) fn of(ends: When, now: When) -> Self {
        match ends.days_from(now) {
            None => Self::Expired,
            Some(days) if days < SOON => Self::Ending,
            Some(_) => Self::Valid,
        }
    }
}

impl Entry {
    pub(super) fn is_for(&self, identity: &Identity) -> bool {
        self.kind == identity.kind && self.name == identity.name
    }

    pub(super) fn identity(&self) -> Identity {
        Identity { kind: self.kind, name: self.name.clone() }
    }

    pub(super) fn standing(&self, now: When) -> Standing {
        match (self.revoked, Standing::of(self.ends, now)) {
            (Some(_), _) => Standing::Revoked,
            (None, Standing::Valid | Standing::Ending) if self.renewed => Standing::Renewed,
            (None, standing) => standing,
        }
    }
}

impl Register {
    /// Those that are in use: of each name the newest, unless it was revoked.
    pub(super) fn current(&self, kind: Kind) -> impl Iterator<Item = &Entry> {
        let kept = move |entry: &&Entry| entry.kind == kind && entry.revoked.is_none() && !entry.renewed;
        self.certificates.iter().filter(kept)
    }

    /// The certificate in use of one name.
    pub(super) fn find(&self, identity: &Identity) -> Option<&Entry> {
        self.current(identity.kind).find(|entry| entry.is_for(identity))
    }
}
