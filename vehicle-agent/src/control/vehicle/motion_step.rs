//! The passing of time: the vehicle senses, moves, arrives and comes to rest.

use super::{ParkingBrake, Vehicle};
use crate::control::maneuvers::Turned;
use crate::control::mode::{DriveSource, Driving, Mode};
use crate::control::motion::Target;
use crate::control::order::Outcome;
use crate::control::{Cause, Moment, Sensed, Setup, Wheels};
use vehicle_protocol::{EventKind, Reason};

impl Vehicle {
    /// Takes what the board measured.
    pub(super) fn sense(&mut self, now: Moment, sensed: Sensed) {
        self.motion.measure(sensed.odometry, sensed.wheels);
        self.emergency_input = sensed.emergency_stop;
        let stopped = matches!(self.mode, Mode::EmergencyStop) && !self.latch.is_clearing();
        if sensed.emergency_stop && !stopped {
            self.stop_in_emergency(now, Cause::Failsafe(Reason::EmergencyStopped));
        }
        if let Some(wheels) = sensed.wheels {
            self.watch_wheels(now, wheels);
        }
    }

    /// Stops for good when wheels do not do what they are told: one that is held or has run into something, and one that
    /// nobody told to turn.
    fn watch_wheels(&mut self, now: Moment, wheels: Wheels) {
        let Setup { kinematics, limits, timing, .. } = &self.setup;
        let stuck = if matches!(self.mode, Mode::Driving(_)) {
            self.watch.driven(now, self.wanted.drivetrain, wheels, *kinematics, limits, timing)
        } else {
            self.watch.not_driven();
            None
        };
        let turns_unasked = self.mode.engine() && self.motion.is_at_rest() && !self.motion.is_standing();
        let restless = self.watch.resting(now, turns_unasked, timing);
        if let Some(problem) = stuck.or(restless) {
            let reason = Reason::ActuatorFault;
            self.reporter.event(now, EventKind::Fault, Some(reason), Some(problem.clone()));
            self.fault(now, reason, Some(problem));
        }
    }

    /// Lets the time up to `now` take its course.
    pub(super) fn advance(&mut self, now: Moment) {
        self.end_leases(now);
        self.drive(now);
        let target = self.mode.target(&self.motion, self.max_speed);
        self.motion.step(now, target);
        self.body.advance(now);
        self.end_overdue(now);
    }

    /// Follows the turns and the way to the safe place.
    fn drive(&mut self, now: Moment) {
        let Mode::Driving(Driving { way, .. }) = &mut self.mode else { return };
        match way {
            DriveSource::Setpoint(_) => {}
            DriveSource::Maneuvers(discrete) => {
                let turned = discrete.advance(now, &self.motion, self.checks.expiry);
                self.course = discrete.course();
                match turned {
                    Some(Turned::Done(ticket)) => self.end_ticket(now, ticket, &Outcome::SUCCEEDED),
                    Some(Turned::Expired(ticket)) => self.end_ticket(now, ticket, &Outcome::EXPIRED),
                    Some(Turned::Under(ticket, share)) => self.running.note_progress(ticket, share),
                    None => {}
                }
            }
            DriveSource::SafePlace(autopilot) => {
                let (ticket, arrival) = (autopilot.ticket, autopilot.advance(&self.motion));
                self.running.note_progress(ticket, autopilot.progress(&self.motion));
                if let Some(arrival) = arrival {
                    self.arrive(arrival);
                }
            }
        }
    }

    /// A stop takes away at once what encoders have added.
    pub(super) fn ease(&mut self) {
        if self.mode.target(&self.motion, self.max_speed) == Target::REST {
            self.motion.ease();
        }
    }

    /// Applies what follows from standing still.
    pub(super) fn come_to_rest(&mut self) {
        if !self.motion.is_standing() {
            return;
        }
        if let Some(next) = self.mode.at_rest() {
            self.mode = next;
        }
        if self.parking_brake == ParkingBrake::AtStandstill {
            self.parking_brake = ParkingBrake::On;
        }
    }
}
