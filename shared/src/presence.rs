//! The presence of vehicles and operators.

use crate::Epoch;
use crate::word::words;
use serde::{Deserialize, Serialize};

words! {
    /// The state of a vehicle's link.
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
    /// The state of the link.
    pub state: PresenceState,
    /// The boot that it speaks of.
    pub epoch: Epoch,
    /// Connections since that boot, from 1; a will with an older one is void.
    pub link: u32,
}

/// An operator's presence, retained; CONNECTION_BROKEN is its last will. Nothing is authentic about it, so it can only
/// shorten what its operator holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorPresence {
    /// The state of the operator's link.
    pub state: PresenceState,
}

impl Presence {
    /// True if this presence replaces `known`: a will of an older connection of the same boot does not.
    #[must_use]
    pub fn replaces(&self, known: &Self) -> bool {
        self.epoch != known.epoch || self.link >= known.link
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presence(state: PresenceState, boot: u8, link: u32) -> Presence {
        Presence { state, epoch: Epoch([boot; 16]), link }
    }

    #[test]
    fn a_will_of_an_older_connection_is_void() {
        let online = presence(PresenceState::Online, 1, 3);
        assert!(!presence(PresenceState::ConnectionBroken, 1, 2).replaces(&online));
        assert!(!presence(PresenceState::ConnectionBroken, 1, 0).replaces(&online));
    }

    #[test]
    fn a_will_of_the_connection_that_stands_counts() {
        let online = presence(PresenceState::Online, 1, 3);
        for state in [PresenceState::ConnectionBroken, PresenceState::Offline, PresenceState::Sleeping] {
            assert!(presence(state, 1, 3).replaces(&online), "{state}");
        }
    }

    #[test]
    fn a_newer_connection_of_the_same_boot_counts_whatever_was_known() {
        for &state in PresenceState::ALL {
            assert!(presence(PresenceState::Online, 1, 4).replaces(&presence(state, 1, 3)), "{state}");
        }
    }

    #[test]
    fn the_vehicle_may_say_the_same_again_to_correct_what_stands_there() {
        let online = presence(PresenceState::Online, 1, 3);
        assert!(online.replaces(&presence(PresenceState::ConnectionBroken, 1, 3)));
        assert!(online.replaces(&online));
    }

    #[test]
    fn another_boot_counts_from_one_again() {
        let online = presence(PresenceState::Online, 1, 900);
        assert!(presence(PresenceState::Online, 2, 1).replaces(&online));
        // Boots have no order: an old one's will passes too, and the vehicle corrects it.
        assert!(online.replaces(&presence(PresenceState::Online, 2, 1)));
    }
}
