//! The vehicle's side: boots, steps, connections.

use std::time::Duration;

use vehicle_agent::control::{Input, Received, Report};
use vehicle_protocol::{Epoch, Topic};

use super::super::network::Message;
use super::super::scenario::millis;
use super::super::shell::{Shell, Told};
use super::{Happening, World};
use crate::oracle::{Delivery, Heard};

/// How long the file of the emergency stop takes.
const STORING: Duration = Duration::from_millis(5);

impl World {
    pub(super) fn boot(&mut self) {
        let epoch = self.draw_epoch();
        self.connection = self.connection.saturating_add(1);
        self.is_connected = false;
        (self.stalled, self.is_dead) = (0, false);
        let (timeout, stored) = (self.scenario.operator_timeout, self.stored);
        self.shell = Shell::boot(self.now, epoch, self.checks, timeout, stored, self.wheels);
        self.sense();
        self.connect_soon();
    }

    pub(super) fn draw_epoch(&mut self) -> Epoch {
        let mut bytes = [0; 16];
        self.rng.fill(&mut bytes);
        Epoch(bytes)
    }

    pub(super) fn sense(&mut self) {
        let Some(shell) = self.shell.as_mut().filter(|_| !self.is_dead) else { return };
        let told = shell.sense(self.now, &mut self.trace);
        self.tell(told);
    }

    pub(super) fn step(&mut self, input: Input) {
        let Some(shell) = self.shell.as_mut().filter(|_| !self.is_dead) else { return };
        let told = shell.step(self.now, input, &mut self.trace);
        self.tell(told);
    }

    pub(super) fn tick(&mut self, tick: u64) {
        if tick != self.ticks || self.shell.is_none() {
            return;
        }
        if self.now < self.stalled {
            self.at(self.stalled, Happening::Ticks(tick));
            return;
        }
        self.sense();
    }

    /// Hands on what a step has left, and asks again when the core wants it.
    pub(super) fn tell(&mut self, told: Told) {
        let Some(shell) = &self.shell else { return };
        let (boot, deadline) = (shell.began(), shell.deadline());
        if let Some(set) = told.store {
            self.after(STORING, Happening::Stored(set, boot));
        }
        for report in told.reports {
            match report {
                Report::Answer(answer) | Report::Compact(answer) => {
                    self.answers.push(Heard { at: self.now, boot: Some(boot), answer: answer.clone() });
                    self.tell_operators(|seat| Happening::HearsAnswer(seat, answer.clone()));
                }
                Report::Session(session) => {
                    self.tell_operators(|seat| Happening::HearsSession(seat, session.clone()));
                }
                Report::Presence(_)
                | Report::Status(_)
                | Report::Telemetry(_)
                | Report::Event(_)
                | Report::Description(_) => {}
            }
        }
        self.ticks = self.ticks.saturating_add(1);
        if let Some(deadline) = deadline {
            // A loop wakes a little late, and never in the past.
            let late = self.rng.u64(0..1_000_000);
            self.at(deadline.max(self.now).saturating_add(late), Happening::Ticks(self.ticks));
        }
    }

    pub(super) fn tell_operators(&mut self, what: impl Fn(usize) -> Happening) {
        if !self.is_connected {
            return;
        }
        for seat in 0..self.seats.len() {
            let delay = millis(&mut self.rng, 1, 30);
            self.after(delay, what(seat));
        }
    }

    pub(super) fn comes(&mut self, message: Message, connection: u32) {
        if connection != self.connection || !self.is_connected {
            // The connection that it was sent on is gone.
            if !message.retained {
                self.keep(vec![message]);
            }
            return;
        }
        if self.now < self.stalled {
            self.at(self.stalled, Happening::Comes(message, connection));
            return;
        }
        let Some(shell) = &self.shell else { return };
        if let Some((sent, timed)) = message.sent.and_then(|place| self.sent.get_mut(place)) {
            let foreign = timed.is_some_and(|(epoch, _)| epoch != shell.epoch());
            sent.deliveries.push(Delivery { retained: message.retained, foreign, ..Delivery::at(self.now) });
            // EXP is read on the clock of the boot that it came to first; to any later one it is foreign.
            let expires = timed.map(|(_, expires)| last_nanosecond(shell.began(), expires));
            sent.expires = sent.expires.or(expires);
        }
        let Message { topic, retained, payload, .. } = message;
        self.step(Input::Received(Received { topic, retained, payload }));
    }

    /// The broker keeps for a session what has to arrive, and forgets the rest.
    pub(super) fn keep(&mut self, messages: Vec<Message>) {
        if self.scenario.keeps {
            self.kept.extend(messages.into_iter().filter(|message| message.topic != Topic::Drive));
        }
    }

    pub(super) fn notice(&mut self) {
        if std::mem::replace(&mut self.is_connected, false) {
            self.step(Input::LinkLost);
        }
    }

    pub(super) fn connect_soon(&mut self) {
        let delay = millis(&mut self.rng, 5, 100);
        self.after(delay, Happening::Connects);
    }

    pub(super) fn connect(&mut self) {
        if self.is_connected || self.shell.is_none() || self.vehicle_line.is_cut() {
            return;
        }
        self.is_connected = true;
        self.connection = self.connection.saturating_add(1);
        self.step(Input::LinkUp { connection: self.connection, dropped: 0 });
        let waiting = std::mem::take(&mut self.kept);
        for message in waiting.into_iter().chain(self.retained.clone()) {
            self.send(&message);
        }
    }
}

/// The last nanosecond of a millisecond of CLOCK, on the clock of the trace.
fn last_nanosecond(boot: u64, clock: u64) -> u64 {
    boot.saturating_add(clock.saturating_add(1).saturating_mul(1_000_000)).saturating_sub(1)
}
