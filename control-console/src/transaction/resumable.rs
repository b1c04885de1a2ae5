//! A session in a form in which another program can go on with it. No secret is in it.

use serde::{Deserialize, Serialize};
use vehicle_protocol::{Epoch, Nonce, SessionId};

/// A session and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumableSession {
    /// The nonce of its request; the same nonce is given the same session.
    pub nonce: Nonce,
    /// The boot.
    pub epoch: Epoch,
    /// The session.
    pub sid: SessionId,
    /// The CTR used last of the commands.
    pub commands: u64,
    /// The CTR used last on the drive topic.
    pub drive: u64,
}
