//! The effect of each command, if the vehicle's state allows it.

use super::Vehicle;
use crate::control::Moment;
use crate::control::in_flight::{Goal, Ticket};
use crate::control::mode::Mode;
use crate::control::order::{Order, Outcome, Refusal};
use std::time::Duration;
use vehicle_protocol::{Command, CommandId, CommandName, Doors, HornDuration, Reason};

/// Commands under way at once; more are refused as BUSY.
const UNDER_WAY: usize = 64;
/// Time limit of a command that waits for outputs or for the file.
const SHORT_LIMIT: Duration = Duration::from_secs(5);
/// Time limit of a stop or a turn, waiting turns included.
pub(super) const LONG_LIMIT: Duration = Duration::from_secs(60);

impl Vehicle {
    /// Begins a command. The match has no wildcard, so that a command that is forgotten here does not compile instead of
    /// being answered SUCCEEDED.
    pub(super) fn execute(&mut self, now: Moment, order: Order) -> Result<(), Refusal> {
        self.has_room_for(&order)?;
        let from = self.motion.pose().speed.abs();
        match order.command.clone() {
            Command::EmergencyStop => {
                self.stop_in_emergency(now, order.cause());
                self.begin(now, order, Goal::Stored(true));
                Ok(())
            }
            Command::Brake => {
                self.stop_for(now, &order, false);
                self.begin(now, order, Goal::Standing { from });
                Ok(())
            }
            Command::TurnOffEngine => {
                self.stop_for(now, &order, true);
                self.begin(now, order, Goal::EngineOff { from });
                Ok(())
            }
            Command::Heartbeat => Ok(()),
            Command::Drive(setpoint) => self.drive_setpoint(now, &order, setpoint),
            Command::Cancel(id) => self.cancel(now, order, &id),
            Command::ClearEmergencyStop => self.clear(now, order),
            Command::Accelerate => self.accelerate(now, order),
            Command::RotateRight(turn) => self.rotate(now, order, turn.get()),
            Command::RotateLeft(turn) => self.rotate(now, order, -turn.get()),
            Command::Park => {
                self.park(now, order, None);
                Ok(())
            }
            Command::ParkInSafePlace => {
                self.park_in_safe_place(now, order);
                Ok(())
            }
            Command::TakeControl => self.take_control(now, order),
            Command::RevokeKey(name) => self.revoke_key(now, order, &name),
            Command::TurnOnEngine => self.apply(now, order, Self::turn_on_engine),
            Command::LockDoors => self.apply(now, order, |vehicle, _| vehicle.set_doors(Doors::Locked)),
            Command::UnlockDoors => self.apply(now, order, |vehicle, _| vehicle.set_doors(Doors::Unlocked)),
            Command::TurnOnHeadlights => self.apply(now, order, |vehicle, _| vehicle.set_headlights(true)),
            Command::TurnOffHeadlights => self.apply(now, order, |vehicle, _| vehicle.set_headlights(false)),
            Command::TurnOnParkingLights => {
                self.apply(now, order, |vehicle, _| vehicle.set_parking_lights(true))
            }
            Command::TurnOffParkingLights => {
                self.apply(now, order, |vehicle, _| vehicle.set_parking_lights(false))
            }
            Command::TurnOnHazardLights => {
                self.apply(now, order, |vehicle, _| vehicle.set_hazard_lights(true))
            }
            Command::TurnOffHazardLights => {
                self.apply(now, order, |vehicle, _| vehicle.set_hazard_lights(false))
            }
            Command::Horn(HornDuration(millis)) => {
                let until = now.after(Duration::from_millis(millis));
                self.apply(now, order, |vehicle, _| vehicle.sound_horn(until))
            }
            Command::SetMaxSpeed(speed) => {
                self.apply(now, order, |vehicle, order| vehicle.set_max_speed(order, speed))
            }
            Command::SetMinSpeed(speed) => self.apply(now, order, |vehicle, _| vehicle.set_min_speed(speed)),
            Command::SetSafePlace => self.apply(now, order, |vehicle, _| vehicle.set_safe_place()),
            Command::ReleaseControl => {
                self.apply(now, order, |vehicle, order| vehicle.release_control(now, order))
            }
            Command::ReportStatus => self.apply(now, order, |vehicle, _| {
                vehicle.reporter.request_status();
                Ok(())
            }),
        }
    }

    /// True if the board has what the command needs; the description lists no other.
    pub(super) fn can(&self, name: CommandName) -> bool {
        let fittings = &self.setup.fittings;
        match name {
            CommandName::LockDoors | CommandName::UnlockDoors => fittings.doors,
            CommandName::TurnOnHeadlights | CommandName::TurnOffHeadlights => fittings.headlights,
            CommandName::TurnOnParkingLights | CommandName::TurnOffParkingLights => fittings.parking_lights,
            CommandName::TurnOnHazardLights | CommandName::TurnOffHazardLights => fittings.hazard_lights,
            CommandName::Horn => fittings.horn,
            CommandName::SetSafePlace => fittings.odometry,
            CommandName::RevokeKey => self.gate.keyring.has_owner(),
            CommandName::TurnOnEngine
            | CommandName::TurnOffEngine
            | CommandName::Park
            | CommandName::ParkInSafePlace
            | CommandName::Accelerate
            | CommandName::Brake
            | CommandName::RotateRight
            | CommandName::RotateLeft
            | CommandName::SetMaxSpeed
            | CommandName::SetMinSpeed
            | CommandName::EmergencyStop
            | CommandName::ClearEmergencyStop
            | CommandName::Drive
            | CommandName::Heartbeat
            | CommandName::Cancel
            | CommandName::TakeControl
            | CommandName::ReleaseControl
            | CommandName::ReportStatus => true,
        }
    }

    /// Executes a command that is done as soon as the outputs of this step are in force.
    fn apply(
        &mut self,
        now: Moment,
        order: Order,
        change: impl FnOnce(&mut Self, &Order) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        change(self, &order)?;
        self.body_cause = order.cause();
        self.begin(now, order, Goal::InForce);
        Ok(())
    }

    /// Checks whether one more command can be under way. Stops always can; setpoints and heartbeats never are, and what ends
    /// another command makes room.
    fn has_room_for(&self, order: &Order) -> Result<(), Refusal> {
        let name = order.name();
        if name.is_stop() {
            return Ok(());
        }
        if matches!(self.mode, Mode::Fault(Reason::ShuttingDown)) {
            return Err(Refusal::new(Reason::ShuttingDown, "the agent leaves"));
        }
        let takes_none = name.is_on_drive_topic() || name == CommandName::Cancel;
        if self.running.len() >= UNDER_WAY && !takes_none {
            return Err(Refusal::new(
                Reason::Busy,
                "too many commands are under way; wait for their answers",
            ));
        }
        Ok(())
    }

    /// Takes up a command that waits for `goal`.
    pub(super) fn begin(&mut self, now: Moment, order: Order, goal: Goal) -> Ticket {
        let limit = match goal {
            Goal::InForce | Goal::Stored(_) | Goal::Revoked(_) => SHORT_LIMIT,
            Goal::Standing { .. }
            | Goal::Parked { .. }
            | Goal::EngineOff { .. }
            | Goal::ControlLock
            | Goal::Told => LONG_LIMIT,
        };
        self.begin_until(now, order, goal, now.after(limit))
    }

    /// Takes up a command that must end by `limit`.
    pub(super) fn begin_until(&mut self, now: Moment, order: Order, goal: Goal, limit: Moment) -> Ticket {
        // A stop is never refused for want of room: it takes that of the first of its kind.
        if let Some(oldest) = self.running.oldest(order.name(), UNDER_WAY).filter(|_| order.name().is_stop())
        {
            self.end_ticket(now, oldest, &Outcome::superseded(order.name()));
        }
        self.gate.remember(&order);
        self.reporter.executed();
        self.running.begin(order, goal, limit)
    }

    pub(super) fn stop_for(&mut self, now: Moment, order: &Order, engine_off: bool) {
        self.supersede_motion(now, order.name());
        if matches!(self.mode, Mode::Standing | Mode::Driving(_)) || engine_off {
            self.motion_cause = order.cause();
        }
        if let (Mode::Failsafe(reason), true) = (&self.mode, engine_off) {
            self.end_failsafe(now, *reason, Mode::Braking { engine_off });
        }
        self.brake(engine_off);
    }

    fn cancel(&mut self, now: Moment, order: Order, id: &CommandId) -> Result<(), Refusal> {
        let ticket = self.running.find(order.party.sender(), id).ok_or_else(|| {
            Refusal::new(
                Reason::NotFound,
                format!("nothing is under way under the ID {id} that could be ended"),
            )
        })?;
        self.motion_cause = order.cause();
        self.abandon(ticket);
        self.end_ticket(now, ticket, &Outcome::CANCELED);
        self.begin(now, order, Goal::InForce);
        Ok(())
    }

    fn clear(&mut self, now: Moment, order: Order) -> Result<(), Refusal> {
        self.must_stand()?;
        if matches!(self.mode, Mode::EmergencyStop) && self.gate.keyring.owner_clears() {
            self.must_own(order.party)?;
        }
        if self.emergency_input {
            return Err(Refusal::new(Reason::EmergencyStopped, "the emergency-stop input is still open"));
        }
        if self.running.waits_for(Goal::Stored(true)) {
            return Err(Refusal::new(Reason::Busy, "the emergency stop is still being stored; send again"));
        }
        (self.motion_cause, self.body_cause) = (order.cause(), order.cause());
        let goal = match self.mode {
            Mode::EmergencyStop => {
                self.latch.write(false);
                Goal::Stored(false)
            }
            Mode::Fault(reason) => {
                self.end_failsafe(now, reason, Mode::Off);
                self.keep_brake();
                Goal::InForce
            }
            Mode::Failsafe(reason) => {
                self.end_failsafe(now, reason, Mode::Standing);
                Goal::InForce
            }
            Mode::Off | Mode::Standing | Mode::Driving(_) | Mode::Braking { .. } => Goal::InForce,
        };
        self.begin(now, order, goal);
        Ok(())
    }
}
