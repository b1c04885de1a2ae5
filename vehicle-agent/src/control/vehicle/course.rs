//! What time brings: the vehicle senses, moves, arrives and comes to rest.

use super::{ParkingBrake, Vehicle};
use crate::control::discrete::Turned;
use crate::control::mode::{Driving, Mode, Way};
use crate::control::order::Outcome;
use crate::control::{Cause, Moment, Sensed};
use vehicle_protocol::Reason;

impl Vehicle {
    /// Takes what the board measured.
    pub(super) fn sense(&mut self, now: Moment, sensed: Sensed) {
        self.motion.measure(sensed.odometry);
        self.emergency_input = sensed.emergency_stop;
        let stopped = matches!(self.mode, Mode::EmergencyStop) && !self.latch.is_clearing();
        if sensed.emergency_stop && !stopped {
            self.stop_in_emergency(now, Cause::Failsafe(Reason::EmergencyStopped));
        }
    }

    /// Lets the time up to `now` take its course.
    pub(super) fn advance(&mut self, now: Moment) {
        self.end_leases(now);
        self.drive(now);
        let target = self.mode.target(&self.motion, self.max_speed);
        self.motion.step(now, target);
        if self.body.horn_until.is_some_and(|until| now >= until) {
            self.body.horn_until = None;
        }
        self.end_overdue(now);
    }

    /// Follows the turns and the way to the safe place.
    fn drive(&mut self, now: Moment) {
        let Mode::Driving(Driving { way, .. }) = &mut self.mode else { return };
        match way {
            Way::Setpoint(_) => {}
            Way::Discrete(discrete) => {
                let turned = discrete.advance(now, &self.motion, self.checks.expiry);
                self.course = discrete.course();
                match turned {
                    Some(Turned::Done(ticket)) => self.end_ticket(now, ticket, &Outcome::SUCCEEDED),
                    Some(Turned::Expired(ticket)) => self.end_ticket(now, ticket, &Outcome::EXPIRED),
                    Some(Turned::Under(ticket, share)) => self.running.note_progress(ticket, share),
                    None => {}
                }
            }
            Way::SafePlace(autopilot) => {
                let (ticket, arrival) = (autopilot.ticket, autopilot.advance(&self.motion));
                self.running.note_progress(ticket, autopilot.progress(&self.motion));
                if let Some(arrival) = arrival {
                    self.arrive(arrival);
                }
            }
        }
    }

    /// What follows from standing still.
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
