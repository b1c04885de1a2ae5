//! What goes wrong, when it is its turn.

use std::time::Duration;

use vehicle_protocol::{Command, Envelope, Shape};

use super::super::network::{Message, nanoseconds};
use super::super::scenario::Misfortune;
use super::{Happening, World};

/// An agent that could move notices a silent link after this time.
const SILENCE: Duration = Duration::from_secs(3);
/// The guard turns off after this silence.
const GUARD: Duration = Duration::from_millis(150);

impl World {
    pub(super) fn go_wrong(&mut self, misfortune: Misfortune) {
        let seat = self.rng.usize(0..self.seats.len().max(1));
        match misfortune {
            Misfortune::Dies(back) => {
                self.seat(seat, |seat| seat.absent = true);
                if let Some(back) = back {
                    self.after(back, Happening::RestartsOperator(seat));
                }
            }
            Misfortune::Freezes(time) => {
                self.seat(seat, |seat| seat.absent = true);
                self.after(time, Happening::Thaws(seat));
            }
            Misfortune::CutsOperator(time) => {
                self.seat(seat, |seat| seat.line.cut());
                self.after(time, Happening::HealsOperator(seat));
            }
            Misfortune::CutsVehicle(time) => {
                self.vehicle_line.cut();
                if time > SILENCE {
                    self.after(SILENCE, Happening::Notices);
                }
                self.after(time, Happening::HealsVehicle);
            }
            Misfortune::Resets(time) => {
                self.notice();
                self.after(time, Happening::Connects);
            }
            Misfortune::Kills(time) => self.kill(time),
            Misfortune::Suspends => self.suspend(),
            Misfortune::Stalls(time) => self.stalled = self.now.saturating_add(nanoseconds(time)),
            Misfortune::Retains => self.retain(),
        }
    }

    pub(super) fn kill(&mut self, time: Duration) {
        let Some(shell) = &self.shell else { return };
        let boot = shell.began();
        (self.is_dead, self.is_connected) = (true, false);
        self.killed.push(self.now);
        self.after(GUARD, Happening::Guards(boot));
        self.after(time.max(GUARD.saturating_mul(2)), Happening::Boots);
    }

    pub(super) fn suspend(&mut self) {
        let epoch = self.draw_epoch();
        self.notice();
        let Some(shell) = self.shell.as_mut().filter(|_| !self.is_dead) else { return };
        let told = shell.suspend(self.now, epoch, &mut self.trace);
        self.tell(told);
        self.connect_soon();
    }

    /// Somebody publishes a command with the retain flag: one of those that were sent, or a plain one.
    pub(super) fn retain(&mut self) {
        let plain = [Command::TurnOnEngine, Command::Accelerate, Command::TurnOnHeadlights];
        let command = self.rng.choice(plain).unwrap_or(Command::Accelerate);
        let shape = "kept".parse().map_or(Shape::Plain, Shape::Identified);
        let message = self.note(&Envelope { command, shape });
        // Live it is a command as any other; nobody publishes it live here.
        self.retained = Some(Message { retained: true, ..message });
    }
}
