//! Parking, where it stands or in the safe place.

use super::execute::LONG_LIMIT;
use super::{ParkingBrake, Vehicle};
use crate::control::autopilot::{Arrival, Autopilot};
use crate::control::in_flight::Goal;
use crate::control::mode::{DriveSource, Driving, Lease, Mode};
use crate::control::order::{Order, Party};
use crate::control::{Moment, Policy};

impl Vehicle {
    pub(super) fn park(&mut self, now: Moment, order: Order, detail: Option<String>) {
        self.supersede_motion(now, order.name());
        self.body_cause = order.cause();
        // What switches the engine off once the vehicle stands is the command that asked for it.
        if !matches!(self.mode, Mode::Braking { engine_off: true }) {
            self.motion_cause = order.cause();
        }
        self.apply_parking();
        let goal = Goal::Parked { from: self.motion.pose().speed.abs() };
        let ticket = self.begin(now, order, goal);
        self.running.redirect(ticket, goal, detail);
    }

    pub(super) fn park_in_safe_place(&mut self, now: Moment, order: Order) {
        let place = match self.way_to_safe_place(now, &order) {
            Ok(place) => place,
            Err(why) => return self.park(now, order, Some(format!("parked where it stands: {why}"))),
        };
        self.set_in_motion(now, &order);
        self.supersede_motion(now, order.name());
        self.course = None;
        let (party, autonomy) = (order.party, self.setup.autonomy);
        let until = Autopilot::limit(now, &autonomy);
        // The lease ends the drive; what comes after it is the time to park.
        let ticket = self.begin_until(now, order, Goal::Told, until.after(LONG_LIMIT));
        let way = DriveSource::SafePlace(Autopilot::new(ticket, place, &autonomy, &self.motion));
        self.mode = Mode::Driving(Driving { lease: Lease { until, party }, way });
    }

    /// The safe place, if the vehicle may drive there by itself (section 6 of the contract).
    fn way_to_safe_place(&self, now: Moment, order: &Order) -> Result<(f64, f64), String> {
        if order.party == Party::Unsigned && self.gate.keyring.policy() != Policy::Accept {
            return Err("it is not signed".to_owned());
        }
        self.may_move(order.party).map_err(|refusal| refusal.reason.to_string())?;
        if !self.setup.autonomy.enabled {
            return Err("autonomy is not enabled".to_owned());
        }
        let place = self.setup.autonomy.safe_place.filter(|_| self.setup.fittings.odometry);
        let place = place.ok_or("the pose or the safe place is not known")?;
        if !self.control.heard_within(now, self.setup.timing.autonomy_window) {
            return Err("no operator was heard of late".to_owned());
        }
        if order.is_plain() && matches!(self.parking_brake, ParkingBrake::AtStandstill | ParkingBrake::On) {
            return Err("it is parked already".to_owned());
        }
        Ok(place)
    }

    pub(super) fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::There => self.park_autopilot(None),
            Arrival::TooFar => self.park_where_it_is("the longest distance is driven"),
        }
    }

    pub(super) fn park_where_it_is(&mut self, why: &str) {
        self.park_autopilot(Some(format!("parked on the way: {why}")));
    }

    /// Ends the drive to the safe place in a parking manoeuvre.
    fn park_autopilot(&mut self, detail: Option<String>) {
        let Mode::Driving(Driving { way: DriveSource::SafePlace(autopilot), .. }) = &self.mode else {
            return;
        };
        let goal = Goal::Parked { from: self.motion.pose().speed.abs() };
        self.running.redirect(autopilot.ticket, goal, detail);
        self.apply_parking();
    }

    /// Leaves the brake on that has been on, until the vehicle is to move.
    pub(super) fn keep_brake(&mut self) {
        if self.parking_brake != ParkingBrake::On {
            self.parking_brake = ParkingBrake::Kept;
        }
    }

    /// Brakes to a stop, then parking brake on; parking lights on.
    pub(super) fn apply_parking(&mut self) {
        self.brake(false);
        if self.parking_brake != ParkingBrake::On {
            self.parking_brake = ParkingBrake::AtStandstill;
        }
        if self.setup.fittings.parking_lights {
            self.body.parking_lights = true;
        }
    }
}
