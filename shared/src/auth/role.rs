//! Roles: the commands that the holder of a key may send.

use crate::CommandName;
use crate::word::words;

words! {
    /// The role of a key, from the lowest; the copy of the key on the vehicle has it, not the signer.
    Role {
        /// Sees, and stops.
        Viewer = "viewer",
        /// Drives.
        Driver = "driver",
        /// Drives, and says who else may.
        Owner = "owner",
    }
}

impl Role {
    /// True if the contract lets this role ask for a command; a vehicle's configuration may leave it less.
    #[must_use]
    pub fn may(self, command: CommandName) -> bool {
        self >= command.role()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_may_stop_and_each_may_what_a_lower_one_may() {
        for &command in CommandName::ALL {
            let may = [Role::Viewer, Role::Driver, Role::Owner].map(|role| role.may(command));
            assert!(may.is_sorted(), "{command}: {may:?}");
            assert!(may[0] || !command.is_stop(), "{command}");
            assert!(may[2], "{command}");
        }
    }

    #[test]
    fn a_viewer_moves_nothing_and_a_driver_revokes_nobody() {
        let moved = CommandName::ALL.iter().find(|name| name.is_motion() && Role::Viewer.may(**name));
        assert_eq!(moved, None);
        assert!(!Role::Driver.may(CommandName::RevokeKey) && Role::Driver.may(CommandName::Drive));
    }
}
