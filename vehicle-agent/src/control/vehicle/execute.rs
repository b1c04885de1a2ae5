//! What each command does, if the vehicle's state allows it.

use super::Vehicle;
use crate::control::Moment;
use crate::control::in_flight::{Goal, Ticket};
use crate::control::mode::Mode;
use crate::control::order::{Order, Outcome, Refusal};
use std::time::Duration;
use vehicle_protocol::{Command, CommandId, Reason};

/// Commands under way at once; more are refused as BUSY.
const UNDER_WAY: usize = 64;
/// How long a command may take that waits for outputs or for the file.
const SHORT_LIMIT: Duration = Duration::from_secs(5);
/// How long a stop or a turn may take, waiting turns included.
pub(super) const LONG_LIMIT: Duration = Duration::from_secs(60);

impl Vehicle {
    /// Begins a command.
    #[expect(clippy::wildcard_enum_match_arm, reason = "`set` has the other commands")]
    pub(super) fn obey(&mut self, now: Moment, order: Order) -> Result<(), Refusal> {
        let from = self.motion.pose().speed.abs();
        match order.command.clone() {
            Command::EmergencyStop => {
                self.stop_in_emergency(now, order.cause());
                self.begin(now, order, Goal::Stored(true));
            }
            Command::Brake => {
                self.stop_for(now, &order, false);
                self.begin(now, order, Goal::Standing { from });
            }
            Command::TurnOffEngine => {
                self.stop_for(now, &order, true);
                self.begin(now, order, Goal::EngineOff { from });
            }
            _ if matches!(self.mode, Mode::Fault(Reason::ShuttingDown)) => {
                return Err(Refusal::new(Reason::ShuttingDown, "the agent leaves"));
            }
            Command::Heartbeat => {}
            Command::Drive(setpoint) => self.drive_setpoint(now, &order, setpoint)?,
            Command::Cancel(id) => self.cancel(now, order, &id)?,
            _ if self.running.len() >= UNDER_WAY => {
                return Err(Refusal::new(
                    Reason::Busy,
                    "too many commands are under way; wait for their answers",
                ));
            }
            Command::ClearEmergencyStop => self.clear(now, order)?,
            Command::Accelerate => self.accelerate(now, order)?,
            Command::RotateRight(turn) => self.rotate(now, order, turn.get())?,
            Command::RotateLeft(turn) => self.rotate(now, order, -turn.get())?,
            Command::ParkInSafePlace => self.park_in_safe_place(now, order),
            Command::Park => self.park(now, order, None),
            Command::TakeControl => self.take_control(now, order)?,
            Command::RevokeKey(name) => self.revoke_key(now, order, &name)?,
            _ => {
                self.set(now, &order)?;
                self.body_cause = order.cause();
                self.begin(now, order, Goal::InForce);
            }
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
