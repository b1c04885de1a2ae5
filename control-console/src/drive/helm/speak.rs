//! What a helm asks the vehicle, and how a setpoint is written down.

use super::{Deed, Helm, Phase};
use crate::clock::Moment;
use crate::drive::stamp::Stamp;
use std::time::Duration;
use vehicle_protocol::{Command, Envelope, SessionRequest, Setpoint, Shape, Topic, json};

/// How often a session is asked for until it is answered.
const REQUEST_EVERY: Duration = Duration::from_secs(1);
/// A vehicle that says nothing for so long is asked whether it is there; it is asked again as often.
const KNOCK_EVERY: Duration = Duration::from_millis(400);

impl Helm {
    pub(super) fn seal(&mut self, now: Moment, setpoint: Setpoint) -> Option<Deed> {
        let (stamp, id) = (self.stamp.as_mut()?, self.names.make()?);
        Some(Deed::Publish(Topic::Drive, stamp.seal(setpoint, &self.charter.rhythm, id, now)))
    }

    /// Asks for what has to be known, when it is time to.
    pub(super) fn ask(&mut self, now: Moment) {
        if self.request_due().is_some_and(|due| now >= due) {
            self.asked = Some(now);
            let request = SessionRequest { key: None, nonce: self.charter.nonce, mac: None };
            // A struct of strings always serialises.
            let text = serde_json::to_string(&request).unwrap_or_default();
            self.deeds.push(Deed::Publish(Topic::SessionRequest, text));
        }
        if self.knock_due().is_some_and(|due| now >= due) {
            self.knocked = Some(now);
            self.question = Some((self.names.next_number(), now));
            let knock = self.names.make().map(|id| {
                json::encode(&Envelope { command: Command::ReportStatus, shape: Shape::Identified(id) })
            });
            self.deeds.extend(knock.map(|text| Deed::Publish(Topic::Commands, text)));
        }
    }

    pub(super) fn request_due(&self) -> Option<Moment> {
        let up = self.link?;
        let stale = self.stamp.as_ref().filter(|_| !self.outdated).map_or(up, Stamp::stale_at);
        let again = self.asked.map(|asked| asked.saturating_add(REQUEST_EVERY));
        Some(stale.max(again.unwrap_or_default()))
    }

    pub(super) fn knock_due(&self) -> Option<Moment> {
        let up = self.link?;
        self.stamp.as_ref()?;
        let after = |pause: Duration| {
            let first = if self.knocked.is_some() { Moment::ZERO } else { up };
            self.knocked.map(|knocked| knocked.saturating_add(pause)).unwrap_or_default().max(first)
        };
        let first = match self.stick.phase() {
            _ if self.inquiry.is_some() => self.inquiry,
            Phase::Ready => self.shown.map(|_| self.since.saturating_add(self.charter.show)),
            Phase::Driving => Some(self.heard.saturating_add(KNOCK_EVERY)),
            Phase::Released | Phase::Hold if self.stick.halt().is_some() => {
                Some(self.heard.saturating_add(KNOCK_EVERY))
            }
            Phase::Released | Phase::Hold => None,
        };
        let first = first.map(|first| first.max(after(KNOCK_EVERY)));
        [first, self.charter.pulse.map(after)].into_iter().flatten().min()
    }
}
