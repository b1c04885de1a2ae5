//! The stream of server-sent events by which a page sees.

use super::connections::{Ticket, Web};
use super::frame;
use crate::clock::Moment;
use crate::operator::{Handle, Snapshot, UiCommand};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::Value;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use vehicle_protocol::{Description, VehicleId};

/// The shortest time between two state events.
const PACE: Duration = Duration::from_millis(100);
/// The longest one: silence means that this process is gone.
const SILENCE: Duration = Duration::from_millis(400);

/// Streams the first vehicle that is known.
pub(super) async fn any(State(web): State<Web>, headers: HeaderMap) -> Response {
    stream(web, None, &headers)
}

/// Streams the vehicle in the path; its state is null while neither settings nor broker know it.
pub(super) async fn of(State(web): State<Web>, Path(vehicle): Path<String>, headers: HeaderMap) -> Response {
    match vehicle.parse() {
        Ok(vehicle) => stream(web, Some(vehicle), &headers),
        Err(error) => (StatusCode::NOT_FOUND, format!("{error}\n")).into_response(),
    }
}

fn stream(web: Web, vehicle: Option<VehicleId>, headers: &HeaderMap) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = authorization.and_then(|text| text.strip_prefix("Bearer "));
    let role = match web.role(token) {
        Ok(role) => role,
        Err(status) => return (status, "this needs a link with a token\n").into_response(),
    };
    let Some(ticket) = web.ticket().and_then(|mut ticket| ticket.admit(role).then_some(ticket)) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages are open\n").into_response();
    };
    let handle = web.handle.clone();
    let view = View { handle, web, vehicle, sent: Sent::default(), due: VecDeque::new(), _ticket: ticket };
    Sse::new(stream::unfold(view, |mut view| async move {
        let event = view.next().await?;
        Some((Ok::<_, Infallible>(event), view))
    }))
    .into_response()
}

/// The stream of one page.
struct View {
    web: Web,
    handle: Handle,
    vehicle: Option<VehicleId>,
    sent: Sent,
    due: VecDeque<Event>,
    _ticket: Ticket,
}

/// The newest of each kind that the page has.
#[derive(Default)]
struct Sent {
    state: Option<Moment>,
    description: Option<Arc<Description>>,
    sample: Option<Moment>,
    place: Option<Moment>,
    entry: u64,
    /// The page knows that this process leaves.
    end: bool,
}

impl View {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.due.pop_front() {
                return Some(event);
            }
            if self.sent.end {
                return None;
            }
            self.wait().await;
            self.look();
        }
    }

    /// Waits for something new, at the pace of a page.
    async fn wait(&mut self) {
        let Some(last) = self.sent.state else { return };
        let clock = self.handle.clock;
        clock.reach(Some(last.saturating_add(PACE))).await;
        tokio::select! {
            more = self.handle.changed() => self.sent.end |= !more,
            () = clock.reach(Some(last.saturating_add(SILENCE))) => {}
        }
    }

    fn look(&mut self) {
        let (now, snapshot) = (self.web.now(), self.handle.snapshot());
        self.sent.end |= snapshot.leaving.is_some();
        if self.vehicle.is_none() {
            self.vehicle = snapshot.fleet().first().map(|(id, _)| (*id).clone());
        }
        let vehicle = self.vehicle.clone();
        // Looking at an unknown vehicle must not make the console remember it.
        if let Some(vehicle) = vehicle.as_ref().filter(|id| snapshot.vehicles.contains_key(*id)) {
            self.handle.order(UiCommand::Look(vehicle.clone()));
        }
        let in_control = vehicle.as_ref().is_some_and(|id| self.web.controls().holder(id, now).is_some());
        self.enqueue("state", &frame::state(&snapshot, vehicle.as_ref(), in_control, now));
        self.sent.state = Some(now);
        self.look_back(&snapshot, vehicle.as_ref(), now);
        self.look_at_the_log(&snapshot, now);
    }

    /// Description, samples and places that are new.
    fn look_back(&mut self, snapshot: &Snapshot, id: Option<&VehicleId>, now: Moment) {
        let Some(vehicle) = id.and_then(|id| snapshot.vehicles.get(id)) else { return };
        if let Some(description) = &vehicle.description
            && self.sent.description.as_ref().is_none_or(|sent| !Arc::ptr_eq(sent, description))
        {
            self.sent.description = Some(Arc::clone(description));
            self.enqueue("description", &serde_json::to_value(&**description).unwrap_or_default());
        }
        let since = self.sent.sample;
        if let Some(last) = vehicle.ring.since(since).next_back() {
            self.sent.sample = Some(last.at);
            self.enqueue("samples", &frame::samples(vehicle.ring.since(since), now));
        }
        let first = vehicle.trail.places().next().map(|(at, ..)| *at);
        let last = vehicle.trail.places().next_back().map(|(at, ..)| *at);
        if last != self.sent.place {
            // A trail that begins after the newest place sent is another one.
            let reset = self.sent.place.is_none_or(|sent| first.is_none_or(|first| first > sent));
            let since = self.sent.place.filter(|_| !reset);
            let new = vehicle.trail.places().filter(|(at, ..)| since.is_none_or(|since| *at > since));
            self.sent.place = last;
            self.enqueue("trail", &frame::places(new, reset));
        }
    }

    fn look_at_the_log(&mut self, snapshot: &Snapshot, now: Moment) {
        let last = self.sent.entry;
        let mut new = snapshot.event_log.iter().filter(|entry| entry.number > last).peekable();
        if new.peek().is_some() {
            self.sent.entry = snapshot.event_log.back().map_or(last, |entry| entry.number);
            self.enqueue("log", &frame::entries(new, now));
        }
    }

    fn enqueue(&mut self, name: &str, data: &Value) {
        self.due.push_back(Event::default().event(name).data(data.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::Vehicle;
    use crate::web::access::Access;

    fn looks_at(id: &str) -> Vec<VehicleId> {
        let mut snapshot = Snapshot::default();
        snapshot.vehicles.insert("rover-1".parse().unwrap(), Arc::new(Vehicle::default()));
        let access = Access::new("127.0.0.1:8000".parse().unwrap(), false, &[]).unwrap();
        let web = Web::new(Handle::detached(snapshot), Arc::new(access));
        let (handle, ticket) = (web.handle.clone(), web.ticket().unwrap());
        let vehicle = Some(id.parse().unwrap());
        let mut view =
            View { handle, web, vehicle, sent: Sent::default(), due: VecDeque::new(), _ticket: ticket };
        view.look();
        view.handle.drain().looks
    }

    #[test]
    fn looking_at_an_unknown_vehicle_does_not_make_the_console_remember_it() {
        assert_eq!(looks_at("rover-1"), ["rover-1".parse().unwrap()]);
        assert_eq!(looks_at("rover-9"), []);
    }
}
