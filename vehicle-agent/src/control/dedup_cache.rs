//! The IDs of admitted commands, so that a repeated one is answered and not executed again.

use crate::control::Moment;
use crate::control::order::{Order, Outcome, Sender};
use std::collections::{BTreeMap, VecDeque};
use vehicle_protocol::{Answer, AnswerForm, CommandId, CommandName};

/// IDs without expiry that are remembered; the oldest goes first (section 3 of the contract).
const RING: usize = 256;
/// IDs with an expiry that are remembered until then; more commands at once are refused as BUSY.
const TIMED: usize = 1024;

#[derive(Clone, Debug)]
struct Entry {
    id: CommandId,
    command: CommandName,
    outcome: Outcome,
    progress: Option<u8>,
    expires: Option<Moment>,
}

impl Entry {
    const fn has_ended(&self) -> bool {
        self.outcome.state.is_terminal()
    }
}

/// Outcomes of commands with an ID, for each sender apart: nobody answers for another, or fills its room.
#[derive(Clone, Debug, Default)]
pub(super) struct DedupCaches(BTreeMap<Sender, DedupCache>);

impl DedupCaches {
    pub(super) fn of(&mut self, sender: Sender) -> &mut DedupCache {
        self.0.entry(sender).or_default()
    }
}

/// Outcomes of the commands of one sender.
#[derive(Clone, Debug, Default)]
pub(super) struct DedupCache {
    ring: VecDeque<Entry>,
    timed: VecDeque<Entry>,
    /// Of setpoints and heartbeats, which have no answer to remember.
    stream: VecDeque<CommandId>,
}

impl DedupCache {
    /// The present or final answer to the command that had `id`.
    pub(super) fn recall(&self, id: &CommandId) -> Option<Answer> {
        let entry = self.timed.iter().chain(&self.ring).rev().find(|entry| entry.id == *id)?;
        let answer =
            entry.outcome.clone().answer(Some(entry.command), Some(entry.id.clone()), AnswerForm::Full);
        Some(Answer { progress: entry.progress, ..answer })
    }

    /// Tells whether a timed command can still be remembered; forgets what has ended and expired.
    pub(super) fn has_room(&mut self, now: Moment) -> bool {
        self.timed.retain(|entry| !entry.has_ended() || entry.expires.is_some_and(|expires| now < expires));
        self.timed.len() < TIMED
    }

    /// Remembers a command from the moment that it is admitted.
    pub(super) fn insert(&mut self, order: &Order) {
        let Some(id) = order.id.clone() else { return };
        let entry = Entry {
            id,
            command: order.name(),
            outcome: Outcome::EXECUTING,
            progress: None,
            expires: order.expires,
        };
        if order.expires.is_some() {
            self.timed.push_back(entry);
            return;
        }
        if self.ring.len() >= RING {
            let oldest = self.ring.iter().position(Entry::has_ended).unwrap_or(0);
            self.ring.remove(oldest);
        }
        self.ring.push_back(entry);
    }

    /// Remembers a setpoint or heartbeat; says whether it is a new one.
    pub(super) fn is_new_in_stream(&mut self, id: &CommandId) -> bool {
        if self.stream.contains(id) {
            return false;
        }
        if self.stream.len() >= RING {
            self.stream.pop_front();
        }
        self.stream.push_back(id.clone());
        true
    }

    /// Notes how a remembered command stands.
    pub(super) fn update(&mut self, answer: &Answer) {
        let (Some(id), Some(command)) = (&answer.id, answer.command) else { return };
        let mut entries = self.timed.iter_mut().chain(&mut self.ring).rev();
        if let Some(entry) = entries.find(|entry| entry.id == *id && entry.command == command) {
            let (state, reason, detail) = (answer.state, answer.reason, answer.detail.clone());
            entry.outcome = Outcome { state, reason, detail };
            entry.progress = answer.progress;
        }
    }
}
