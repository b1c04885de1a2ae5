//! Admission of pages: by host and origin, by token, and by number.

use super::access::{Access, Role};
use super::controls::Controls;
use super::rate_limit::RateLimit;
use crate::clock::Moment;
use crate::operator::Handle;
use axum::http::{HeaderMap, StatusCode, header};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vehicle_protocol::VehicleId;

/// Streams and sockets that may be open at a time.
const OPEN: usize = 64;
/// Those among them that only view: they must not keep a page that drives from connecting.
const VIEWERS: usize = 40;
/// Wrong tokens a second that are looked at.
const GUESSES: f64 = 5.0;

/// State shared by all requests.
#[derive(Clone)]
pub(super) struct Web {
    pub(super) handle: Handle,
    shared: Arc<Shared>,
}

struct Shared {
    access: Arc<Access>,
    controls: Mutex<Controls>,
    guesses: Mutex<RateLimit>,
    open: AtomicUsize,
    viewers: AtomicUsize,
    pages: AtomicU64,
}

/// One of the streams and sockets that may be open at a time; makes room when dropped.
pub(super) struct Ticket {
    shared: Arc<Shared>,
    is_viewer: bool,
}

impl Ticket {
    /// Counts a page whose role is known now; false if too many only view.
    pub(super) fn admit(&mut self, role: Role) -> bool {
        if role == Role::Control || self.is_viewer {
            return true;
        }
        self.is_viewer = true;
        self.shared.viewers.fetch_add(1, Ordering::Relaxed) < VIEWERS
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
        if self.is_viewer {
            self.shared.viewers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Web {
    pub(super) fn new(handle: Handle, access: Arc<Access>) -> Self {
        let shared = Shared {
            access,
            controls: Mutex::default(),
            guesses: Mutex::new(RateLimit::new(GUESSES, handle.clock.now())),
            open: AtomicUsize::new(0),
            viewers: AtomicUsize::new(0),
            pages: AtomicU64::new(1),
        };
        Self { handle, shared: Arc::new(shared) }
    }

    pub(super) fn now(&self) -> Moment {
        self.handle.clock.now()
    }

    pub(super) fn controls(&self) -> MutexGuard<'_, Controls> {
        self.shared.controls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether settings or broker know a vehicle; a page can't make the console remember any other.
    pub(super) fn knows(&self, vehicle: &VehicleId) -> bool {
        self.handle.snapshot().vehicles.contains_key(vehicle)
    }

    /// Finds the role that a token opens. Wrong tokens share a rate limit; a right one never waits for them.
    pub(super) fn role(&self, token: Option<&str>) -> Result<Role, StatusCode> {
        self.shared.access.role(token).ok_or_else(|| {
            let mut guesses = self.shared.guesses.lock().unwrap_or_else(PoisonError::into_inner);
            if guesses.acquire(self.now()) { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS }
        })
    }

    /// Makes room for one more stream or socket; none if too many are open.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        let ticket = Ticket { shared: Arc::clone(&self.shared), is_viewer: false };
        (self.shared.open.fetch_add(1, Ordering::Relaxed) < OPEN).then_some(ticket)
    }

    /// Draws a number that no other page has.
    pub(super) fn number(&self) -> u64 {
        self.shared.pages.fetch_add(1, Ordering::Relaxed)
    }

    /// Checks host and origin of a request; a socket needs an origin, since only pages open one.
    pub(super) fn lets_in(&self, headers: &HeaderMap, is_socket: bool) -> bool {
        let value = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        let Some(host) = value(header::HOST) else { return false };
        let origin_fits = match headers.get(header::ORIGIN) {
            Some(_) => {
                value(header::ORIGIN).is_some_and(|origin| self.shared.access.is_our_origin(origin, host))
            }
            None => !is_socket,
        };
        self.shared.access.is_our_host(host) && origin_fits
    }
}
