//! Errors of a connection, in plain words.

use super::liveness::SILENCE;
use std::time::Duration;
use vehicle_link::Failure;

/// The reason for which a connection ended, or never came about.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    /// A failure of network or broker.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The link does not prove itself.
    #[error("the broker has acknowledged nothing for {} s while the vehicle could move", SILENCE.as_secs())]
    Silent,
    /// Connected, and then nothing for so long.
    #[error("the broker has not answered the subscription within {} s", .0.as_secs())]
    NotSubscribed(Duration),
}

impl LinkError {
    /// Tells whether trying again is in vain until a person changes something.
    pub(super) fn is_permanent(&self) -> bool {
        match self {
            Self::Failure(failure) => failure.is_permanent(),
            Self::Silent | Self::NotSubscribed(_) => false,
        }
    }
}
