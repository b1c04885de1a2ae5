//! Ends of commands.

use super::{ParkingBrake, Vehicle};
use crate::control::in_flight::{Entry, Goal, Ticket};
use crate::control::mode::{DriveSource, Driving, Mode};
use crate::control::order::{Outcome, Proven, Reply};
use crate::control::report::Record;
use crate::control::{Moment, Report};
use vehicle_protocol::{Answer, CommandName, Encoding, EventKind, Reason, State};

impl Vehicle {
    /// The outputs of the step before are in force: ends what that ends, and tells how far the rest is.
    pub(super) fn settle(&mut self, now: Moment) {
        let standing = self.motion.is_standing() && !matches!(self.mode, Mode::Driving(_));
        let parked = standing && self.parking_brake == ParkingBrake::On;
        let off = standing && !self.mode.engine();
        let (latch, holder) = (self.latch, self.control.holder());
        let replies = self.running.end(|entry| {
            let done = match entry.goal {
                Goal::InForce => true,
                Goal::Standing { .. } => standing,
                Goal::Parked { .. } => parked,
                Goal::EngineOff { .. } => off,
                Goal::Stored(set) => latch.holds(set),
                Goal::ControlLock => holder == Some(entry.order.party),
                Goal::Revoked(_) | Goal::Told => false,
            };
            done.then(|| Outcome { detail: entry.detail.clone(), ..Outcome::SUCCEEDED })
        });
        self.finish(now, replies);
        let speed = self.motion.pose().speed.abs();
        self.running.note_stopping(speed);
        for reply in self.running.progress(now) {
            self.gate.memories.of(reply.party.sender()).update(&reply.answer);
            self.send(now, reply);
        }
    }

    fn finish(&mut self, now: Moment, replies: Vec<Reply>) {
        for reply in replies {
            self.gate.memories.of(reply.party.sender()).update(&reply.answer);
            self.record(now, &reply);
            self.send(now, reply);
        }
    }

    /// Sends an answer, with a tag if it is to an authentic command.
    pub(super) fn send(&mut self, now: Moment, reply: Reply) {
        let Reply { answer, address, .. } = reply;
        let mut answer = Answer { clock: Some(now.clock()), ..answer };
        if let Some(Proven { key, place }) = address.proof {
            if let Some(signer) = self.gate.keyring.signer(key) {
                answer = signer.answer(answer, self.setup.epoch, place);
            }
        }
        self.reporter.push(match address.encoding {
            Encoding::Json => Report::Answer(answer),
            Encoding::Compact => Report::Compact(answer),
        });
    }

    /// Notes for the owner who asked for what, and what came of it.
    pub(super) fn record(&mut self, now: Moment, reply: &Reply) {
        let Answer { command, id, state, reason, .. } = reply.answer.clone();
        let by = self.name(reply.party);
        self.reporter.record(now, Record { by, command, id, state, reason });
    }

    pub(super) fn end(&mut self, now: Moment, ended: impl FnMut(&Entry) -> Option<Outcome>) {
        let replies = self.running.end(ended);
        self.finish(now, replies);
    }

    pub(super) fn end_ticket(&mut self, now: Moment, ticket: Ticket, outcome: &Outcome) {
        self.end(now, |entry| (entry.ticket == ticket).then(|| outcome.clone()));
    }

    /// Ends what has taken too long; the vehicle does not go on with it.
    pub(super) fn end_overdue(&mut self, now: Moment) {
        for (ticket, goal) in self.running.overdue(now) {
            self.abandon(ticket);
            if goal == Goal::Stored(false) {
                self.latch.write(true);
            }
            self.end_ticket(now, ticket, &Outcome::failed(Reason::Timeout));
        }
    }

    /// Stops doing what a command asked for.
    pub(super) fn abandon(&mut self, ticket: Ticket) {
        if self.running.is_last_to_park(ticket) {
            // It stops all the same, but it does not park.
            self.parking_brake = ParkingBrake::Released;
        }
        if self.control.request().is_some_and(|request| request.ticket == ticket) {
            self.control.forget();
        }
        if let Mode::Driving(Driving { way, .. }) = &mut self.mode {
            match way {
                DriveSource::Maneuvers(discrete) => discrete.cancel(ticket, &self.motion),
                DriveSource::SafePlace(autopilot) if autopilot.ticket == ticket => {
                    self.mode = Mode::Braking { engine_off: false };
                }
                DriveSource::SafePlace(_) | DriveSource::Setpoint(_) => {}
            }
        }
    }

    /// Ends turns and the drive to the safe place.
    pub(super) fn supersede_motion(&mut self, now: Moment, by: CommandName) {
        self.end(now, |entry| (entry.goal == Goal::Told).then(|| Outcome::superseded(by)));
    }

    /// Ends what was bringing the vehicle to a stop.
    pub(super) fn supersede_stopping(&mut self, now: Moment, by: CommandName) {
        self.end(now, |entry| {
            let stopping = matches!(entry.goal, Goal::Standing { .. } | Goal::Parked { .. });
            stopping.then(|| Outcome::superseded(by))
        });
    }

    /// Ends a clearing that is on its way to the file.
    pub(super) fn supersede_clearing(&mut self, now: Moment, by: CommandName) {
        self.end(now, |entry| (entry.goal == Goal::Stored(false)).then(|| Outcome::superseded(by)));
    }

    /// The file was written.
    pub(super) fn stored(&mut self, now: Moment, set: bool) {
        let last = self.latch.written(set);
        if last && !set && matches!(self.mode, Mode::EmergencyStop) {
            self.mode = Mode::Off;
            self.keep_brake();
            self.reporter.event(now, EventKind::EmergencyStopCleared, None, None);
        }
    }

    /// The file could not be written.
    pub(super) fn store_failed(&mut self, now: Moment, detail: &str) {
        self.latch.failed();
        let detail = format!("the emergency stop could not be written: {detail}");
        self.reporter.event(now, EventKind::Fault, Some(Reason::ActuatorFault), Some(detail.clone()));
        self.end(now, |entry| {
            let waits = matches!(entry.goal, Goal::Stored(_));
            let (reason, detail) = (Some(Reason::ActuatorFault), Some(detail.clone()));
            waits.then_some(Outcome { state: State::Failed, reason, detail })
        });
    }
}
