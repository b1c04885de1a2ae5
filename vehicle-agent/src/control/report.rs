//! Reports to the outside, and their rates.

mod audit;
mod limit;

use crate::control::admit::Blame;
use crate::control::{Moment, Report, Setup};
use audit::Audit;
pub(super) use audit::Record;
pub(super) use limit::{Allowed, Kind};
use limit::{Intrusions, Refusals};
use std::time::Duration;
use vehicle_protocol::{
    CommandName, Description, Epoch, Event, EventKind, LinkCounters, Reason, Status, Telemetry,
};

/// Status follows a change, but not more often than this.
const STATUS_INTERVAL: Duration = Duration::from_millis(100);

/// Collects reports, and decides when status and telemetry are due.
#[derive(Debug)]
pub(super) struct Reporter {
    epoch: Epoch,
    heartbeat: Duration,
    telemetry_interval: Duration,
    pending: Vec<Report>,
    connected: bool,
    requested: bool,
    status: Option<(Moment, Status)>,
    telemetry: Option<(Moment, Status)>,
    /// CTR of the last setpoint applied, and the one that was told last.
    setpoint: Option<u64>,
    told_setpoint: Option<u64>,
    intrusions: Intrusions,
    refusals: Refusals,
    audit: Audit,
    link: LinkCounters,
    executed: u64,
    refused: u64,
}

impl Reporter {
    pub(super) fn new(setup: &Setup) -> Self {
        Self {
            epoch: setup.epoch,
            heartbeat: setup.timing.status_heartbeat,
            telemetry_interval: setup.timing.telemetry_interval,
            pending: Vec::new(),
            connected: false,
            requested: false,
            status: None,
            telemetry: None,
            setpoint: None,
            told_setpoint: None,
            intrusions: Intrusions::default(),
            refusals: Refusals::default(),
            audit: Audit::default(),
            link: LinkCounters::default(),
            executed: 0,
            refused: 0,
        }
    }

    pub(super) fn push(&mut self, report: Report) {
        self.pending.push(report);
    }

    /// Tells whether a refusal may be answered now.
    pub(super) fn may_refuse(&mut self, now: Moment, blame: Blame, kind: Kind) -> Allowed {
        self.refusals.ask(now, blame, kind)
    }

    /// Tells with the next step what else would wait.
    pub(super) fn flush(&mut self) {
        self.audit.flush();
    }

    /// Notes what became of a command, and of whom it came.
    pub(super) fn record(&mut self, now: Moment, record: Record) {
        self.audit.note(now, record);
    }

    pub(super) fn event(
        &mut self,
        now: Moment,
        event: EventKind,
        cause: Option<Reason>,
        detail: Option<String>,
    ) {
        self.tell(Event { cause, detail, ..self.blank(now, event) });
    }

    /// An event about somebody, by the name of the key or `unsigned`.
    pub(super) fn event_about(
        &mut self,
        now: Moment,
        event: EventKind,
        by: Option<String>,
        detail: Option<String>,
    ) {
        self.tell(Event { by, detail, ..self.blank(now, event) });
    }

    fn blank(&self, now: Moment, event: EventKind) -> Event {
        Event {
            time: now.clock(),
            epoch: self.epoch,
            event,
            cause: None,
            by: None,
            command: None,
            id: None,
            state: None,
            count: None,
            detail: None,
        }
    }

    fn tell(&mut self, event: Event) {
        self.push(Report::Event(event));
    }

    /// Notes the CTR of a signed setpoint that is applied.
    pub(super) const fn applied(&mut self, counter: Option<u64>) {
        self.setpoint = counter;
    }

    pub(super) const fn received(&mut self) {
        self.link.received = self.link.received.saturating_add(1);
    }

    pub(super) const fn executed(&mut self) {
        self.executed = self.executed.saturating_add(1);
    }

    /// Counts a refused message; what nobody should have sent is also told as an event.
    pub(super) fn refused(&mut self, now: Moment, reason: Reason, command: Option<CommandName>) {
        self.refused = self.refused.saturating_add(1);
        self.intruded(now, reason, command);
    }

    /// Tells, together with others like it, what nobody should have sent.
    pub(super) fn intruded(&mut self, now: Moment, reason: Reason, command: Option<CommandName>) {
        let intrusion = matches!(
            reason,
            Reason::Retained
                | Reason::Malformed
                | Reason::UnknownKey
                | Reason::BadMac
                | Reason::BadEpoch
                | Reason::BadCounter
        );
        if intrusion {
            self.intrusions.note(now, reason, command);
        }
    }

    /// Full status with the next step.
    pub(super) const fn request_status(&mut self) {
        self.requested = true;
    }

    pub(super) fn link_up(&mut self, now: Moment, connection: u32, dropped: u64, description: Description) {
        self.connected = true;
        if self.link.connections == 0 {
            self.event(now, EventKind::Started, None, None);
        }
        self.link.connections = connection;
        self.link.dropped = dropped;
        self.push(Report::Description(Box::new(description)));
        self.request_status();
    }

    pub(super) const fn link_lost(&mut self) {
        self.connected = false;
    }

    pub(super) const fn renew(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        self.requested = true;
    }

    pub(super) const fn count_into(&self, status: &mut Status) {
        status.link = self.link;
        status.executed = self.executed;
        status.refused = self.refused;
    }

    /// Everything to publish after this step.
    pub(super) fn take(&mut self, now: Moment, status: &Status) -> Vec<Report> {
        for (cause, command, count) in self.intrusions.due(now) {
            let count = Some(count);
            self.tell(Event { cause: Some(cause), command, count, ..self.blank(now, EventKind::Intrusion) });
        }
        for (Record { by, command, id, state, reason: cause }, count) in self.audit.due(now) {
            let (by, state) = (Some(by), Some(state));
            let blank = self.blank(now, EventKind::Command);
            self.tell(Event { cause, by, command, id, state, count, ..blank });
        }
        if self.connected {
            self.tell_state(now, status);
        }
        std::mem::take(&mut self.pending)
    }

    fn tell_state(&mut self, now: Moment, status: &Status) {
        let due = self.status.as_ref().is_none_or(|(told, before)| {
            let age = now.since(*told);
            age >= self.heartbeat || (age >= STATUS_INTERVAL && steady(before) != steady(status))
        });
        if due || self.requested {
            self.requested = false;
            self.status = Some((now, status.clone()));
            self.telemetry = Some((now, status.clone()));
            self.push(Report::Status(Box::new(status.clone())));
            return;
        }
        let Some((told, before)) = &self.telemetry else { return };
        if now.since(*told) < self.telemetry_interval {
            return;
        }
        if let Some(telemetry) = self.telemetry_since(before, status) {
            self.telemetry = Some((now, status.clone()));
            self.told_setpoint = self.setpoint;
            self.push(Report::Telemetry(telemetry));
        }
    }

    /// Returns what is new since `before`: values that differ, and the last setpoint.
    fn telemetry_since(&self, before: &Status, status: &Status) -> Option<Telemetry> {
        let ctr = self.setpoint.filter(|_| self.setpoint != self.told_setpoint);
        let changes = changes(before, status);
        let is_new = changes.is_some() || ctr.is_some();
        is_new.then(|| Telemetry { time: status.time, ctr, ..changes.unwrap_or_default() })
    }

    /// The moment at which a report is due although nothing happens.
    pub(super) fn deadline(&self, status: &Status) -> Option<Moment> {
        let state = self.status.as_ref().filter(|_| self.connected).map(|(told, before)| {
            let changed = steady(before) != steady(status);
            told.after(if changed { STATUS_INTERVAL } else { self.heartbeat })
        });
        let telemetry = self.telemetry.as_ref().filter(|_| self.connected).and_then(|(told, before)| {
            self.telemetry_since(before, status).map(|_| told.after(self.telemetry_interval))
        });
        state
            .into_iter()
            .chain(telemetry)
            .chain(self.intrusions.deadline())
            .chain(self.audit.deadline())
            .min()
    }
}

/// Strips a status of everything that changes all the time and goes out as telemetry.
fn steady(status: &Status) -> Status {
    Status {
        time: 0,
        speed_mph: 0.0,
        target_speed_mph: 0.0,
        heading_degrees: 0.0,
        x_m: 0.0,
        y_m: 0.0,
        link: LinkCounters::default(),
        executed: 0,
        refused: 0,
        uptime_s: 0,
        // Whether it is known is news, the number is not.
        battery_pct: status.battery_pct.map(|_| 0.0),
        battery_v: status.battery_v.map(|_| 0.0),
        sensors: status.sensors.keys().map(|name| (name.clone(), 0.0)).collect(),
        ..status.clone()
    }
}

/// The values that differ, if any do.
fn changes(before: &Status, now: &Status) -> Option<Telemetry> {
    let value = |before: f64, now: f64| ((now - before).abs() >= 0.001).then_some(now);
    let telemetry = Telemetry {
        time: 0,
        speed_mph: value(before.speed_mph, now.speed_mph),
        target_speed_mph: value(before.target_speed_mph, now.target_speed_mph),
        heading_degrees: value(before.heading_degrees, now.heading_degrees),
        x_m: value(before.x_m, now.x_m),
        y_m: value(before.y_m, now.y_m),
        pose: (before.pose != now.pose).then_some(now.pose),
        battery_pct: now.battery_pct.filter(|_| before.battery_pct != now.battery_pct),
        ctr: None,
    };
    (telemetry != Telemetry::default()).then_some(Telemetry { time: now.time, ..telemetry })
}
