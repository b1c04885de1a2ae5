//! A drive from the first word to the last: session, neutral, the stick, and what came of it. Pure; time is an argument.

mod conclude;
#[cfg(test)]
mod tests;

use super::Report;
use super::session::{self, TeleopSession};
use super::stick::{Halt, Input as Push, Phase};
use super::timing::RequestedTiming;
use crate::clock::Moment;
use crate::exit::{Exit, Fault};
use crate::transaction::{Sealed, VehicleSession, VerifiedAnswer};
use std::time::Duration;
use vehicle_protocol::{Reason, Setpoint, Topic, VehicleId};

/// Neutral is shown for so long before the vehicle is asked whether it took it: three setpoints at 20 Hz.
const SHOW: Duration = Duration::from_millis(150);
/// For how long zeros go before the BRAKE that follows a signal.
const ZEROS: Duration = Duration::from_millis(100);

/// What is wanted, with every random name that it takes.
#[derive(Clone, Debug)]
pub struct Config {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Speed and turn rate; the hold comes from the timing.
    pub setpoint: Setpoint,
    /// For how long.
    pub length: Duration,
    /// The timing that was asked for; the vehicle's limits decide.
    pub timing: RequestedTiming,
    /// The longest silence.
    pub silence: Duration,
    /// What every ID begins with.
    pub name: String,
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
    /// The vehicle has granted a session, or told its clock.
    Agreed,
    /// An answer of the vehicle, whoever it is for.
    Answer(&'a VerifiedAnswer),
    /// Another live message of the vehicle, or its presence.
    Message(Topic, &'a [u8]),
    /// Time has passed.
    Tick,
    /// A signal: leave with this code.
    Leave(Exit),
    /// The BRAKE has come to its end.
    Braked(&'a crate::transaction::Report),
}

/// What a trip wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A publish, at QoS 0 on the drive topic and at QoS 1 elsewhere, never retained.
    Publish(Sealed),
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
pub struct ScriptedDrive {
    session: TeleopSession,
    setpoint: Setpoint,
    length: Duration,
    timing: RequestedTiming,
    silence: Duration,
    stage: Stage,
    /// When the stage began.
    since: Moment,
    /// The first question whose answer counts in this stage.
    counts_from: u64,
    last_failure: Option<String>,
    refusal: Option<(Option<Reason>, Option<String>)>,
    refused: u64,
    sent: u64,
    driven: Duration,
    actions: Vec<Action>,
}

impl ScriptedDrive {
    /// A trip that begins at `now`, before there is a link.
    #[must_use]
    pub fn new(config: Config, now: Moment) -> Self {
        let Config { vehicle, setpoint, length, timing, silence, name } = config;
        let config = session::Config { vehicle, timing, name, show: SHOW, pulse: None };
        Self {
            session: TeleopSession::new(config, now),
            setpoint,
            length,
            timing,
            silence,
            stage: Stage::Connecting,
            since: now,
            counts_from: 0,
            last_failure: None,
            refusal: None,
            refused: 0,
            sent: 0,
            driven: Duration::ZERO,
            actions: Vec::new(),
        }
    }

    /// The vehicle that it is about.
    #[must_use]
    pub const fn vehicle(&self) -> &VehicleId {
        self.session.vehicle()
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
        [self.until(), self.session.deadline()].into_iter().flatten().min()
    }

    /// Takes one input and says what is to be done.
    pub fn handle(&mut self, now: Moment, channel: &mut VehicleSession, input: Input<'_>) -> Vec<Action> {
        if self.stage != Stage::Finished {
            self.take(now, channel, input);
            self.advance(now, channel);
        }
        std::mem::take(&mut self.actions)
    }

    fn take(&mut self, now: Moment, channel: &mut VehicleSession, input: Input<'_>) {
        match input {
            Input::Up => {
                if self.stage == Stage::Connecting {
                    self.enter(now, Stage::Opening);
                }
                self.steer(now, channel, session::Input::Up);
            }
            Input::Down(why) => {
                self.last_failure = Some(why.to_owned());
                self.steer(now, channel, session::Input::Down);
                if self.stage == Stage::Releasing {
                    self.enter(now, Stage::Halted(Halt::Unlinked));
                }
            }
            Input::Barred(fault) => self.barred(fault),
            Input::Agreed => self.steer(now, channel, session::Input::Agreed),
            Input::Answer(heard) => self.steer(now, channel, session::Input::Answer(heard)),
            Input::Message(topic, payload) => {
                self.steer(now, channel, session::Input::Message(topic, payload));
            }
            Input::Tick => {
                let holds = matches!(self.stage, Stage::Showing | Stage::Driving);
                self.push(now, channel, if holds { Push::Hand(Some(self.setpoint)) } else { Push::Tick });
            }
            Input::Leave(exit) => self.leave(now, channel, exit),
            Input::Braked(report) => self.braked(report),
        }
    }

    fn enter(&mut self, now: Moment, stage: Stage) {
        if self.stage == Stage::Driving {
            self.driven = now.saturating_sub(self.since);
        }
        (self.stage, self.since) = (stage, now);
        self.counts_from = self.session.next_number();
        let note = match stage {
            Stage::Opening => "asking for a session",
            Stage::Showing => "showing neutral",
            Stage::Driving => "driving",
            Stage::Releasing => "releasing",
            Stage::Halted(_) => "halted",
            Stage::Leaving(_) => "leaving: zeros first, then BRAKE",
            Stage::Connecting | Stage::Confirming | Stage::Braking(_) | Stage::Finished => return,
        };
        self.actions.push(Action::Note(note));
    }

    fn push(&mut self, now: Moment, channel: &mut VehicleSession, push: Push) {
        self.steer(now, channel, session::Input::Push(push));
    }

    /// Turns the session, and follows what comes of it.
    fn steer(&mut self, now: Moment, channel: &mut VehicleSession, input: session::Input<'_>) {
        for action in self.session.handle(now, channel, input) {
            match action {
                session::Action::Publish(sealed) => self.actions.push(Action::Publish(sealed)),
                session::Action::Opened if self.stage == Stage::Opening => {
                    self.enter(now, Stage::Showing);
                    if !self.is_refused(channel) {
                        self.push(now, channel, Push::Arm);
                        self.push(now, channel, Push::Hand(Some(self.setpoint)));
                    }
                }
                session::Action::Confirmed(number)
                    if self.stage == Stage::Confirming && number >= self.counts_from =>
                {
                    self.succeeded();
                }
                session::Action::Refused(reason, detail) => {
                    self.refused = self.refused.saturating_add(1);
                    self.refusal = Some((reason, detail));
                }
                session::Action::Opened | session::Action::Confirmed(_) | session::Action::RoundTrip(_) => {}
            }
        }
        // The description may come later than the session; nothing but neutral has left until then.
        if self.stage == Stage::Showing && self.is_refused(channel) {
            return;
        }
        let going = matches!(self.stage, Stage::Showing | Stage::Driving);
        if let Some(halt) = self.session.halt().filter(|_| going) {
            self.enter(now, Stage::Halted(halt));
        } else if self.stage == Stage::Showing && self.session.phase() == Phase::Driving {
            self.enter(now, Stage::Driving);
        }
    }

    /// When the stage ends by itself, if nothing else ends it.
    fn until(&self) -> Option<Moment> {
        let lasts = match self.stage {
            Stage::Driving => self.length,
            Stage::Leaving(_) => ZEROS,
            Stage::Connecting | Stage::Opening | Stage::Showing | Stage::Confirming | Stage::Halted(_) => {
                self.silence
            }
            Stage::Releasing | Stage::Braking(_) | Stage::Finished => return None,
        };
        Some(self.since.saturating_add(lasts))
    }

    fn advance(&mut self, now: Moment, channel: &mut VehicleSession) {
        let is_over = self.until().is_some_and(|until| now >= until);
        match self.stage {
            Stage::Driving if is_over => {
                self.enter(now, Stage::Releasing);
                self.push(now, channel, Push::Hand(None));
            }
            Stage::Releasing if self.session.is_silent() => {
                self.enter(now, Stage::Confirming);
                self.session.inquire(now);
                self.push(now, channel, Push::Tick);
            }
            // A halted stick comes out of HOLD with zeros, as it goes in with them where it can.
            Stage::Halted(halt)
                if is_over || (self.session.phase() == Phase::Released && self.session.is_silent()) =>
            {
                self.halted(halt, channel);
            }
            Stage::Leaving(exit) if is_over => {
                self.enter(now, Stage::Braking(exit));
                self.actions.push(Action::Brake);
            }
            Stage::Connecting | Stage::Opening | Stage::Showing | Stage::Confirming if is_over => {
                self.give_up(channel);
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

    fn leave(&mut self, now: Moment, channel: &mut VehicleSession, exit: Exit) {
        let stick_spoke = !matches!(self.stage, Stage::Connecting | Stage::Opening);
        let already = matches!(self.stage, Stage::Leaving(_) | Stage::Braking(_));
        if self.session.is_up() && stick_spoke && !already {
            self.enter(now, Stage::Leaving(exit));
            self.push(now, channel, Push::Hand(None));
        } else {
            self.left(exit);
        }
    }
}
