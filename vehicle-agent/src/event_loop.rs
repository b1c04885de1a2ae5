//! The loop: what happens goes to the core, what it decides goes to the board, and only then is it told.

use crate::board::Board;
use crate::clock::Clock;
use crate::control::{Effects, Input, Moment, Outputs, Report, Vehicle};
use crate::file_writer::{FileChange, FileWriter};
use crate::link::{LinkEvent, LinkEvents, LinkHandle};
use crate::sensors::{Reading, SensorReader};
use crate::supervise::Watchdogs;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::time::Duration;
use tracing::{debug, error, info, warn};
use vehicle_protocol::{CommandId, CommandName, Epoch, Event, OperatorName, Reason, State};

/// A board that failed is tried again after this time.
const RETRY: Duration = Duration::from_millis(100);
/// Clocks that differ by more than this differ by a suspend: no two readings lie so far apart.
const SUSPENDED: Duration = Duration::from_millis(200);

/// The loop's way to the broker.
pub(crate) trait Port {
    /// Waits for what happens next; nothing more comes once it has ended. May be cancelled.
    fn next(&mut self) -> impl Future<Output = Option<LinkEvent>>;
    /// Sends a report, now or later; never waits.
    fn publish(&self, report: &Report);
    /// Says whether the vehicle could move.
    fn set_armed(&self, armed: bool);
    /// Says whose presence to follow from now on.
    fn follow(&self, operator: Option<&OperatorName>);
    /// Answers and events dropped so far for want of a connection.
    fn dropped(&self) -> u64;
}

impl Port for (LinkHandle, LinkEvents) {
    async fn next(&mut self) -> Option<LinkEvent> {
        self.1.next().await
    }

    fn publish(&self, report: &Report) {
        self.0.publish(report);
    }

    fn set_armed(&self, armed: bool) {
        self.0.set_armed(armed);
    }

    fn follow(&self, operator: Option<&OperatorName>) {
        self.0.follow(operator);
    }

    fn dropped(&self) -> u64 {
        self.0.counters().dropped
    }
}

/// The reason for which the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoopEnd {
    /// It was asked to.
    Shutdown,
    /// The task that keeps the link has ended, which it never should.
    LinkGone,
    /// A task that writes files has ended, which it never should.
    FilesGone,
    /// The machine was suspended: a new epoch and a new connection are due.
    Suspended,
}

/// An event that wakes the loop.
enum Wakeup {
    Guard,
    Sensor,
    Deadline,
    Measured(Reading),
    Changed(FileChange),
    Link(LinkEvent),
}

/// The tasks that read and write files beside the loop, which never waits for one.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) writer: FileWriter,
    pub(crate) sensors: SensorReader,
}

/// One vehicle, its board and its way to the broker.
pub(crate) struct EventLoop<'a, P> {
    vehicle: Vehicle,
    board: &'a mut dyn Board,
    port: P,
    files: Files,
    watchdogs: Watchdogs,
    clock: Clock,
    /// Time for which the machine had been suspended when the epoch began.
    suspended: Duration,
    /// The outputs in force; nothing while it is not known.
    in_force: Option<Outputs>,
    armed: bool,
    /// The operator whose presence the link follows.
    followed: Option<OperatorName>,
}

impl<'a, P: Port> EventLoop<'a, P> {
    pub(crate) fn new(
        vehicle: Vehicle,
        board: &'a mut dyn Board,
        port: P,
        files: Files,
        watchdogs: Watchdogs,
        clock: Clock,
    ) -> Self {
        let suspended = clock.suspend_gap();
        Self {
            vehicle,
            board,
            port,
            files,
            watchdogs,
            clock,
            suspended,
            in_force: None,
            armed: false,
            followed: None,
        }
    }

    /// Begins a new epoch on a new connection.
    pub(crate) fn renew(&mut self, epoch: Epoch, port: P) {
        self.port = port;
        self.suspended = self.clock.suspend_gap();
        (self.armed, self.followed) = (false, None);
        self.step(Input::Suspended(epoch));
    }

    /// Gives back what has to be left in order: the port, what writes files, and the watchdogs.
    pub(crate) fn into_parts(self) -> (P, Files, Watchdogs) {
        (self.port, self.files, self.watchdogs)
    }

    /// Runs until `shutdown`, a suspend, or the loss of a part; but for a suspend the outputs are safe when it returns.
    pub(crate) async fn run(&mut self, mut shutdown: Pin<&mut impl Future<Output = ()>>) -> LoopEnd {
        self.sense();
        let ended = loop {
            let deadline = self.deadline().map(|deadline| self.clock.until(deadline));
            let tick = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            // In this order: no flood of messages holds back a tick, and nothing holds back the end.
            let wakeup = tokio::select! {
                biased;
                () = &mut shutdown => break LoopEnd::Shutdown,
                () = self.watchdogs.guard_readable() => Wakeup::Guard,
                () = poll_fn(|cx| self.board.poll_wake(cx)) => Wakeup::Sensor,
                () = tick => Wakeup::Deadline,
                change = self.files.writer.next() => match change {
                    Some(change) => Wakeup::Changed(change),
                    None => break LoopEnd::FilesGone,
                },
                reading = self.files.sensors.next() => Wakeup::Measured(reading),
                event = self.port.next() => match event {
                    Some(event) => Wakeup::Link(event),
                    None => break LoopEnd::LinkGone,
                },
            };
            if self.clock.suspend_gap().saturating_sub(self.suspended) > SUSPENDED {
                // What arrived is of the epoch that has ended, on a clock that stood still.
                self.step(Input::Fault(Reason::ClockGap));
                return LoopEnd::Suspended;
            }
            self.handle(wakeup);
        };
        self.end();
        ended
    }

    /// Makes the outputs safe, for good.
    pub(crate) fn end(&mut self) {
        self.watchdogs.notify_stopping();
        self.step(Input::Shutdown);
    }

    fn deadline(&self) -> Option<Moment> {
        let now = self.clock.now();
        let retry = self.in_force.is_none().then(|| now.after(RETRY));
        self.vehicle.deadline().into_iter().chain(retry).chain(self.watchdogs.deadline(now)).min()
    }

    fn sense(&mut self) {
        let sensed = self.board.sense(self.clock.now());
        self.step(Input::Sensed(sensed));
    }

    fn handle(&mut self, wakeup: Wakeup) {
        match wakeup {
            // What it has said is read with the next step.
            Wakeup::Guard => self.check_guard(),
            Wakeup::Sensor | Wakeup::Deadline => self.sense(),
            Wakeup::Measured((sensor, reading)) => {
                if let Err(problem) = &reading {
                    debug!(?sensor, %problem, "cannot be read");
                }
                self.step(Input::Measured(sensor, reading));
            }
            Wakeup::Changed(change) => self.step(match change {
                FileChange::Latch(set, Ok(())) => Input::Stored(set),
                FileChange::Latch(_, Err(error)) => Input::StoreFailed(error.to_string()),
                FileChange::KeyRemoved(name, Ok(())) => Input::KeyRemoved(name),
                FileChange::KeyRemoved(name, Err(problem)) => Input::KeyNotRemoved(name, problem),
            }),
            Wakeup::Link(event) => self.receive(event),
        }
    }

    fn receive(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up { connection } => {
                let dropped = self.port.dropped();
                self.step(Input::LinkUp { connection, dropped });
            }
            LinkEvent::Lost => self.step(Input::LinkLost),
            LinkEvent::Operator { name, retained, payload } => {
                self.step(Input::Operator { name, retained, payload });
            }
            LinkEvent::Received(received) => {
                debug!(topic = %received.topic, retained = received.retained, bytes = received.payload.len(), "received");
                self.step(Input::Received(received));
            }
        }
    }

    /// Stops if the guard is lost: nothing else may happen before.
    fn check_guard(&mut self) {
        let now = self.clock.now();
        if self.watchdogs.check_guard(now) {
            // It may have changed outputs.
            self.in_force = None;
            self.run_step(now, Input::Fault(Reason::GuardLost));
        }
    }

    fn step(&mut self, input: Input) {
        self.check_guard();
        self.run_step(self.clock.now(), input);
    }

    /// One step: decide, do, then tell.
    fn run_step(&mut self, now: Moment, input: Input) {
        let effects = self.decide(now, input);
        match self.apply(now, &effects) {
            Ok(()) => {
                self.publish(&effects);
                let settled = self.vehicle.handle(now, Input::Applied);
                self.publish(&settled);
            }
            Err(problem) => {
                self.publish(&effects);
                error!(%problem, "the board failed; the vehicle stops");
                let stopped = self.vehicle.handle(now, Input::BoardFailed(problem));
                if let Err(problem) = self.apply(now, &stopped) {
                    warn!(%problem, "the board failed again; it is tried until it obeys");
                }
                self.publish(&stopped);
            }
        }
        self.watchdogs.report_step(now, self.in_force.is_some(), self.armed);
    }

    /// Decides; a vehicle whose guard is not there is not armed.
    fn decide(&mut self, now: Moment, input: Input) -> Effects {
        let effects = self.vehicle.handle(now, input);
        if !effects.armed || self.watchdogs.may_arm() {
            return effects;
        }
        let Effects { mut reports, mut revoke, store, .. } = effects;
        let refused = self.vehicle.handle(now, Input::Fault(Reason::GuardLost));
        reports.extend(refused.reports);
        revoke.extend(refused.revoke);
        Effects { reports, revoke, store: refused.store.or(store), ..refused }
    }

    fn apply(&mut self, now: Moment, effects: &Effects) -> Result<(), String> {
        if self.in_force == Some(effects.outputs) {
            return Ok(());
        }
        self.in_force = None;
        self.board.apply(now, &effects.outputs, &effects.cause).map_err(|error| error.to_string())?;
        self.in_force = Some(effects.outputs);
        Ok(())
    }

    /// Stores and reports, when the outputs are in force.
    fn publish(&mut self, effects: &Effects) {
        if let Some(set) = effects.store {
            self.files.writer.store_latch(set);
        }
        for name in &effects.revoke {
            self.files.writer.remove_key(name);
        }
        if self.followed != effects.follow {
            self.followed.clone_from(&effects.follow);
            self.port.follow(self.followed.as_ref());
        }
        if self.armed != effects.armed {
            self.armed = effects.armed;
            self.port.set_armed(self.armed);
        }
        for report in &effects.reports {
            match report {
                Report::Event(event) => log_event(event),
                Report::Answer(answer) | Report::Compact(answer) => {
                    debug!(command = ?answer.command, state = %answer.state, reason = ?answer.reason, "answer");
                }
                Report::Session(_)
                | Report::Presence(_)
                | Report::Status(_)
                | Report::Telemetry(_)
                | Report::Description(_) => {}
            }
            self.port.publish(report);
        }
    }
}

fn log_event(event: &Event) {
    let Event { event: kind, cause, by, command, id, state, count, detail, .. } = event;
    let (cause, command, state) =
        (cause.map(Reason::as_str), command.map(CommandName::as_str), state.map(State::as_str));
    // Texts are logged in quotes, with their control characters escaped.
    info!(event = %kind, by, command, id = id.as_ref().map(CommandId::as_str), state, cause, count, detail, "event");
}

#[cfg(test)]
mod tests;
