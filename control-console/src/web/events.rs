//! What is shown, as server-sent events.

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

/// A page is not told more often than this.
const PACE: Duration = Duration::from_millis(100);
/// Nor less often: silence means that this process is gone.
const SILENCE: Duration = Duration::from_millis(400);

/// The first vehicle that is known.
pub(super) async fn any(State(web): State<Web>, headers: HeaderMap) -> Response {
    stream(web, None, &headers)
}

/// This vehicle.
pub(super) async fn of(State(web): State<Web>, Path(vehicle): Path<String>, headers: HeaderMap) -> Response {
    match vehicle.parse() {
        Ok(vehicle) => stream(web, Some(vehicle), &headers),
        Err(error) => (StatusCode::NOT_FOUND, format!("{error}\n")).into_response(),
    }
}

fn stream(web: Web, vehicle: Option<VehicleId>, headers: &HeaderMap) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = authorization.and_then(|text| text.strip_prefix("Bearer "));
    if let Err(status) = web.role(token) {
        return (status, "this needs a link with a token\n").into_response();
    }
    let Some(ticket) = web.ticket() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages are open\n").into_response();
    };
    let handle = web.handle.clone();
    let view = View { handle, web, vehicle, told: Told::default(), due: VecDeque::new(), _ticket: ticket };
    Sse::new(stream::unfold(view, |mut view| async move {
        let event = view.next().await?;
        Some((Ok::<_, Infallible>(event), view))
    }))
    .into_response()
}

/// One page that looks.
struct View {
    web: Web,
    handle: Handle,
    vehicle: Option<VehicleId>,
    told: Told,
    due: VecDeque<Event>,
    _ticket: Ticket,
}

/// What the page was told last.
#[derive(Default)]
struct Told {
    state: Option<Moment>,
    description: Option<Arc<Description>>,
    sample: Option<Moment>,
    place: Option<Moment>,
    entry: u64,
    /// Whether it was told that this process leaves.
    end: bool,
}

impl View {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.due.pop_front() {
                return Some(event);
            }
            if self.told.end {
                return None;
            }
            self.wait().await;
            self.look();
        }
    }

    /// Waits for something new, at the pace of a page.
    async fn wait(&mut self) {
        let Some(told) = self.told.state else { return };
        let clock = self.handle.clock;
        clock.reach(Some(told.saturating_add(PACE))).await;
        tokio::select! {
            more = self.handle.changed() => self.told.end |= !more,
            () = clock.reach(Some(told.saturating_add(SILENCE))) => {}
        }
    }

    fn look(&mut self) {
        let (now, snapshot) = (self.web.now(), self.handle.snapshot());
        self.told.end |= snapshot.leaving.is_some();
        if self.vehicle.is_none() {
            self.vehicle = snapshot.fleet().first().map(|(id, _)| (*id).clone());
        }
        let vehicle = self.vehicle.clone();
        if let Some(vehicle) = &vehicle {
            self.handle.order(UiCommand::Look(vehicle.clone()));
        }
        let held = vehicle.as_ref().is_some_and(|id| self.web.sticks().holder(id, now).is_some());
        self.tell("state", &frame::state(&snapshot, vehicle.as_ref(), held, now));
        self.told.state = Some(now);
        self.look_back(&snapshot, vehicle.as_ref(), now);
        self.look_at_the_log(&snapshot, now);
    }

    /// Description, samples and places that are new.
    fn look_back(&mut self, snapshot: &Snapshot, id: Option<&VehicleId>, now: Moment) {
        let Some(vehicle) = id.and_then(|id| snapshot.vehicles.get(id)) else { return };
        if let Some(description) = &vehicle.description
            && self.told.description.as_ref().is_none_or(|told| !Arc::ptr_eq(told, description))
        {
            self.told.description = Some(Arc::clone(description));
            self.tell("description", &serde_json::to_value(&**description).unwrap_or_default());
        }
        let since = self.told.sample;
        if let Some(last) = vehicle.ring.since(since).next_back() {
            self.told.sample = Some(last.at);
            self.tell("samples", &frame::samples(vehicle.ring.since(since), now));
        }
        let first = vehicle.trail.places().next().map(|(at, ..)| *at);
        let last = vehicle.trail.places().next_back().map(|(at, ..)| *at);
        if last != self.told.place {
            // A trail that begins after what was told is another one.
            let reset = self.told.place.is_none_or(|told| first.is_none_or(|first| first > told));
            let since = self.told.place.filter(|_| !reset);
            let new = vehicle.trail.places().filter(|(at, ..)| since.is_none_or(|since| *at > since));
            self.told.place = last;
            self.tell("trail", &frame::places(new, reset));
        }
    }

    fn look_at_the_log(&mut self, snapshot: &Snapshot, now: Moment) {
        let told = self.told.entry;
        let mut new = snapshot.event_log.iter().filter(|entry| entry.number > told).peekable();
        if new.peek().is_some() {
            self.told.entry = snapshot.event_log.back().map_or(told, |entry| entry.number);
            self.tell("log", &frame::entries(new, now));
        }
    }

    fn tell(&mut self, name: &str, data: &Value) {
        self.due.push_back(Event::default().event(name).data(data.to_string()));
    }
}
