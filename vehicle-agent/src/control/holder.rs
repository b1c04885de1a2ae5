//! Who holds control, and who was heard when.

use crate::control::Moment;
use crate::control::order::Party;
use std::time::Duration;

/// One driver at a time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Control {
    holder: Option<(Party, Moment)>,
    heard: Option<Moment>,
}

impl Control {
    pub(super) fn holder(&self) -> Option<Party> {
        self.holder.map(|(party, _)| party)
    }

    /// Whether `party` may move the vehicle: it holds control, or nobody does.
    pub(super) fn allows(&self, party: Party) -> bool {
        self.holder().is_none_or(|holder| holder == party)
    }

    pub(super) const fn take(&mut self, now: Moment, party: Party) {
        self.holder = Some((party, now));
    }

    pub(super) const fn release(&mut self) {
        self.holder = None;
    }

    /// Notes an admitted command or heartbeat.
    pub(super) fn hear(&mut self, now: Moment, party: Party) {
        self.heard = Some(now);
        if self.holder() == Some(party) {
            self.take(now, party);
        }
    }

    /// Whether any operator was heard within `window`.
    pub(super) fn heard_within(&self, now: Moment, window: Duration) -> bool {
        self.heard.is_some_and(|heard| now.since(heard) <= window)
    }

    /// When control lapses.
    pub(super) fn deadline(&self, lapse: Duration) -> Option<Moment> {
        self.holder.map(|(_, heard)| heard.after(lapse))
    }
}
