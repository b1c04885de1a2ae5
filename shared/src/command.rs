//! What a vehicle can be asked to do.

pub(crate) mod arguments;
pub(crate) mod ranges;

use crate::word::words;
use crate::{CommandId, Degrees, DegreesPerSecond, KeyName, Mph};
use std::time::Duration;

words! {
    /// The name of a command as it stands under `CMD`; the first sixteen are older than this project.
    CommandName {
        /// Enables the motor driver, standing still.
        TurnOnEngine = "TURN_ON_ENGINE",
        /// Brakes to a stop, then disables the motor driver.
        TurnOffEngine = "TURN_OFF_ENGINE",
        /// Closes and locks the doors.
        LockDoors = "LOCK_DOORS",
        /// Unlocks and opens the doors; refused while moving.
        UnlockDoors = "UNLOCK_DOORS",
        /// Brakes to a stop, parking brake on, parking lights on.
        Park = "PARK",
        /// Drives to the safe place and parks there if it may, else parks where it stands.
        ParkInSafePlace = "PARK_IN_SAFE_PLACE",
        /// Headlights on.
        TurnOnHeadlights = "TURN_ON_HEADLIGHTS",
        /// Headlights off.
        TurnOffHeadlights = "TURN_OFF_HEADLIGHTS",
        /// Parking lights on.
        TurnOnParkingLights = "TURN_ON_PARKING_LIGHTS",
        /// Parking lights off.
        TurnOffParkingLights = "TURN_OFF_PARKING_LIGHTS",
        /// Target speed up one step.
        Accelerate = "ACCELERATE",
        /// Target speed zero, full service braking.
        Brake = "BRAKE",
        /// Turns right relative to the heading already asked for.
        RotateRight = "ROTATE_RIGHT",
        /// Turns left relative to the heading already asked for.
        RotateLeft = "ROTATE_LEFT",
        /// Sets this vehicle's highest speed.
        SetMaxSpeed = "SET_MAX_SPEED",
        /// Sets the lowest speed that ACCELERATE asks for.
        SetMinSpeed = "SET_MIN_SPEED",
        /// Motors off, brake on, hazard lights on; latched.
        EmergencyStop = "EMERGENCY_STOP",
        /// Ends an emergency stop or a failsafe that needs clearing; refused while anything moves.
        ClearEmergencyStop = "CLEAR_EMERGENCY_STOP",
        /// A setpoint that lapses.
        Drive = "DRIVE",
        /// Renews what its sender began.
        Heartbeat = "HEARTBEAT",
        /// Ends a running command.
        Cancel = "CANCEL",
        /// Asks to be the one who drives.
        TakeControl = "TAKE_CONTROL",
        /// Stops being the one who drives.
        ReleaseControl = "RELEASE_CONTROL",
        /// Sounds the horn.
        Horn = "HORN",
        /// Hazard lights on.
        TurnOnHazardLights = "TURN_ON_HAZARD_LIGHTS",
        /// Hazard lights off.
        TurnOffHazardLights = "TURN_OFF_HAZARD_LIGHTS",
        /// Publishes the full status now.
        ReportStatus = "REPORT_STATUS",
        /// The pose where it stands becomes the safe place.
        SetSafePlace = "SET_SAFE_PLACE",
        /// Withdraws a key.
        RevokeKey = "REVOKE_KEY",
    }
}

impl CommandName {
    /// The name as people type it: lower case with hyphens.
    #[must_use]
    pub fn kebab(self) -> String {
        self.as_str().to_ascii_lowercase().replace('_', "-")
    }

    /// The command that a person named, in kebab case or as on the wire.
    #[must_use]
    pub fn from_human(text: &str) -> Option<Self> {
        Self::from_word(&text.to_ascii_uppercase().replace('-', "_"))
    }

    /// Whether it is one of the stops, which are decided before everything that could hold a command back.
    #[must_use]
    pub const fn is_stop(self) -> bool {
        matches!(self, Self::Brake | Self::TurnOffEngine | Self::EmergencyStop)
    }

    /// Whether it asks for motion, and so needs the engine, control and a lease.
    #[must_use]
    pub const fn is_motion(self) -> bool {
        matches!(
            self,
            Self::Accelerate | Self::RotateRight | Self::RotateLeft | Self::Drive | Self::ParkInSafePlace
        )
    }

    /// Whether it belongs on the drive topic, and only there.
    #[must_use]
    pub const fn is_on_drive_topic(self) -> bool {
        matches!(self, Self::Drive | Self::Heartbeat)
    }

    /// The stream that counts it.
    #[must_use]
    pub const fn stream(self) -> Stream {
        if self.is_on_drive_topic() { Stream::Drive } else { Stream::Commands }
    }

    /// The longest time that may lie between now and a timed command's EXP.
    #[must_use]
    pub const fn longest_life(self) -> Duration {
        Duration::from_secs(if self.is_motion() { 2 } else { 10 })
    }
}

words! {
    /// What has a CTR of its own in each session; the name of a command decides, not its topic.
    Stream {
        /// All but DRIVE and HEARTBEAT.
        Commands = "commands",
        /// DRIVE and HEARTBEAT.
        Drive = "drive",
    }
}

/// Shortest HOLD_MS of a setpoint, in milliseconds.
pub const MIN_HOLD_MS: u64 = 100;
/// Longest DURATION_MS of the horn, in milliseconds.
pub const MAX_HORN_MS: u64 = 5000;
/// DURATION_MS of a horn command without one, in milliseconds.
pub const DEFAULT_HORN_MS: u64 = 500;

/// What a held stick asks for, for as long as it is renewed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setpoint {
    /// Speed, negative backwards.
    pub speed: Mph,
    /// Turn rate, positive to the right.
    pub turn_rate: DegreesPerSecond,
    /// For how long it holds, in milliseconds.
    pub hold_ms: u64,
}

impl Setpoint {
    /// Whether the stick is released.
    #[must_use]
    pub const fn is_neutral(self) -> bool {
        self.speed.is_zero() && self.turn_rate.is_zero()
    }
}

/// One command with its argument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "CommandName documents each; the fields are its argument")]
pub enum Command {
    TurnOnEngine,
    TurnOffEngine,
    LockDoors,
    UnlockDoors,
    Park,
    ParkInSafePlace,
    TurnOnHeadlights,
    TurnOffHeadlights,
    TurnOnParkingLights,
    TurnOffParkingLights,
    Accelerate,
    Brake,
    RotateRight(Degrees),
    RotateLeft(Degrees),
    SetMaxSpeed(Mph),
    SetMinSpeed(Mph),
    EmergencyStop,
    ClearEmergencyStop,
    Drive(Setpoint),
    Heartbeat,
    Cancel(CommandId),
    TakeControl,
    ReleaseControl,
    Horn { duration_ms: u64 },
    TurnOnHazardLights,
    TurnOffHazardLights,
    ReportStatus,
    SetSafePlace,
    RevokeKey(KeyName),
}

impl Command {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(&self) -> CommandName {
        match self {
            Self::TurnOnEngine => CommandName::TurnOnEngine,
            Self::TurnOffEngine => CommandName::TurnOffEngine,
            Self::LockDoors => CommandName::LockDoors,
            Self::UnlockDoors => CommandName::UnlockDoors,
            Self::Park => CommandName::Park,
            Self::ParkInSafePlace => CommandName::ParkInSafePlace,
            Self::TurnOnHeadlights => CommandName::TurnOnHeadlights,
            Self::TurnOffHeadlights => CommandName::TurnOffHeadlights,
            Self::TurnOnParkingLights => CommandName::TurnOnParkingLights,
            Self::TurnOffParkingLights => CommandName::TurnOffParkingLights,
            Self::Accelerate => CommandName::Accelerate,
            Self::Brake => CommandName::Brake,
            Self::RotateRight(_) => CommandName::RotateRight,
            Self::RotateLeft(_) => CommandName::RotateLeft,
            Self::SetMaxSpeed(_) => CommandName::SetMaxSpeed,
            Self::SetMinSpeed(_) => CommandName::SetMinSpeed,
            Self::EmergencyStop => CommandName::EmergencyStop,
            Self::ClearEmergencyStop => CommandName::ClearEmergencyStop,
            Self::Drive(_) => CommandName::Drive,
            Self::Heartbeat => CommandName::Heartbeat,
            Self::Cancel(_) => CommandName::Cancel,
            Self::TakeControl => CommandName::TakeControl,
            Self::ReleaseControl => CommandName::ReleaseControl,
            Self::Horn { .. } => CommandName::Horn,
            Self::TurnOnHazardLights => CommandName::TurnOnHazardLights,
            Self::TurnOffHazardLights => CommandName::TurnOffHazardLights,
            Self::ReportStatus => CommandName::ReportStatus,
            Self::SetSafePlace => CommandName::SetSafePlace,
            Self::RevokeKey(_) => CommandName::RevokeKey,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_may_name_a_command_in_kebab_case_or_as_on_the_wire() {
        for &name in CommandName::ALL {
            assert_eq!(CommandName::from_human(&name.kebab()), Some(name));
            assert_eq!(CommandName::from_human(name.as_str()), Some(name));
        }
        assert_eq!(CommandName::from_human("fly"), None);
    }

    #[test]
    fn there_are_sixteen_old_commands_and_thirteen_new_ones() {
        assert_eq!(CommandName::ALL.len(), 29);
        assert_eq!(CommandName::ALL.get(15), Some(&CommandName::SetMinSpeed));
    }
}
