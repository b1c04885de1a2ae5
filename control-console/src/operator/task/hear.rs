//! News from the link.

use super::{LinkState, OperatorTask, RequestKind, Weight};
use crate::client::News;
use crate::operator::vehicle::RoundTrip;
use crate::teleop::session::TeleopInput;
use crate::transaction::Report;
use std::sync::Arc;
use vehicle_protocol::{CommandName, Event, EventKind, PresenceState, Topic, VehicleId};

/// Own commands remembered after their end: events about them come a little later.
const RECENT: usize = 64;

impl OperatorTask {
    pub(super) fn take(&mut self, news: News) {
        let now = self.now();
        match news {
            News::Up => {
                self.snapshot.link = LinkState::Up;
                self.event_log.note(now, None, Weight::Good, "connected to the broker");
                self.ping_at = now;
                self.steer_all(TeleopInput::LinkUp);
            }
            News::Down(why) => {
                if self.snapshot.is_up() {
                    self.event_log.note(now, None, Weight::Alarm, &format!("link lost: {why}"));
                }
                self.lose(LinkState::Down(why.to_string()));
            }
            News::NotGranted(fault) => {
                self.warn(now, None, &fault);
                self.lose(LinkState::Down(fault.advice.what));
            }
            News::Barred(fault) => {
                self.event_log.note(now, None, Weight::Alarm, &fault.advice.what);
                self.lose(LinkState::Barred(fault));
            }
            News::Message { vehicle, topic, payload, retained } => {
                self.hear(&vehicle, topic, &payload, retained);
            }
            News::Progress(vehicle, answer) => {
                let id = answer.id.as_ref();
                if id
                    .and_then(|id| self.requests.get(id))
                    .is_some_and(|request| *request != RequestKind::Ping)
                {
                    self.event_log.progress(now, &vehicle, &answer);
                }
            }
            News::Agreed(vehicle, _) => self.steer(&vehicle, TeleopInput::SessionGranted),
            News::Answer(vehicle, heard) if self.admit(&vehicle) => {
                self.vehicle(&vehicle).heard = Some(now);
                self.steer(&vehicle, TeleopInput::Answer(&heard));
            }
            News::Answer(..) => {}
            News::Finished(report) => self.finished(&report),
            News::Leave(exit) => self.leave(exit),
            News::StopPublished(vehicle, stop) => self.announce(&vehicle, stop),
            News::Time | News::Settled | News::Connected => return,
        }
        self.mark();
    }

    fn lose(&mut self, link: LinkState) {
        let now = self.now();
        self.snapshot.link = link;
        for vehicle in self.snapshot.vehicles.values_mut() {
            let vehicle = Arc::make_mut(vehicle);
            vehicle.picture.lose_link();
            vehicle.awaited = None;
            vehicle.old_since = vehicle.old_since(false, now);
        }
        self.steer_all(TeleopInput::LinkDown);
    }

    fn hear(&mut self, id: &VehicleId, topic: Topic, payload: &[u8], retained: bool) {
        let now = self.now();
        // An empty one removes what the broker had kept of a vehicle that is no more.
        if !self.snapshot.vehicles.contains_key(id) && (payload.is_empty() || !self.admit(id)) {
            return;
        }
        if !retained || topic == Topic::Presence {
            self.steer(id, TeleopInput::Message(topic, payload));
        }
        let up = self.snapshot.is_up();
        let vehicle = self.vehicle(id);
        let before = vehicle.presence();
        let heard = vehicle.hear(topic, payload, retained, now);
        vehicle.old_since = vehicle.old_since(up, now);
        let after = vehicle.presence();
        if let Err(why) = heard {
            let text = format!("unreadable on {topic}: {why}");
            self.event_log.note(now, Some(id), Weight::Warning, &text);
        }
        if before != after {
            self.note_presence(id, after);
        }
        if topic == Topic::Events
            && let Ok(event) = serde_json::from_slice::<Event>(payload)
            && !self.is_told_already(&event)
        {
            self.event_log.event(now, id, &event);
        }
    }

    /// What became of our own commands is told by their answers, and how often a vehicle was asked is no news.
    fn is_told_already(&self, event: &Event) -> bool {
        let is_ours = |id| self.requests.contains_key(id) || self.recent.contains(id);
        let is_question = matches!(event.command, Some(CommandName::ReportStatus | CommandName::Heartbeat));
        event.event == EventKind::Command && (is_question || event.id.as_ref().is_some_and(is_ours))
    }

    fn note_presence(&mut self, id: &VehicleId, presence: Option<PresenceState>) {
        let now = self.now();
        let (weight, text) = match presence {
            Some(PresenceState::Online) => (Weight::Good, "online"),
            Some(PresenceState::Offline) => (Weight::Note, "offline: it left in order"),
            Some(PresenceState::Sleeping) => (Weight::Note, "sleeping"),
            Some(PresenceState::ConnectionBroken) => (Weight::Alarm, "its connection to the broker broke"),
            None => return,
        };
        self.event_log.note(now, Some(id), weight, text);
    }

    fn finished(&mut self, report: &Report) {
        let now = self.now();
        let request = report.id.as_ref().and_then(|id| self.requests.remove(id));
        // A heartbeat has no ID.
        let is_ping = request == Some(RequestKind::Ping) || report.command == CommandName::Heartbeat;
        if is_ping {
            let vehicle = self.vehicle(&report.vehicle);
            vehicle.awaited = None;
            if let Some(took) = report.round_trip {
                vehicle.round_trip = Some(RoundTrip { took, at: now });
            }
            self.show_way(&report.vehicle);
        } else {
            self.recent.extend(report.id.clone());
            if self.recent.len() > RECENT {
                self.recent.pop_front();
            }
            self.event_log.finished(now, report);
        }
        self.check_leave(report);
    }
}
