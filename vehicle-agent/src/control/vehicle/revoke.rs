//! Keys that are withdrawn.

use super::Vehicle;
use crate::control::Moment;
use crate::control::in_flight::Goal;
use crate::control::mode::{DriveSource, Driving, Mode};
use crate::control::order::{Order, Outcome, Party, Refusal};
use vehicle_protocol::{EventKind, KeyName, Reason, State};

impl Vehicle {
    /// Withdraws a key: at once for all that it may do, and for good when its file is gone.
    pub(super) fn revoke_key(&mut self, now: Moment, order: Order, name: &KeyName) -> Result<(), Refusal> {
        if order.party == Party::Unsigned {
            return Err(Refusal::new(Reason::Unsigned, "only an owner's key revokes keys"));
        }
        let keyring = &mut self.gate.keyring;
        let key = keyring.find_any(name);
        let key =
            key.ok_or_else(|| Refusal::new(Reason::NotFound, format!("no key {name} is enrolled here")))?;
        if keyring.is_last_owner(key) {
            let why = "it is the last owner's; enrol another owner first";
            return Err(Refusal::new(Reason::Forbidden, why));
        }
        keyring.revoke(key);
        self.gate.sessions.close(key);
        let by = Some(self.name(order.party));
        self.reporter.event_about(now, EventKind::KeyRevoked, by, Some(name.to_string()));
        self.begin(now, order, Goal::Revoked(key));
        self.revoked.push(name.clone());
        self.stop_motion_of_key(now, name);
        Ok(())
    }

    fn stop_motion_of_key(&mut self, now: Moment, name: &KeyName) {
        let is_its = |party: Party| party.key().is_some_and(|key| self.gate.keyring.name(key) == Some(name));
        let holder = self.control.holder().filter(|holder| is_its(*holder));
        let request = self.control.request().filter(|request| is_its(request.by));
        let drives_itself = matches!(&self.mode, Mode::Driving(Driving { lease, way: DriveSource::SafePlace(_) }) if is_its(lease.party));
        if let Some(request) = request {
            self.end_ticket(now, request.ticket, &Outcome::failed(Reason::UnknownKey));
            self.control.forget();
        }
        if let Some(holder) = holder {
            self.end_control(now, holder, "its key is revoked");
        }
        if drives_itself {
            self.park_where_it_is("the key of who sent it is revoked");
        }
    }

    /// The key's file is gone.
    pub(super) fn key_removed(&mut self, now: Moment, name: &KeyName) {
        let key = self.gate.keyring.find_any(name);
        self.end(now, |entry| {
            key.is_some_and(|key| entry.goal == Goal::Revoked(key)).then_some(Outcome::SUCCEEDED)
        });
    }

    /// The key's file is still there: this run of the agent does not take the key, but the next one would.
    pub(super) fn key_not_removed(&mut self, now: Moment, name: &KeyName, problem: &str) {
        let key = self.gate.keyring.find_any(name);
        let detail =
            format!("{name} is refused until the next start, but its file is still there: {problem}");
        self.reporter.event(now, EventKind::Fault, Some(Reason::ActuatorFault), Some(detail.clone()));
        self.end(now, |entry| {
            let waits = key.is_some_and(|key| entry.goal == Goal::Revoked(key));
            let (state, reason) = (State::Failed, Some(Reason::ActuatorFault));
            waits.then(|| Outcome { state, reason, detail: Some(detail.clone()) })
        });
    }
}
