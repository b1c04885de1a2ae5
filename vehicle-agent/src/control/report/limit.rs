//! Limits on what many messages may make the vehicle say.

use crate::control::Moment;
use crate::control::admit::Blame;
use std::collections::BTreeMap;
use std::time::Duration;
use vehicle_protocol::{CommandName, Reason};

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// A number a second.
#[derive(Debug)]
pub(super) struct RateLimit {
    most: u32,
    used: u32,
    since: Option<Moment>,
}

impl RateLimit {
    pub(super) const fn new(most: u32) -> Self {
        Self { most, used: 0, since: None }
    }

    pub(super) fn allows(&mut self, now: Moment) -> bool {
        self.ask(now) == Allowed::Yes
    }

    pub(super) fn ask(&mut self, now: Moment) -> Allowed {
        if self.since.is_none_or(|since| now.since(since) >= SECOND) {
            (self.since, self.used) = (Some(now), 0);
        }
        self.used = self.used.saturating_add(1);
        match self.used.checked_sub(self.most) {
            None | Some(0) => Allowed::Yes,
            Some(1) => Allowed::Notice,
            Some(_) => Allowed::No,
        }
    }
}

/// The verdict of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) enum Allowed {
    /// To tell it.
    Yes,
    /// To tell that no more is told within this second.
    Notice,
    /// Nothing.
    No,
}

/// Kinds of refusals, as far as limits are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::control) enum Kind {
    /// A setpoint or heartbeat, or what came in their place.
    Stream,
    /// A stop: what else is refused takes nothing from it.
    Stop,
    /// Any other command.
    Command,
    /// A request for a session.
    Session,
}

/// Refusals answered a second, for each sender apart: nobody's flood takes the answers of another.
#[derive(Debug, Default)]
pub(super) struct Refusals(BTreeMap<(Blame, Kind), RateLimit>);

impl Refusals {
    pub(super) fn ask(&mut self, now: Moment, blame: Blame, kind: Kind) -> Allowed {
        self.0.entry((blame, kind)).or_insert_with(|| RateLimit::new(most(blame, kind))).ask(now)
    }
}

/// Refusals told in a second: together less than what waits for a connection (256 answers), so that a burst does not push
/// out answers that matter.
const fn most(blame: Blame, kind: Kind) -> u32 {
    match (blame, kind) {
        // Section 3 of the contract.
        (_, Kind::Stream) => 1,
        (Blame::BadTag(_) | Blame::UnknownKey, _) | (Blame::Key(_), Kind::Session) => 10,
        (Blame::Unsigned | Blame::Key(_), _) => 50,
        (Blame::Unread, _) => 100,
    }
}

/// Intrusions: the first is reported at once, the others together, once a second.
#[derive(Debug, Default)]
pub(super) struct Intrusions {
    kinds: Vec<Intrusion>,
}

#[derive(Debug)]
struct Intrusion {
    cause: Reason,
    command: Option<CommandName>,
    count: u64,
    told: Option<Moment>,
}

impl Intrusions {
    pub(super) fn note(&mut self, now: Moment, cause: Reason, command: Option<CommandName>) {
        self.kinds.retain(|kind| kind.count > 0 || kind.told.is_some_and(|told| now.since(told) < SECOND));
        if let Some(kind) = self.kinds.iter_mut().find(|kind| kind.cause == cause) {
            kind.count = kind.count.saturating_add(1);
            kind.command = command;
        } else {
            self.kinds.push(Intrusion { cause, command, count: 1, told: None });
        }
    }

    /// Those to be told now: cause, the last command, and how many.
    pub(super) fn due(&mut self, now: Moment) -> Vec<(Reason, Option<CommandName>, u64)> {
        let mut due = Vec::new();
        for kind in &mut self.kinds {
            if kind.count > 0 && kind.told.is_none_or(|told| now.since(told) >= SECOND) {
                due.push((kind.cause, kind.command, std::mem::take(&mut kind.count)));
                kind.told = Some(now);
            }
        }
        due
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        let open = self.kinds.iter().filter(|kind| kind.count > 0);
        open.map(|kind| kind.told.map_or_else(Moment::default, |told| told.after(SECOND))).min()
    }
}
