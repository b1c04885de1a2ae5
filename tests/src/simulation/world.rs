//! Everything that happens, in its order.

mod bad_luck;
mod operators;
mod vehicle;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use fastrand::Rng;
use vehicle_agent::control::{Input, SafetyChecks};
use vehicle_protocol::{Answer, Epoch, SessionAnswer};

use super::network::{Line, Message, Weather, nanoseconds};
use super::operator::Operator;
use super::scenario::{END, Misfortune, Scenario, Wheels, millis};
use super::shell::{Shell, terms};
use crate::oracle::{Heard, Record, Sent};
use crate::trace::TraceLine;

/// What can happen.
#[derive(Debug)]
enum Happening {
    Turn(usize),
    Comes(Message, u32),
    Ticks(u64),
    Stored(bool, u64),
    HearsSession(usize, SessionAnswer),
    HearsAnswer(usize, Answer),
    Goes(Misfortune),
    Thaws(usize),
    RestartsOperator(usize),
    HealsOperator(usize),
    HealsVehicle,
    Notices,
    Connects,
    Guards(u64),
    Boots,
}

/// One operator and the line to the broker.
struct Seat {
    operator: Operator,
    line: Line,
    absent: bool,
}

/// One run.
pub(super) struct World {
    rng: Rng,
    scenario: Scenario,
    checks: SafetyChecks,
    wheels: Option<Wheels>,
    now: u64,
    agenda: BinaryHeap<Reverse<(u64, u64)>>,
    happenings: Vec<Option<Happening>>,
    shell: Option<Shell>,
    weather: Weather,
    seats: Vec<Seat>,
    vehicle_line: Line,
    /// The nth connection of the vehicle; what was under way on an earlier one is lost or kept.
    connection: u32,
    is_connected: bool,
    kept: Vec<Message>,
    retained: Option<Message>,
    stored: bool,
    ticks: u64,
    /// Until when the agent's loop stands still.
    stalled: u64,
    trace: Vec<TraceLine>,
    answers: Vec<Heard>,
    /// What was sent, with EPOCH and EXP as they were written.
    sent: Vec<(Sent, Option<(Epoch, u64)>)>,
    /// Killed, and not yet found silent by the guard.
    is_dead: bool,
    killed: Vec<u64>,
}

impl World {
    pub(super) fn new(seed: u64, checks: SafetyChecks, wheels: Option<Wheels>) -> Self {
        let mut rng = Rng::with_seed(seed);
        let scenario = Scenario::draw(&mut rng);
        let weather = Weather::new(&scenario);
        let seats = (0..scenario.operators)
            .map(|number| Seat {
                operator: Operator::new(number, &mut rng),
                line: Line::default(),
                absent: false,
            })
            .collect();
        Self {
            rng,
            scenario,
            checks,
            wheels,
            now: 0,
            agenda: BinaryHeap::new(),
            happenings: Vec::new(),
            shell: None,
            weather,
            seats,
            vehicle_line: Line::default(),
            connection: 0,
            is_connected: false,
            kept: Vec::new(),
            retained: None,
            stored: false,
            ticks: 0,
            stalled: 0,
            trace: Vec::new(),
            answers: Vec::new(),
            sent: Vec::new(),
            is_dead: false,
            killed: Vec::new(),
        }
    }

    /// Lets everything happen, and gives what is left of it.
    pub(super) fn run(mut self) -> Record {
        self.boot();
        for seat in 0..self.seats.len() {
            let first = millis(&mut self.rng, 0, 200);
            self.after(first, Happening::Turn(seat));
        }
        for (at, misfortune) in self.scenario.misfortunes.clone() {
            self.after(at, Happening::Goes(misfortune));
        }
        while let Some(Reverse((at, place))) = self.agenda.pop() {
            if at > nanoseconds(END) {
                break;
            }
            self.now = self.now.max(at);
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            if let Some(happening) = self.happenings.get_mut(place).and_then(Option::take) {
                self.take(happening);
            }
        }
        Record {
            trace: self.trace,
            answers: self.answers,
            sent: self.sent.into_iter().map(|(sent, _)| sent).collect(),
            end: nanoseconds(END),
            terms: terms(self.scenario.operator_timeout),
            heard_all: self.killed.is_empty(),
            killed: self.killed,
        }
    }

    fn after(&mut self, delay: Duration, happening: Happening) {
        self.at(self.now.saturating_add(nanoseconds(delay)), happening);
    }

    fn at(&mut self, at: u64, happening: Happening) {
        let place = u64::try_from(self.happenings.len()).unwrap_or(u64::MAX);
        self.happenings.push(Some(happening));
        self.agenda.push(Reverse((at, place)));
    }

    fn take(&mut self, happening: Happening) {
        match happening {
            Happening::Turn(seat) => self.turn(seat),
            Happening::Comes(message, connection) => self.comes(message, connection),
            Happening::Ticks(tick) => self.tick(tick),
            Happening::Stored(set, boot) => {
                if !self.is_dead && self.shell.as_ref().is_some_and(|shell| shell.began() == boot) {
                    self.stored = set;
                    self.step(Input::Stored(set));
                }
            }
            Happening::HearsSession(seat, answer) => {
                let now = self.now;
                if let Some(seat) = self.seats.get_mut(seat) {
                    seat.operator.hear_session(now, &answer);
                }
            }
            Happening::HearsAnswer(seat, answer) => {
                if let Some(seat) = self.seats.get_mut(seat) {
                    seat.operator.hear_answer(&answer);
                }
            }
            Happening::Goes(misfortune) => self.go_wrong(misfortune),
            Happening::Thaws(seat) => self.seat(seat, |seat| seat.absent = false),
            Happening::RestartsOperator(seat) => self.seat(seat, |seat| {
                seat.absent = false;
                seat.operator.restart();
            }),
            Happening::HealsOperator(seat) => {
                let held = self.seats.get_mut(seat).map(|seat| seat.line.heal()).unwrap_or_default();
                for message in held {
                    self.route(message);
                }
            }
            Happening::HealsVehicle => {
                let held = self.vehicle_line.heal();
                if self.is_connected {
                    // Nobody has noticed: what was held back comes after all.
                    for message in held {
                        self.send(&message);
                    }
                } else {
                    self.keep(held);
                    self.connect_soon();
                }
            }
            Happening::Notices => self.notice(),
            Happening::Connects => self.connect(),
            Happening::Guards(boot) => {
                if let Some(shell) = self.shell.take_if(|shell| shell.began() == boot) {
                    shell.guard(self.now, &mut self.trace);
                }
            }
            Happening::Boots => self.boot(),
        }
    }

    fn seat(&mut self, seat: usize, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.seats.get_mut(seat) {
            change(seat);
        }
    }
}
