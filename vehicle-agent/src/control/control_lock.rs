//! The control lock: its holder, requests for it, and their times.

use crate::control::Moment;
use crate::control::in_flight::Ticket;
use crate::control::order::Party;
use std::time::Duration;

/// Time that a holder may go on after another party has asked for control.
const NOTICE: Duration = Duration::from_secs(3);

/// One driver at a time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ControlLock {
    holder: Option<(Party, Moment)>,
    heard: Option<Moment>,
    request: Option<Request>,
}

/// ControlLock that is about to change hands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) by: Party,
    pub(super) ticket: Ticket,
    /// The end of the notice; nothing once the vehicle stops for it, and nobody drives until it stands.
    until: Option<Moment>,
}

impl ControlLock {
    pub(super) fn holder(&self) -> Option<Party> {
        self.holder.map(|(party, _)| party)
    }

    /// Tells whether `party` may move the vehicle: it holds control, or nobody does, and nobody is about to get it.
    pub(super) fn allows(&self, party: Party) -> bool {
        let is_changing = self.request.is_some_and(|request| request.until.is_none());
        self.holder().is_none_or(|holder| holder == party) && !is_changing
    }

    pub(super) const fn request(&self) -> Option<Request> {
        self.request
    }

    /// Notes that `by` wants control: after a notice, or at once.
    pub(super) fn ask(&mut self, now: Moment, by: Party, ticket: Ticket, at_once: bool) {
        let until = (!at_once).then(|| now.after(NOTICE));
        self.request = Some(Request { by, ticket, until });
    }

    /// The request whose time has come: its notice is over, or nobody holds control any more.
    pub(super) fn due(&mut self, now: Moment) -> Option<Request> {
        let free = self.holder.is_none();
        let request = self.request.as_mut()?;
        if free || request.until.is_some_and(|until| until <= now) {
            request.until = None;
        }
        self.request.filter(|request| request.until.is_none())
    }

    /// Forgets the request.
    pub(super) const fn forget(&mut self) {
        self.request = None;
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

    /// Tells whether any operator was heard within `window`.
    pub(super) fn heard_within(&self, now: Moment, window: Duration) -> bool {
        self.heard.is_some_and(|heard| now.since(heard) <= window)
    }

    /// The moment at which control lapses.
    pub(super) fn lapse(&self, after: Duration) -> Option<Moment> {
        self.holder.map(|(_, heard)| heard.after(after))
    }

    /// The next moment at which control lapses or changes hands.
    pub(super) fn deadline(&self, lapse: Duration) -> Option<Moment> {
        let request = self.request.and_then(|request| request.until);
        self.lapse(lapse).into_iter().chain(request).min()
    }
}
