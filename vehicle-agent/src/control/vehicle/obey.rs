//! What each command does, if the vehicle's state allows it.

use super::Vehicle;
use crate::control::Moment;
use crate::control::mode::Mode;
use crate::control::order::{Order, Outcome, Refusal};
use crate::control::running::{Goal, Ticket};
use std::time::Duration;
use vehicle_protocol::{Command, Reason};

/// Commands under way at once; more are refused as BUSY.
const UNDER_WAY: usize = 64;
/// How long a command may take that waits for outputs or for the file.
const SHORT_LIMIT: Duration = Duration::from_secs(5);
/// How long a stop or a turn may take, waiting turns included.
pub(super) const LONG_LIMIT: Duration = Duration::from_secs(60);

/// What to store, if anything.
type Obeyed = Result<Option<bool>, Refusal>;

impl Vehicle {
    /// Begins a command.
    #[expect(clippy::wildcard_enum_match_arm, reason = "`set` has the other commands")]
    pub(super) fn obey(&mut self, now: Moment, order: Order) -> Obeyed {
        let from = self.motion.pose().speed.abs();
        match order.command.clone() {
            Command::EmergencyStop => {
                self.stop_in_emergency(now, order.cause());
                self.begin(now, order, Goal::Stored(true));
                return Ok(Some(true));
            }
            Command::Brake => {
                self.stop_for(now, &order, false);
                self.begin(now, order, Goal::Standing { from });
            }
            Command::TurnOffEngine => {
                self.stop_for(now, &order, true);
                self.begin(now, order, Goal::EngineOff { from });
            }
            _ if self.running.len() >= UNDER_WAY => {
                return Err(Refusal::new(
                    Reason::Busy,
                    "too many commands are under way; wait for their answers",
                ));
            }
            Command::ClearEmergencyStop => return self.clear(now, order),
            Command::Drive(setpoint) => self.drive_setpoint(now, &order, setpoint)?,
            Command::Accelerate => self.accelerate(now, order)?,
            Command::RotateRight(turn) => self.rotate(now, order, turn.get())?,
            Command::RotateLeft(turn) => self.rotate(now, order, -turn.get())?,
            Command::ParkInSafePlace => self.park_in_safe_place(now, order),
            Command::Park => self.park(now, order, None),
            Command::Cancel(id) => {
                let ticket = self.running.find(&id).ok_or_else(|| {
                    Refusal::new(Reason::NotFound, format!("no command with the ID {id} is under way"))
                })?;
                self.abandon(ticket);
                self.end_ticket(now, ticket, &Outcome::CANCELED);
                self.motion_cause = order.cause();
                self.begin(now, order, Goal::InForce);
            }
            Command::Heartbeat => {}
            Command::RevokeKey(_) => {
                return Err(Refusal::new(Reason::Unsigned, "only an owner's key revokes keys"));
            }
            _ => {
                self.set(now, &order)?;
                self.body_cause = order.cause();
                self.begin(now, order, Goal::InForce);
            }
        }
        Ok(None)
    }

    pub(super) fn begin(&mut self, now: Moment, order: Order, goal: Goal) -> Ticket {
        let limit = match goal {
            Goal::InForce | Goal::Stored(_) => SHORT_LIMIT,
            Goal::Standing { .. } | Goal::Parked { .. } | Goal::EngineOff { .. } | Goal::Told => LONG_LIMIT,
        };
        self.begin_until(order, goal, now.after(limit))
    }

    /// Takes up a command that must end by `limit`.
    pub(super) fn begin_until(&mut self, order: Order, goal: Goal, limit: Moment) -> Ticket {
        self.gate.remember(&order);
        self.reporter.executed();
        self.running.begin(order, goal, limit)
    }

    pub(super) fn stop_for(&mut self, now: Moment, order: &Order, engine_off: bool) {
        self.supersede_motion(now, order.name());
        if matches!(self.mode, Mode::Standing | Mode::Driving(_)) || engine_off {
            self.motion_cause = order.cause();
        }
        self.brake(engine_off);
    }

    fn clear(&mut self, now: Moment, order: Order) -> Obeyed {
        self.must_stand()?;
        self.motion_cause = order.cause();
        self.body_cause = order.cause();
        match self.mode {
            Mode::EmergencyStop => {
                if self.emergency_input {
                    return Err(Refusal::new(
                        Reason::EmergencyStopped,
                        "the emergency-stop input is still open",
                    ));
                }
                self.latch.clearing = true;
                self.begin(now, order, Goal::Stored(false));
                return Ok(Some(false));
            }
            Mode::Fault(reason) => self.end_failsafe(now, reason, Mode::Off),
            Mode::Failsafe(reason) => self.end_failsafe(now, reason, Mode::Standing),
            Mode::Off | Mode::Standing | Mode::Driving(_) | Mode::Braking { .. } => {}
        }
        self.begin(now, order, Goal::InForce);
        Ok(None)
    }
}
