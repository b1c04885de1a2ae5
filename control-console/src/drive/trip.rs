//! A drive from the first word to the last: session, neutral, the stick, and what came of it. Pure; time is an argument.

mod conclude;
mod hear;
mod speak;
#[cfg(test)]
mod tests;

use super::report::Report;
use super::rhythm::Rhythm;
use super::stamp::{Names, Stamp};
use super::stick::{Halt, Input as Push, Phase, Stick, Wish};
use crate::clock::Moment;
use crate::exit::{Exit, Fault};
use std::time::Duration;
use vehicle_protocol::{Nonce, Presence, Reason, Topic, Topics, VehicleId};

/// For how long zeros go before the BRAKE that follows a signal.
const ZEROS: Duration = Duration::from_millis(100);

/// What is wanted, with every random name that it takes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The vehicle's topics.
    pub topics: Topics,
    /// What to ask for.
    pub wish: Wish,
    /// For how long.
    pub length: Duration,
    /// How often, and how long a setpoint holds.
    pub rhythm: Rhythm,
    /// The longest silence.
    pub silence: Duration,
    /// What every ID begins with.
    pub name: String,
    /// For the session.
    pub nonce: Nonce,
}

/// What happens to a trip.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The link is there and subscribed.
    Up,
    /// The link is lost, for a reason that may pass.
    Down(&'a str),
    /// The link can't be had.
    Barred(&'a Fault),
    /// A live message of the vehicle, or its presence.
    Message(Topic, &'a [u8]),
    /// Time has passed.
    Tick,
    /// A signal: leave with this code.
    Leave(Exit),
    /// The BRAKE has come to its end.
    Braked(&'a crate::session::Report),
}

/// What a trip wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A publish, at QoS 0 on the drive topic and at QoS 1 elsewhere, never retained.
    Publish(Topic, String),
    /// A BRAKE, to be repeated until it is answered.
    Brake,
    /// For who watches.
    Note(&'static str),
    /// The end; nothing follows.
    Finished(Report),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connecting,
    /// The session is asked for.
    Opening,
    /// The stick shows neutral.
    Showing,
    Driving,
    /// Zeros leave.
    Releasing,
    /// The vehicle is asked whether it took the zeros.
    Confirming,
    /// The stick was halted, not by the hand.
    Halted(Halt),
    /// Zeros leave before BRAKE.
    Leaving(Exit),
    /// BRAKE is on its way.
    Braking(Exit),
    Finished,
}

/// One drive.
#[derive(Debug)]
pub struct Trip {
    plan: Plan,
    stick: Stick,
    stage: Stage,
    /// When the stage began.
    since: Moment,
    up: bool,
    names: Names,
    stamp: Option<Stamp>,
    /// When the session was last asked for.
    asked: Option<Moment>,
    /// Whether the session that is known is of no use.
    outdated: bool,
    heard: Moment,
    knocked: Option<Moment>,
    /// The first name whose answer counts in this stage.
    counts_from: u64,
    presence: Option<Presence>,
    last_failure: Option<String>,
    refusal: Option<(Option<Reason>, Option<String>)>,
    refused: u64,
    sent: u64,
    driven: Duration,
    deeds: Vec<Deed>,
}

impl Trip {
    /// A trip that begins at `now`, before there is a link.
    #[must_use]
    pub fn new(plan: Plan, now: Moment) -> Self {
        Self {
            stick: Stick::new(plan.rhythm, now),
            names: Names::new(plan.name.clone()),
            plan,
            stage: Stage::Connecting,
            since: now,
            up: false,
            stamp: None,
            asked: None,
            outdated: false,
            heard: now,
            knocked: None,
            counts_from: 0,
            presence: None,
            last_failure: None,
            refusal: None,
            refused: 0,
            sent: 0,
            driven: Duration::ZERO,
            deeds: Vec::new(),
        }
    }

    /// The vehicle that it is about.
    #[must_use]
    pub const fn vehicle(&self) -> &VehicleId {
        self.plan.topics.id()
    }

    /// Counts a setpoint that the link has taken.
    pub const fn count_sent(&mut self) {
        self.sent = self.sent.saturating_add(1);
    }

    /// When it next wants a [`Input::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        if self.stage == Stage::Finished {
            return None;
        }
        [self.until(), self.stick.deadline(), self.request_due(), self.knock_due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Takes one input and says what is to be done.
    pub fn handle(&mut self, now: Moment, input: Input<'_>) -> Vec<Deed> {
        if self.stage != Stage::Finished {
            self.take(now, input);
            self.advance(now);
            self.ask(now);
        }
        std::mem::take(&mut self.deeds)
    }

    fn take(&mut self, now: Moment, input: Input<'_>) {
        match input {
            Input::Up => {
                self.up = true;
                (self.asked, self.knocked) = (None, None);
                if self.stage == Stage::Connecting {
                    self.enter(now, Stage::Opening);
                } else if self.stamp.is_some() {
                    self.push(now, Push::Up);
                }
            }
            Input::Down(why) => {
                self.up = false;
                self.last_failure = Some(why.to_owned());
                self.push(now, Push::Down);
                if self.stage == Stage::Releasing {
                    self.enter(now, Stage::Halted(Halt::Unlinked));
                }
            }
            Input::Barred(fault) => self.barred(fault),
            Input::Message(topic, payload) => self.hear(now, topic, payload),
            Input::Tick => {
                let holds = matches!(self.stage, Stage::Showing | Stage::Driving);
                self.push(now, if holds { Push::Hand(Some(self.plan.wish)) } else { Push::Tick });
            }
            Input::Leave(exit) => self.leave(now, exit),
            Input::Braked(report) => self.braked(report),
        }
    }

    fn enter(&mut self, now: Moment, stage: Stage) {
        if self.stage == Stage::Driving {
            self.driven = now.saturating_sub(self.since);
        }
        (self.stage, self.since, self.knocked) = (stage, now, None);
        self.counts_from = self.names.next_number();
        let note = match stage {
            Stage::Opening => "asking for a session",
            Stage::Showing => "showing neutral",
            Stage::Driving => "driving",
            Stage::Releasing => "releasing",
            Stage::Halted(_) => "halted",
            Stage::Leaving(_) => "leaving: zeros first, then BRAKE",
            Stage::Connecting | Stage::Confirming | Stage::Braking(_) | Stage::Finished => return,
        };
        self.deeds.push(Deed::Note(note));
    }

    /// Pushes the stick, and passes on what it says.
    fn push(&mut self, now: Moment, push: Push) {
        let setpoint = self.stick.handle(now, push);
        let sealed = setpoint.and_then(|setpoint| self.seal(now, setpoint));
        self.deeds.extend(sealed);
        let going = matches!(self.stage, Stage::Showing | Stage::Driving);
        if let Some(halt) = self.stick.halt().filter(|_| going) {
            self.enter(now, Stage::Halted(halt));
        }
    }

    /// When the stage ends by itself, if nothing else ends it.
    fn until(&self) -> Option<Moment> {
        let lasts = match self.stage {
            Stage::Driving => self.plan.length,
            Stage::Leaving(_) => ZEROS,
            Stage::Connecting | Stage::Opening | Stage::Showing | Stage::Confirming | Stage::Halted(_) => {
                self.plan.silence
            }
            Stage::Releasing | Stage::Braking(_) | Stage::Finished => return None,
        };
        Some(self.since.saturating_add(lasts))
    }

    fn advance(&mut self, now: Moment) {
        let is_over = self.until().is_some_and(|until| now >= until);
        match self.stage {
            Stage::Driving if is_over => {
                self.enter(now, Stage::Releasing);
                self.push(now, Push::Hand(None));
            }
            Stage::Releasing if self.stick.is_silent() => self.enter(now, Stage::Confirming),
            // A halted stick comes out of HOLD with zeros, as it goes in with them where it can.
            Stage::Halted(halt)
                if is_over || (self.stick.phase() == Phase::Released && self.stick.is_silent()) =>
            {
                self.halted(halt);
            }
            Stage::Leaving(exit) if is_over => {
                self.enter(now, Stage::Braking(exit));
                self.deeds.push(Deed::Brake);
            }
            Stage::Connecting | Stage::Opening | Stage::Showing | Stage::Confirming if is_over => {
                self.give_up();
            }
            Stage::Connecting
            | Stage::Opening
            | Stage::Showing
            | Stage::Driving
            | Stage::Releasing
            | Stage::Confirming
            | Stage::Halted(_)
            | Stage::Leaving(_)
            | Stage::Braking(_)
            | Stage::Finished => {}
        }
    }

    fn leave(&mut self, now: Moment, exit: Exit) {
        let stick_spoke = !matches!(self.stage, Stage::Connecting | Stage::Opening);
        let already = matches!(self.stage, Stage::Leaving(_) | Stage::Braking(_));
        if self.up && stick_spoke && !already {
            self.enter(now, Stage::Leaving(exit));
            self.push(now, Push::Hand(None));
        } else {
            self.left(exit);
        }
    }
}
