//! The exchange by which a console learns the vehicle's epoch and clock, and a signer gets a session.

use crate::{Epoch, KeyName, Mac, Nonce, SessionId};
use serde::{Deserialize, Deserializer, Serialize};

/// Asks for a session; without KEY and MAC it gets what a timed command needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE")]
pub struct SessionRequest {
    /// The key that asks.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyName>,
    /// Ties the answer to this request.
    pub nonce: Nonce,
    /// The tag; together with `key` or not at all.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
}

/// Reads a key that is there, so that null is refused as in commands.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The vehicle's side of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub struct SessionAnswer {
    /// The key that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyName>,
    /// Of the request.
    pub nonce: Nonce,
    /// The boot.
    pub epoch: Epoch,
    /// The session; only for a signed request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// The vehicle's CLOCK in milliseconds.
    pub clock: u64,
    /// The tag; only for a signed request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
}
