//! What a trip asks the vehicle, and how a setpoint is written down.

use super::{Deed, Stage, Trip};
use crate::clock::Moment;
use crate::drive::stamp::Stamp;
use std::time::Duration;
use vehicle_protocol::{Command, Envelope, SessionRequest, Setpoint, Shape, Topic, json};

/// How often a session is asked for until it is answered.
const REQUEST_EVERY: Duration = Duration::from_secs(1);
/// Neutral is shown for so long before the vehicle is asked whether it took it: three setpoints at 20 Hz.
const SHOW: Duration = Duration::from_millis(150);
/// A vehicle that says nothing for so long is asked whether it is there; it is asked again as often.
const KNOCK_EVERY: Duration = Duration::from_millis(400);

impl Trip {
    pub(super) fn seal(&mut self, now: Moment, setpoint: Setpoint) -> Option<Deed> {
        let (stamp, id) = (self.stamp.as_mut()?, self.names.make()?);
        Some(Deed::Publish(Topic::Drive, stamp.seal(setpoint, &self.plan.rhythm, id, now)))
    }

    /// Asks for what has to be known, when it is time to.
    pub(super) fn ask(&mut self, now: Moment) {
        if self.request_due().is_some_and(|due| now >= due) {
            self.asked = Some(now);
            let request = SessionRequest { key: None, nonce: self.plan.nonce, mac: None };
            // A struct of strings always serialises.
            let text = serde_json::to_string(&request).unwrap_or_default();
            self.deeds.push(Deed::Publish(Topic::SessionRequest, text));
        }
        if self.knock_due().is_some_and(|due| now >= due) {
            self.knocked = Some(now);
            let knock = self.names.make().map(|id| {
                json::encode(&Envelope { command: Command::ReportStatus, shape: Shape::Identified(id) })
            });
            self.deeds.extend(knock.map(|text| Deed::Publish(Topic::Commands, text)));
        }
    }

    pub(super) fn request_due(&self) -> Option<Moment> {
        if !self.up || matches!(self.stage, Stage::Connecting | Stage::Braking(_) | Stage::Finished) {
            return None;
        }
        let stale = self.stamp.as_ref().filter(|_| !self.outdated).map_or(self.since, Stamp::stale_at);
        let again = self.asked.map(|asked| asked.saturating_add(REQUEST_EVERY));
        Some(stale.max(again.unwrap_or_default()))
    }

    pub(super) fn knock_due(&self) -> Option<Moment> {
        let again = self.knocked.map(|knocked| knocked.saturating_add(KNOCK_EVERY)).unwrap_or_default();
        let first = match self.stage {
            Stage::Showing => self.since.saturating_add(SHOW),
            Stage::Driving | Stage::Halted(_) => self.heard.saturating_add(KNOCK_EVERY),
            Stage::Confirming => self.since,
            Stage::Connecting
            | Stage::Opening
            | Stage::Releasing
            | Stage::Leaving(_)
            | Stage::Braking(_)
            | Stage::Finished => return None,
        };
        self.up.then(|| first.max(again))
    }
}
