//! The table of commands: one row each. Names, both encodings, ranges, roles, descriptions and help are made from it.
//!
//! A new command is a row here and a branch in the vehicle's `execute`, which does not compile without it.

use super::arguments::{ArgumentError, ArgumentReader, ArgumentWriter, Arguments};
use super::parameter::Parameter;
use super::{HornDuration, Setpoint};
use crate::auth::Role;
use crate::word::words;
use crate::{CommandId, Degrees, KeyName, Mph};

/// The rules by which a vehicle admits a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Decided before everything that could hold a command back.
    Stop,
    /// Motion by a single command; needs engine, control and a lease.
    Motion,
    /// Motion by a stream of setpoints, on the drive topic.
    Setpoint,
    /// Renews a lease, on the drive topic.
    Renewal,
    /// Moves nothing.
    Other,
}

words! {
    /// The place of a command on screens.
    Group {
        /// Engine and motion.
        Driving = "driving",
        /// Lights and horn.
        Lights = "lights",
        /// Doors.
        Doors = "doors",
        /// Limits and places.
        Limits = "limits",
        /// Control, keys and questions.
        Control = "control",
        /// Not in a list: screens have a control of their own for it.
        Screen = "screen",
    }
}

/// Rows of: variant (with the type of its arguments) = number in the compact encoding, word on the wire, kind, group, lowest
/// role.
macro_rules! commands {
    ($($(#[$doc:meta])* $variant:ident $(($arguments:ty))? =
        $number:literal, $word:literal, $kind:ident, $group:ident, $role:ident;)+) => {
        words! {
            /// The name of a command as it stands under `CMD`; the first sixteen are older than this project.
            CommandName { $($(#[$doc])* $number $variant = $word,)+ }
        }

        /// One command with its arguments.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Command { $($(#[$doc])* $variant $(($arguments))?,)+ }

        impl Command {
            /// Its name on the wire.
            #[must_use]
            pub const fn name(&self) -> CommandName {
                match self { $(Self::$variant { .. } => CommandName::$variant,)+ }
            }

            /// Reads the arguments that a command of this name takes, none of them checked for its range.
            pub(crate) fn read(name: CommandName, reader: &mut impl ArgumentReader) -> Result<Self, ArgumentError> {
                Ok(match name {
                    $(CommandName::$variant => Self::$variant $((<$arguments>::read(reader)?))?,)+
                })
            }

            /// Writes its arguments, in the order of the contract.
            #[expect(clippy::redundant_pattern, reason = "the repetition has to name the type")]
            pub(crate) fn write<'a>(&'a self, writer: &mut impl ArgumentWriter<'a>) {
                match self {
                    $(Self::$variant $((arguments @ commands!(@any $arguments)))? => {
                        $(<$arguments>::write(arguments, writer);)?
                    })+
                }
            }
        }

        impl CommandName {
            pub(super) const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }

            /// Its place on screens.
            #[must_use]
            pub const fn group(self) -> Group {
                match self { $(Self::$variant => Group::$group,)+ }
            }

            /// The lowest role that may send it.
            #[must_use]
            pub const fn role(self) -> Role {
                match self { $(Self::$variant => Role::$role,)+ }
            }

            /// Its parameters, in the order of the contract.
            #[must_use]
            pub const fn parameters(self) -> &'static [Parameter] {
                match self { $(Self::$variant => commands!(@parameters $($arguments)?),)+ }
            }
        }
    };
    (@any $arguments:ty) => { _ };
    (@parameters) => { &[] };
    (@parameters $arguments:ty) => { <$arguments as Arguments>::PARAMETERS };
}

commands! {
    /// Enables the motor driver, standing still.
    TurnOnEngine = 0, "TURN_ON_ENGINE", Other, Driving, Driver;
    /// Brakes to a stop, then disables the motor driver.
    TurnOffEngine = 1, "TURN_OFF_ENGINE", Stop, Driving, Viewer;
    /// Closes and locks the doors.
    LockDoors = 2, "LOCK_DOORS", Other, Doors, Driver;
    /// Unlocks and opens the doors; refused while moving.
    UnlockDoors = 3, "UNLOCK_DOORS", Other, Doors, Driver;
    /// Brakes to a stop, parking brake on, parking lights on.
    Park = 4, "PARK", Other, Driving, Driver;
    /// Drives to the safe place and parks there if it may, else parks where it stands.
    ParkInSafePlace = 5, "PARK_IN_SAFE_PLACE", Motion, Driving, Driver;
    /// Headlights on.
    TurnOnHeadlights = 6, "TURN_ON_HEADLIGHTS", Other, Lights, Driver;
    /// Headlights off.
    TurnOffHeadlights = 7, "TURN_OFF_HEADLIGHTS", Other, Lights, Driver;
    /// Parking lights on.
    TurnOnParkingLights = 8, "TURN_ON_PARKING_LIGHTS", Other, Lights, Driver;
    /// Parking lights off.
    TurnOffParkingLights = 9, "TURN_OFF_PARKING_LIGHTS", Other, Lights, Driver;
    /// Target speed up one step.
    Accelerate = 10, "ACCELERATE", Motion, Driving, Driver;
    /// Target speed zero, full service braking.
    Brake = 11, "BRAKE", Stop, Driving, Viewer;
    /// Turns right relative to the heading already asked for.
    RotateRight(Degrees) = 12, "ROTATE_RIGHT", Motion, Driving, Driver;
    /// Turns left relative to the heading already asked for.
    RotateLeft(Degrees) = 13, "ROTATE_LEFT", Motion, Driving, Driver;
    /// Sets this vehicle's highest speed.
    SetMaxSpeed(Mph) = 14, "SET_MAX_SPEED", Other, Limits, Driver;
    /// Sets the lowest speed that ACCELERATE asks for.
    SetMinSpeed(Mph) = 15, "SET_MIN_SPEED", Other, Limits, Driver;
    /// Motors off, brake on, hazard lights on; latched.
    EmergencyStop = 16, "EMERGENCY_STOP", Stop, Screen, Viewer;
    /// Ends an emergency stop or a failsafe that needs clearing; refused while anything moves.
    ClearEmergencyStop = 17, "CLEAR_EMERGENCY_STOP", Other, Screen, Driver;
    /// A setpoint that lapses.
    Drive(Setpoint) = 18, "DRIVE", Setpoint, Screen, Driver;
    /// Renews what its sender began.
    Heartbeat = 19, "HEARTBEAT", Renewal, Screen, Driver;
    /// Ends a running command.
    Cancel(CommandId) = 20, "CANCEL", Other, Control, Driver;
    /// Asks to be the one who drives.
    TakeControl = 21, "TAKE_CONTROL", Other, Control, Driver;
    /// Stops being the one who drives.
    ReleaseControl = 22, "RELEASE_CONTROL", Other, Control, Driver;
    /// Sounds the horn.
    Horn(HornDuration) = 23, "HORN", Other, Lights, Driver;
    /// Hazard lights on.
    TurnOnHazardLights = 24, "TURN_ON_HAZARD_LIGHTS", Other, Lights, Driver;
    /// Hazard lights off.
    TurnOffHazardLights = 25, "TURN_OFF_HAZARD_LIGHTS", Other, Lights, Driver;
    /// Publishes the full status now.
    ReportStatus = 26, "REPORT_STATUS", Other, Control, Viewer;
    /// The pose where it stands becomes the safe place.
    SetSafePlace = 27, "SET_SAFE_PLACE", Other, Limits, Owner;
    /// Withdraws a key.
    RevokeKey(KeyName) = 28, "REVOKE_KEY", Other, Control, Owner;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::arguments;
    use crate::generate;
    use proptest::prelude::*;

    #[test]
    fn a_command_has_parameters_exactly_if_it_has_arguments() {
        for &name in CommandName::ALL {
            let plain = crate::json::decode(format!(r#"{{"CMD":"{name}"}}"#).as_bytes());
            let needs = name.parameters().iter().any(|parameter| !parameter.is_optional);
            assert_eq!(plain.is_err(), needs, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_argument_is_written_once_in_the_order_of_its_parameters(command in generate::any_command()) {
            let written = arguments::items(&command).len();
            let listed = command.name().parameters().iter();
            // The ID of a CANCEL stands in the place of the ID.
            let listed = listed.filter(|parameter| parameter.key != "ID").count();
            prop_assert_eq!(written, listed);
            prop_assert!(arguments::check(&command).is_ok());
        }
    }
}
