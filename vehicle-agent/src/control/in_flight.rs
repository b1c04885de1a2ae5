//! The commands under way, each of which ends in exactly one terminal answer.

use crate::control::Moment;
use crate::control::keyring::KeySlot;
use crate::control::order::{Order, Outcome, Reply, Sender};
use std::time::Duration;
use vehicle_protocol::{CommandId, CommandName};

/// A command says at least so often that it goes on: half of the second that the contract allows.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// A flood of one stop is not answered with a flood.
const MOST_ANSWERS: usize = 8;

/// Names a command under way within this boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// The condition under which a command has succeeded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Goal {
    /// As soon as the outputs of this step are in force.
    InForce,
    /// The vehicle stands.
    Standing {
        /// Its speed in m/s when the command came, for PROGRESS.
        from: f64,
    },
    /// It stands with its parking brake on.
    Parked {
        /// Its speed in m/s when the command came, for PROGRESS.
        from: f64,
    },
    /// It stands with the motor driver disabled.
    EngineOff {
        /// Its speed in m/s when the command came, for PROGRESS.
        from: f64,
    },
    /// The emergency stop is in its file, set or not set.
    Stored(bool),
    /// The party that asked for control has it.
    ControlLock,
    /// The file of a key is gone.
    Revoked(KeySlot),
    /// The turn or drive that it began reports its end.
    Told,
}

/// One command under way.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) ticket: Ticket,
    pub(super) order: Order,
    pub(super) goal: Goal,
    pub(super) detail: Option<String>,
    limit: Moment,
    told: Option<Moment>,
    progress: u8,
    /// Times that it came, and so answers that it gets.
    times: usize,
}

impl Entry {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
    fn note_progress(&mut self, share: f64) {
        // It never goes back, and 100 is left to success.
        self.progress = self.progress.max((share.clamp(0.0, 0.99) * 100.0) as u8);
    }
}

/// The commands under way.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight {
    entries: Vec<Entry>,
    next: u64,
}

impl InFlight {
    /// Takes up a command that must end by `limit`. A stop that is repeated before it has ended is one stop, answered as
    /// often as it came.
    pub(super) fn begin(&mut self, order: Order, goal: Goal, limit: Moment) -> Ticket {
        if let Some(same) = self.entries.iter_mut().find(|entry| entry.order.repeats(&order)) {
            same.times = same.times.saturating_add(1).min(MOST_ANSWERS);
            return same.ticket;
        }
        let ticket = Ticket(self.next);
        self.next = self.next.saturating_add(1);
        self.entries.push(Entry {
            ticket,
            order,
            goal,
            detail: None,
            limit,
            told: None,
            progress: 0,
            times: 1,
        });
        ticket
    }

    /// Changes what a command waits for, and what is said when it has come.
    pub(super) fn redirect(&mut self, ticket: Ticket, goal: Goal, detail: Option<String>) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.ticket == ticket) {
            entry.goal = goal;
            entry.detail = detail.or_else(|| entry.detail.take());
        }
    }

    /// The ID of a command under way.
    pub(super) fn id(&self, ticket: Ticket) -> Option<CommandId> {
        self.entries.iter().find(|entry| entry.ticket == ticket)?.order.id.clone()
    }

    /// The newest command of `sender` under way that has `id` and of which something is left to be given up.
    pub(super) fn find(&self, sender: Sender, id: &CommandId) -> Option<Ticket> {
        let ends = |goal| matches!(goal, Goal::Told | Goal::Parked { .. } | Goal::ControlLock);
        let mut newest = self.entries.iter().rev().filter(|entry| entry.order.party.sender() == sender);
        newest.find(|entry| ends(entry.goal) && entry.order.id.as_ref() == Some(id)).map(|entry| entry.ticket)
    }

    /// The oldest command under way of a name that has reached `most`.
    pub(super) fn oldest(&self, name: CommandName, most: usize) -> Option<Ticket> {
        let mut alike = self.entries.iter().filter(|entry| entry.order.name() == name);
        let oldest = alike.next()?.ticket;
        (alike.count().saturating_add(1) >= most).then_some(oldest)
    }

    /// Tells whether a command waits for `goal`.
    pub(super) fn waits_for(&self, goal: Goal) -> bool {
        self.entries.iter().any(|entry| entry.goal == goal)
    }

    /// Tells whether it is the only command that waits for the vehicle to be parked.
    pub(super) fn is_last_to_park(&self, ticket: Ticket) -> bool {
        let mut parking = self.entries.iter().filter(|entry| matches!(entry.goal, Goal::Parked { .. }));
        parking.next().is_some_and(|entry| entry.ticket == ticket) && parking.next().is_none()
    }

    /// Notes how far a command has come, from 0 to 1.
    pub(super) fn note_progress(&mut self, ticket: Ticket, share: f64) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.ticket == ticket) {
            entry.note_progress(share);
        }
    }

    /// Ends the commands that `ended` has an outcome for, and gives their answers.
    pub(super) fn end(&mut self, mut ended: impl FnMut(&Entry) -> Option<Outcome>) -> Vec<Reply> {
        let mut replies = Vec::new();
        self.entries.retain(|entry| {
            let outcome = ended(entry);
            let reply = outcome.iter().map(|outcome| entry.order.reply(outcome.clone()));
            replies.extend(reply.cycle().take(entry.times));
            outcome.is_none()
        });
        replies
    }

    /// The commands that have taken too long.
    pub(super) fn overdue(&self, now: Moment) -> Vec<(Ticket, Goal)> {
        let overdue = self.entries.iter().filter(|entry| now >= entry.limit);
        overdue.map(|entry| (entry.ticket, entry.goal)).collect()
    }

    /// Notes how far the stops have come, from the speed that is left.
    pub(super) fn note_stopping(&mut self, speed: f64) {
        for entry in &mut self.entries {
            if let Goal::Standing { from } | Goal::Parked { from } | Goal::EngineOff { from } = entry.goal {
                entry.note_progress(if from > 0.0 { 1.0 - speed / from } else { 0.0 });
            }
        }
    }

    /// An EXECUTING answer for each command that has not said so for a while; plain ones wait for their one success.
    pub(super) fn progress(&mut self, now: Moment) -> Vec<Reply> {
        let mut replies = Vec::new();
        for entry in &mut self.entries {
            let due = entry.told.is_none_or(|told| now.since(told) >= PROGRESS_INTERVAL);
            if due && !entry.order.is_plain() {
                entry.told = Some(now);
                let mut reply = entry.order.reply(Outcome::EXECUTING);
                reply.answer.progress = Some(entry.progress);
                replies.push(reply);
            }
        }
        replies
    }

    /// The next moment at which one of them has something to say.
    pub(super) fn deadline(&self) -> Option<Moment> {
        let next = |entry: &Entry| {
            let progress = entry.told.map(|told| told.after(PROGRESS_INTERVAL));
            progress.filter(|_| !entry.order.is_plain()).map_or(entry.limit, |at| at.min(entry.limit))
        };
        self.entries.iter().map(next).min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
