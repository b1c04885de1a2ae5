//! Preconditions of commands in the vehicle's state.

use super::{ParkingBrake, Vehicle};
use crate::control::Moment;
use crate::control::mode::Mode;
use crate::control::order::{Order, Party, Refusal};
use vehicle_protocol::{EventKind, Reason};

impl Vehicle {
    pub(super) fn must_stand(&self) -> Result<(), Refusal> {
        if self.motion.is_standing() && !matches!(self.mode, Mode::Driving(_)) {
            Ok(())
        } else {
            Err(Refusal::new(Reason::Moving, "the vehicle moves; wait until it stands, or send BRAKE"))
        }
    }

    /// Checks what every motion command needs.
    pub(super) fn may_move(&self, party: Party) -> Result<(), Refusal> {
        match self.mode {
            Mode::EmergencyStop => return Err(emergency_stopped()),
            Mode::Fault(reason) => return Err(needs_clearing(reason)),
            Mode::Off | Mode::Braking { engine_off: true } => {
                return Err(Refusal::new(Reason::EngineOff, "send TURN_ON_ENGINE first"));
            }
            Mode::Failsafe(reason) if !self.motion.is_standing() => {
                return Err(Refusal::new(
                    Reason::Failsafe,
                    format!("{reason}: wait until the vehicle stands"),
                ));
            }
            Mode::Failsafe(_) | Mode::Standing | Mode::Driving(_) | Mode::Braking { .. } => {}
        }
        self.must_control(party)?;
        self.must_have_power()
    }

    /// ControlLock is in the hands of `party`, or of nobody.
    pub(super) fn must_control(&self, party: Party) -> Result<(), Refusal> {
        if self.control.allows(party) {
            Ok(())
        } else {
            Err(Refusal::new(Reason::NotInControl, "somebody else holds control; send TAKE_CONTROL"))
        }
    }

    /// Checks that the party is an owner, where the owner asks for that.
    pub(super) fn must_own(&self, party: Party) -> Result<(), Refusal> {
        match party.key() {
            Some(key) if self.gate.keyring.is_owner(key) => Ok(()),
            Some(_) => Err(Refusal::new(Reason::Forbidden, "only an owner clears this vehicle's stop")),
            None => Err(Refusal::new(Reason::Unsigned, "only an owner's key clears this vehicle's stop")),
        }
    }

    /// Applies what follows from every admitted motion command.
    pub(super) fn set_in_motion(&mut self, now: Moment, order: &Order) {
        if let Mode::Failsafe(reason) = self.mode {
            self.end_failsafe(now, reason, Mode::Standing);
        }
        self.control.take(now, order.party);
        self.parking_brake = ParkingBrake::Released;
        self.motion_cause = order.cause();
        self.supersede_stopping(now, order.name());
    }

    pub(super) fn end_failsafe(&mut self, now: Moment, reason: Reason, next: Mode) {
        self.mode = next;
        self.reporter.event(now, EventKind::FailsafeEnded, Some(reason), None);
    }
}

pub(super) fn emergency_stopped() -> Refusal {
    Refusal::new(Reason::EmergencyStopped, "send CLEAR_EMERGENCY_STOP when the place is safe")
}

pub(super) fn needs_clearing(reason: Reason) -> Refusal {
    Refusal::new(Reason::Failsafe, format!("{reason}: find out why, then send CLEAR_EMERGENCY_STOP"))
}
