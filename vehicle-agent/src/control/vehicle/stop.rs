//! Everything that ends motion.

use super::Vehicle;
use crate::control::admit::Blame;
use crate::control::in_flight::Goal;
use crate::control::mode::{DriveSource, Driving, Mode};
use crate::control::motion::Target;
use crate::control::order::{Order, Outcome, Refusal};
use crate::control::report::Kind;
use crate::control::{Cause, Moment};
use vehicle_protocol::{CommandName, EventKind, Reason, State};

impl Vehicle {
    /// Brakes, if anything is under way, and forgets the released stick.
    pub(super) fn brake(&mut self, engine_off: bool) {
        self.neutral = None;
        match self.mode {
            Mode::Standing | Mode::Driving(_) => self.mode = Mode::Braking { engine_off },
            Mode::Braking { engine_off: off } => self.mode = Mode::Braking { engine_off: off || engine_off },
            Mode::Off | Mode::Failsafe(_) | Mode::Fault(_) | Mode::EmergencyStop => {}
        }
    }

    /// Brakes for an authentic stop that may be an old one, and waits for the next fresh motion command: nobody can hold a
    /// vehicle fast for good with a stop that was recorded.
    pub(super) fn halt(&mut self, now: Moment, order: Order, why: Refusal) {
        self.supersede_motion(now, order.name());
        if matches!(self.mode, Mode::Standing | Mode::Driving(_) | Mode::Braking { engine_off: false }) {
            let detail = format!("{}: {}", order.name(), why.detail);
            self.fail(now, Reason::EmergencyStopped, Some(detail));
            self.motion_cause = order.cause();
        }
        self.neutral = None;
        // Without a session it is what a console in a hurry sends; any other may be a replay.
        if order.expires.is_some() {
            self.reporter.intruded(now, why.reason, Some(order.name()));
        }
        let from = self.motion.pose().speed.abs();
        let goal = match (&self.mode, order.name()) {
            (Mode::EmergencyStop, CommandName::EmergencyStop) => Goal::Stored(true),
            (Mode::Off, CommandName::TurnOffEngine) => Goal::EngineOff { from },
            (_, CommandName::Brake) => Goal::Standing { from },
            _ => {
                let detail = format!("{}; it brakes, and no more: send the stop in a session", why.detail);
                let (state, reason) = (State::Failed, Some(why.reason));
                let reply = order.reply(Outcome { state, reason, detail: Some(detail) });
                self.reporter.executed();
                self.record(now, &reply);
                return self.tell_refusal(now, reply, why.reason, Blame::of(order.party), Kind::Stop);
            }
        };
        let ticket = self.begin(now, order, goal);
        self.running.redirect(ticket, goal, Some(why.detail));
    }

    /// Motors off, brake on, latched and stored, even while a clearing is on its way to the file.
    pub(super) fn stop_in_emergency(&mut self, now: Moment, cause: Cause) {
        let first = !matches!(self.mode, Mode::EmergencyStop);
        self.supersede_motion(now, CommandName::EmergencyStop);
        self.supersede_clearing(now, CommandName::EmergencyStop);
        self.mode = Mode::EmergencyStop;
        self.neutral = None;
        self.latch.write(true);
        if first {
            self.reporter.event(now, EventKind::EmergencyStop, None, Some(cause.as_str().to_owned()));
            self.body_cause = cause.clone();
            self.motion_cause = cause;
        }
    }

    /// Stops by itself, until the next fresh motion command.
    pub(super) fn failsafe(&mut self, now: Moment, reason: Reason) {
        self.fail(now, reason, None);
    }

    pub(super) fn fail(&mut self, now: Moment, reason: Reason, detail: Option<String>) {
        self.mode = Mode::Failsafe(reason);
        self.neutral = None;
        self.motion_cause = Cause::Failsafe(reason);
        self.end(now, |entry| (entry.goal == Goal::Told).then(|| Outcome::failed(reason)));
        self.reporter.event(now, EventKind::Failsafe, Some(reason), detail);
    }

    /// Stops by itself without trusting its own parts, until cleared on purpose.
    pub(super) fn fault(&mut self, now: Moment, reason: Reason, detail: Option<String>) {
        self.end(now, |entry| {
            // Of a board that failed or is let go nothing is known to be in force; else stops go on.
            let broken = matches!(reason, Reason::ShuttingDown | Reason::ActuatorFault)
                || matches!(entry.goal, Goal::Told | Goal::InForce | Goal::Stored(false));
            broken.then(|| Outcome { detail: detail.clone(), ..Outcome::failed(reason) })
        });
        self.neutral = None;
        if matches!(self.mode, Mode::EmergencyStop) {
            if self.latch.is_clearing() {
                self.latch.write(true);
            }
            return;
        }
        let known = matches!(self.mode, Mode::Fault(known) if known == reason);
        self.mode = Mode::Fault(reason);
        self.motion_cause = Cause::Failsafe(reason);
        if !known && reason != Reason::ShuttingDown {
            self.reporter.event(now, EventKind::Failsafe, Some(reason), detail);
        }
    }

    /// The board could not bring the outputs to their levels.
    pub(super) fn board_failed(&mut self, now: Moment, detail: String) {
        if !self.board_failing {
            self.reporter.event(now, EventKind::Fault, Some(Reason::ActuatorFault), Some(detail.clone()));
        }
        self.board_failing = true;
        self.fault(now, Reason::ActuatorFault, Some(detail));
    }

    /// Ends motion and control that nobody renewed.
    pub(super) fn end_leases(&mut self, now: Moment) {
        if self.control.lapse(self.setup.timing.control_lapse).is_some_and(|lapse| now >= lapse) {
            self.control.release();
        }
        let Mode::Driving(Driving { lease, way }) = &self.mode else { return };
        if now < lease.until || !self.checks.lease {
            return;
        }
        match way {
            DriveSource::Setpoint(Target::REST) => self.mode = Mode::Braking { engine_off: false },
            DriveSource::Setpoint(_) => self.failsafe(now, Reason::HoldLapsed),
            DriveSource::Maneuvers(_) => self.failsafe(now, Reason::OperatorLost),
            DriveSource::SafePlace(_) => self.park_where_it_is("it took too long"),
        }
    }

    /// A connection reported lost brakes discrete motion at once and leaves a setpoint to its hold.
    pub(super) fn lose_link(&mut self, now: Moment) {
        self.reporter.link_lost();
        let Mode::Driving(Driving { way, .. }) = &self.mode else { return };
        match way {
            DriveSource::Setpoint(_) => {}
            DriveSource::Maneuvers(_) => self.failsafe(now, Reason::LinkLost),
            DriveSource::SafePlace(_) => {
                self.reporter.event(now, EventKind::Failsafe, Some(Reason::LinkLost), None);
                self.motion_cause = Cause::Failsafe(Reason::LinkLost);
                self.park_where_it_is("the link was lost");
            }
        }
    }
}
