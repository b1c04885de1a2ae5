//! Handover of control: taken, requested, released, revoked.

use super::Vehicle;
use crate::control::in_flight::Goal;
use crate::control::mode::{DriveSource, Driving, Mode};
use crate::control::motion::Target;
use crate::control::order::{Order, Outcome, Party, Refusal};
use crate::control::{Cause, Moment};
use vehicle_protocol::{CommandName, EventKind, OperatorName, OperatorPresence, PresenceState, Reason};

impl Vehicle {
    /// The name of a party for people: that of its key, or `unsigned`.
    pub(super) fn name(&self, party: Party) -> String {
        let name = party.key().and_then(|key| self.gate.keyring.name(key));
        name.map_or("unsigned", |name| name.as_str()).to_owned()
    }

    /// Takes control if nobody else holds it, or else after a notice; an owner at once.
    pub(super) fn take_control(&mut self, now: Moment, order: Order) -> Result<(), Refusal> {
        let party = order.party;
        let holder = self.control.holder().filter(|holder| *holder != party);
        let is_owner = party.key().is_some_and(|key| self.gate.keyring.is_owner(key));
        let other = self.control.request().filter(|request| request.by != party);
        if other.is_some() && !is_owner {
            return Err(Refusal::new(Reason::Busy, "somebody else has asked for control; wait for that"));
        }
        if let Some(other) = other {
            self.end_ticket(now, other.ticket, &Outcome::superseded(CommandName::TakeControl));
            self.control.forget();
        }
        let is_known = self.control.request().is_some();
        let Some(holder) = holder else {
            // What is under way for this very party goes on.
            if !is_known {
                self.control.take(now, party);
            }
            self.begin(now, order, Goal::ControlLock);
            return Ok(());
        };
        let ticket = self.begin(now, order, Goal::ControlLock);
        if !is_known || is_owner {
            self.control.ask(now, party, ticket, is_owner);
            let detail = format!("{} holds it", self.name(holder));
            let by = Some(self.name(party));
            self.reporter.event_about(now, EventKind::ControlRequested, by, Some(detail));
        }
        Ok(())
    }

    /// Stops the vehicle when control is to change hands, and lets it change when the vehicle stands.
    pub(super) fn hand_over(&mut self, now: Moment) {
        let Some(request) = self.control.due(now) else { return };
        if matches!(self.mode, Mode::Driving(_)) {
            self.supersede_motion(now, CommandName::TakeControl);
            let id = self.running.id(request.ticket);
            self.motion_cause = Cause::Command(CommandName::TakeControl, id);
            self.brake(false);
        }
        self.neutral = None;
        if !self.motion.is_standing() {
            return;
        }
        self.control.take(now, request.by);
        self.control.forget();
        self.tell_driver(now, None);
    }

    /// Tells who holds control now.
    fn tell_driver(&mut self, now: Moment, detail: Option<String>) {
        let by = self.control.holder().map(|holder| self.name(holder));
        self.reporter.event_about(now, EventKind::ControlChanged, by, detail);
    }

    pub(super) fn release_control(&mut self, now: Moment, order: &Order) -> Result<(), Refusal> {
        if self.control.holder() != Some(order.party) {
            return Err(Refusal::new(Reason::NotInControl, "you do not hold control"));
        }
        if matches!(self.mode, Mode::Driving(_)) {
            self.stop_for(now, order, false);
        }
        self.neutral = None;
        self.control.release();
        Ok(())
    }

    /// Takes control from its holder, and stops what it has begun.
    pub(super) fn end_control(&mut self, now: Moment, holder: Party, why: &str) {
        if self.control.holder() != Some(holder) {
            return;
        }
        self.control.release();
        if self.neutral == Some(holder) {
            self.neutral = None;
        }
        self.tell_driver(now, Some(format!("{} has lost it: {why}", self.name(holder))));
        self.stop_motion_of(now, holder);
    }

    /// The drive to the safe place needs nobody, and goes on; a stick that was released before has lost nobody.
    fn stop_motion_of(&mut self, now: Moment, party: Party) {
        let Mode::Driving(Driving { lease, way }) = &self.mode else { return };
        if lease.party != party {
            return;
        }
        match way {
            DriveSource::SafePlace(_) => {}
            DriveSource::Setpoint(Target::REST) => self.mode = Mode::Braking { engine_off: false },
            DriveSource::Setpoint(_) | DriveSource::Maneuvers(_) => self.failsafe(now, Reason::OperatorLost),
        }
    }

    /// The operator whose presence to follow: the holder of control goes by the name of its key.
    pub(super) fn followed(&self) -> Option<OperatorName> {
        let key = self.control.holder()?.key()?;
        self.gate.keyring.name(key)?.as_str().parse().ok()
    }

    /// An operator's presence says that it has gone. What the broker had kept tells nothing of now.
    pub(super) fn hear_of(&mut self, now: Moment, name: &OperatorName, retained: bool, payload: &[u8]) {
        let Some(holder) = self.control.holder().filter(|_| !retained) else { return };
        if self.followed().as_ref() != Some(name) {
            return;
        }
        let Ok(OperatorPresence { state }) = serde_json::from_slice(payload) else { return };
        match state {
            PresenceState::Offline | PresenceState::ConnectionBroken => {
                self.end_control(now, holder, "its operator has gone");
            }
            PresenceState::Online | PresenceState::Sleeping => {}
        }
    }
}
