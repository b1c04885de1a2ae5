//! Whether a vehicle is there.

use crate::Epoch;
use crate::word::words;
use serde::{Deserialize, Serialize};

words! {
    /// What is known of a vehicle's link.
    PresenceState {
        /// Connected.
        Online = "ONLINE",
        /// Left in order.
        Offline = "OFFLINE",
        /// Will be back by itself.
        Sleeping = "SLEEPING",
        /// Gone without a word; the broker says so in the vehicle's place.
        ConnectionBroken = "CONNECTION_BROKEN",
    }
}

/// A vehicle's presence, retained; CONNECTION_BROKEN is its last will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// What is known of the link.
    pub state: PresenceState,
    /// The boot that it speaks of.
    pub epoch: Epoch,
    /// Connections since that boot, from 1; a will with an older one is void.
    pub link: u32,
}

impl Presence {
    /// Whether this presence replaces `known`: a will of an older connection of the same boot does not.
    #[must_use]
    pub fn replaces(&self, known: &Self) -> bool {
        self.epoch != known.epoch || self.link >= known.link
    }
}
