//! Limits on what many messages may make the vehicle say.

use crate::control::Moment;
use std::time::Duration;
use vehicle_protocol::{CommandName, Reason};

const SECOND: Duration = Duration::from_secs(1);

/// So many a second.
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
        if self.since.is_none_or(|since| now.since(since) >= SECOND) {
            (self.since, self.used) = (Some(now), 0);
        }
        self.used = self.used.saturating_add(1);
        self.used <= self.most
    }
}

/// What nobody should have sent: the first is told at once, the others together, once a second.
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
