//! The one task that owns link and state.

mod drive;
mod hear;
mod heartbeat;
mod leave;
mod stops;
#[cfg(test)]
mod tests;
mod vehicles;

use super::Handle;
use super::command_queue::{CommandQueue, QueuedCommands};
use super::event_log::{EventLog, Weight};
use super::ring::Ring;
use super::snapshot::{LinkState, Snapshot};
use super::vehicle::Vehicle;
use crate::client::CommandClient;
use crate::clock::Moment;
use crate::commands::send;
use crate::exit::Fault;
use crate::link::{QoS, Subscriptions};
use crate::options::Options;
use crate::random;
use crate::teleop::session::TeleopInput;
use crate::teleop::stick::StickInput;
use crate::transaction::Form;
use drive::Hand;
use heartbeat::Heartbeats;
use leave::Leaving;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use vehicle_protocol::{Command, CommandId, CommandName, PresenceState, Topic, VehicleId};

/// Scenes are not published more often than this.
const SHOW_EVERY: Duration = Duration::from_millis(50);
/// Interval of the round-trip measurement of a vehicle that is looked at.
const PING_EVERY: Duration = Duration::from_secs(1);
/// Time after the last look for which a vehicle counts as looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Time after the last sign of a person for which motion begun from here is renewed.
const PRESENT: Duration = Duration::from_millis(1500);
/// The topics of a vehicle that a screen needs.
const TOPICS: [(Topic, QoS); 6] = [
    (Topic::Presence, QoS::AtLeastOnce),
    (Topic::Status, QoS::AtLeastOnce),
    (Topic::Description, QoS::AtLeastOnce),
    (Topic::Telemetry, QoS::AtMostOnce),
    (Topic::Events, QoS::AtLeastOnce),
    (Topic::Session, QoS::AtLeastOnce),
];

/// Link, state and what is under way.
pub(super) struct OperatorTask {
    client: CommandClient,
    queue: Arc<CommandQueue>,
    scenes: watch::Sender<Arc<Snapshot>>,
    snapshot: Snapshot,
    event_log: EventLog,
    sticks: BTreeMap<VehicleId, Hand>,
    requests: BTreeMap<CommandId, RequestKind>,
    /// Our last commands that have come to their end.
    recent: VecDeque<CommandId>,
    /// Vehicles whose emergency stop was pressed and is not known to have left.
    unannounced: BTreeSet<VehicleId>,
    /// Vehicles of the settings and those that there are keys for; never dropped from the table.
    named: BTreeSet<VehicleId>,
    /// Set once it was logged that there are more vehicles than the table has room for.
    is_full: bool,
    /// Vehicles that were set in motion from here.
    moved: BTreeMap<VehicleId, Heartbeats>,
    silence: Duration,
    /// The moment from which the next snapshot may be published, if there is news.
    show_at: Option<Moment>,
    shown: Moment,
    sample_at: Moment,
    ping_at: Moment,
    leaving: Option<Leaving>,
}

/// A command of ours on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RequestKind {
    /// Measures the round trip.
    Ping,
    /// Somebody's command.
    Command,
    /// An emergency stop.
    Stop,
}

impl OperatorTask {
    /// Begins to connect; has to be called inside the runtime that it is to run in.
    pub(super) fn start(options: &Options, vehicles: &[VehicleId]) -> Result<(Self, Handle), Fault> {
        let presented = options.operator_for(vehicles)?;
        let subscriptions = subscriptions(options, vehicles);
        let client = CommandClient::start_as(options, subscriptions, presented.operator.as_ref())?;
        let broker = options.endpoint.url.to_string().into();
        let (scenes, seen) = watch::channel(Arc::new(Snapshot { broker, ..Snapshot::default() }));
        let queue = Arc::new(CommandQueue::default());
        let handle = Handle { clock: client.clock, queue: Arc::clone(&queue), scenes: seen };
        let snapshot = Snapshot::clone(&scenes.borrow());
        let now = client.clock.now();
        let mut task = Self {
            client,
            queue,
            scenes,
            snapshot,
            event_log: EventLog::default(),
            sticks: BTreeMap::new(),
            requests: BTreeMap::new(),
            recent: VecDeque::new(),
            unannounced: BTreeSet::new(),
            named: vehicles.iter().cloned().chain(options.keys.vehicles().unwrap_or_default()).collect(),
            is_full: false,
            moved: BTreeMap::new(),
            silence: options.silence(),
            show_at: Some(now),
            shown: now,
            sample_at: now,
            ping_at: now,
            leaving: None,
        };
        for vehicle in vehicles {
            task.vehicle(vehicle);
        }
        for (vehicle, fault) in presented.remarks {
            task.warn(now, vehicle.as_ref(), &fault);
        }
        // A screen that opens finds the remarks there.
        task.show();
        task.mark();
        Ok((task, handle))
    }

    /// Runs until it has taken leave.
    pub(super) async fn run(mut self) {
        let queue = Arc::clone(&self.queue);
        while !self.has_left() {
            let due = self.deadline();
            // Orders come first: a stop must not wait behind what vehicles tell.
            tokio::select! {
                biased;
                () = queue.rung() => self.obey(queue.take()),
                news = self.client.next(Some(due)) => self.take(news),
            }
            self.pass();
        }
        self.show();
        self.client.close().await;
    }

    fn now(&self) -> Moment {
        self.client.clock.now()
    }

    fn deadline(&self) -> Moment {
        let sticks = self.sticks.values().filter_map(|hand| hand.session.deadline());
        let leaving = self.leaving.as_ref().map(Leaving::until);
        let others = [self.show_at, leaving, self.heartbeat_at(), Some(self.sample_at), Some(self.ping_at)];
        sticks.chain(others.into_iter().flatten()).min().unwrap_or(self.sample_at)
    }

    /// Does what screens ordered, stops first.
    fn obey(&mut self, mut inbox: QueuedCommands) {
        let now = self.now();
        self.refuse_unknown(&mut inbox);
        for vehicle in &inbox.stops {
            self.stop(vehicle);
        }
        for (vehicle, grip) in &inbox.grips {
            self.grip(vehicle, *grip);
        }
        for (vehicle, (lean, at)) in inbox.hands {
            if inbox.released.contains(&vehicle) {
                self.hand(&vehicle, None, at);
            }
            self.hand(&vehicle, lean, at);
        }
        for vehicle in inbox.looks {
            let looked_at = &mut self.vehicle(&vehicle).looked_at;
            let is_first = looked_at.is_none();
            *looked_at = Some(now);
            if is_first {
                self.vehicle(&vehicle).looked_since = Some(now);
                self.ping_at = now;
            }
        }
        for vehicle in inbox.present {
            if let Some(heartbeats) = self.moved.get_mut(&vehicle) {
                heartbeats.until = now.saturating_add(PRESENT);
            }
        }
        for (vehicle, command) in inbox.commands {
            self.send(&vehicle, command);
        }
        if inbox.dropped > 0 {
            let text = format!("{} commands at once are too many; they were dropped", inbox.dropped);
            self.event_log.note(now, None, Weight::Warning, &text);
        }
        if let Some(exit) = inbox.leave {
            self.leave(exit);
        }
        self.mark();
    }

    fn send(&mut self, vehicle: &VehicleId, command: Command) {
        let (now, name) = (self.now(), command.name());
        if name == CommandName::EmergencyStop {
            self.stop(vehicle);
            return;
        }
        if name.is_stop() || name == CommandName::Park {
            self.steer(vehicle, TeleopInput::Stick(StickInput::Stop));
            self.moved.remove(vehicle);
        } else if name.is_motion() {
            let heartbeats = Heartbeats { until: now.saturating_add(PRESENT), next: now };
            self.moved.insert(vehicle.clone(), heartbeats);
        }
        // Not "sent": it may wait for a session or a connection. What became of it is the next entry.
        if self.begin(vehicle, command, send::form(name, false), RequestKind::Command, self.silence) {
            self.event_log.note(now, Some(vehicle), Weight::Note, &format!("{name} requested"));
        }
    }

    fn begin(
        &mut self,
        vehicle: &VehicleId,
        command: Command,
        form: Form,
        request: RequestKind,
        silence: Duration,
    ) -> bool {
        let id = random::name().ok().and_then(|name| name.parse::<CommandId>().ok());
        let Some(id) = id else { return false };
        let has_name = form != Form::Plain && command != Command::Heartbeat;
        let begun = self.client.begin(vehicle, command, form, Some(id.clone()), silence);
        if let Err(fault) = begun {
            self.warn(self.now(), Some(vehicle), &fault);
            return false;
        }
        if has_name {
            self.requests.insert(id, request);
        }
        true
    }

    /// Says in the log what is wrong and what to do about it.
    fn warn(&mut self, now: Moment, vehicle: Option<&VehicleId>, fault: &Fault) {
        let text = format!("{}; next: {}", fault.advice.what, fault.advice.next_step);
        self.event_log.note(now, vehicle, Weight::Alarm, &text);
    }

    /// Lets time pass: sticks, round trips, samples, scenes.
    fn pass(&mut self) {
        let now = self.now();
        self.pass_sticks(now);
        self.send_heartbeats(now);
        if now >= self.ping_at {
            self.ping_at = now.saturating_add(PING_EVERY);
            self.ping(now);
        }
        if now >= self.sample_at {
            self.sample_at = now.saturating_add(Ring::EVERY);
            self.sample(now);
        }
        if self.show_at.is_some_and(|at| now >= at) {
            self.show();
        }
    }

    /// Asks vehicles that are looked at, or were set in motion from here, for a sign of life.
    fn ping(&mut self, now: Moment) {
        if !self.snapshot.is_up() || self.leaving.is_some() {
            return;
        }
        self.moved.retain(|_, heartbeats| now < heartbeats.until);
        let is_due = |vehicle: &Vehicle| {
            let is_looked_at = vehicle.looked_at.is_some_and(|at| now < at.saturating_add(LOOK));
            is_looked_at && matches!(vehicle.presence(), Some(PresenceState::Online) | None)
        };
        let due: Vec<VehicleId> = self
            .snapshot
            .vehicles
            .iter()
            .filter(|(id, vehicle)| is_due(vehicle) || self.moved.contains_key(*id))
            .map(|(id, _)| id.clone())
            .collect();
        for id in due {
            if self.begin(&id, Command::ReportStatus, Form::Identified, RequestKind::Ping, self.silence) {
                self.vehicle(&id).awaited.get_or_insert(now);
            }
        }
    }

    fn sample(&mut self, now: Moment) {
        let up = self.snapshot.is_up();
        for vehicle in self.snapshot.vehicles.values_mut() {
            let vehicle = Arc::make_mut(vehicle);
            if vehicle.looked_at.is_some_and(|at| now >= at.saturating_add(LOOK)) {
                (vehicle.looked_at, vehicle.looked_since, vehicle.awaited) = (None, None, None);
            }
            vehicle.old_since = vehicle.old_since(up, now);
            vehicle.sample(up, now);
        }
        self.mark();
    }

    /// There is something new to show.
    fn mark(&mut self) {
        self.show_at.get_or_insert(self.shown.saturating_add(SHOW_EVERY));
    }

    fn show(&mut self) {
        let now = self.now();
        (self.snapshot.at, self.shown, self.show_at) = (now, now, None);
        self.snapshot.event_log = self.event_log.entries();
        self.scenes.send_replace(Arc::new(self.snapshot.clone()));
    }
}

fn subscriptions(options: &Options, vehicles: &[VehicleId]) -> Subscriptions {
    let wanted = TOPICS.into_iter().chain([(send::answers(options), QoS::AtLeastOnce)]);
    let filters = if vehicles.is_empty() {
        wanted.map(|(topic, qos)| (options.root.every_vehicle(topic), qos)).collect()
    } else {
        let topics = vehicles.iter().map(|vehicle| options.root.vehicle(vehicle.clone()));
        topics.flat_map(|topics| wanted.clone().map(move |(topic, qos)| (topics.of(topic), qos))).collect()
    };
    Subscriptions { filters, settle: false }
}
