//! The record of commands, their senders and their outcomes.

use super::limit::{RateLimit, SECOND};
use crate::control::Moment;
use std::collections::BTreeMap;
use std::time::Duration;
use vehicle_protocol::{CommandId, CommandName, Reason, State};

/// Commands of one sender that are told one by one in a second: done ones, and refused ones.
const DONE: u32 = 20;
const REFUSED: u32 = 5;
/// Setpoints are told together after this time.
const SETPOINTS: Duration = Duration::from_secs(10);
/// Lines in which others are told together; what finds no room goes into one without a command.
const LINES: usize = 16;

/// One command that has ended or was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) struct Record {
    /// The name of the key, or `unsigned`.
    pub(in crate::control) by: String,
    pub(in crate::control) command: Option<CommandName>,
    pub(in crate::control) id: Option<CommandId>,
    pub(in crate::control) state: State,
    pub(in crate::control) reason: Option<Reason>,
}

impl Record {
    fn is_stream(&self) -> bool {
        self.command.is_some_and(CommandName::is_on_drive_topic)
    }

    fn is_refusal(&self) -> bool {
        matches!(self.state, State::Rejected | State::Expired)
    }

    /// Tells whether one line stands for both.
    fn is_like(&self, other: &Self) -> bool {
        (&self.by, self.command, self.state, self.reason)
            == (&other.by, other.command, other.state, other.reason)
    }
}

/// Entries that are reported together.
#[derive(Debug)]
struct Line {
    record: Record,
    count: u64,
    due: Moment,
}

/// Commands that are still to be told.
#[derive(Debug, Default)]
pub(super) struct Audit {
    single: Vec<Record>,
    lines: Vec<Line>,
    limits: BTreeMap<(String, bool), RateLimit>,
}

impl Audit {
    pub(super) fn note(&mut self, now: Moment, record: Record) {
        let most = if record.is_refusal() { REFUSED } else { DONE };
        if !record.is_stream() {
            let whose = (record.by.clone(), record.is_refusal());
            if self.limits.entry(whose).or_insert_with(|| RateLimit::new(most)).allows(now) {
                self.single.push(record);
                return;
            }
        }
        self.add(now, Record { id: None, ..record });
    }

    fn add(&mut self, now: Moment, mut record: Record) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.record.is_like(&record)) {
            line.count = line.count.saturating_add(1);
            return;
        }
        let is_done = record.is_stream() && !record.is_refusal();
        let due = now.after(if is_done { SETPOINTS } else { SECOND });
        if self.lines.len() >= LINES && record.command.take().is_some() {
            self.add(now, Record { reason: None, ..record });
            return;
        }
        self.lines.push(Line { record, count: 1, due });
    }

    /// Drains the entries that are due, each with its count if it is more than one.
    pub(super) fn due(&mut self, now: Moment) -> Vec<(Record, Option<u64>)> {
        let mut due: Vec<_> = self.single.drain(..).map(|record| (record, None)).collect();
        self.lines.retain(|line| {
            let is_due = line.due <= now;
            if is_due {
                due.push((line.record.clone(), Some(line.count)));
            }
            !is_due
        });
        due
    }

    /// Lets all that is still to be told together be due: there is no later any more.
    pub(super) fn flush(&mut self) {
        for line in &mut self.lines {
            line.due = Moment::default();
        }
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        self.lines.iter().map(|line| line.due).min()
    }
}
