//! `web`: one page for phone and desktop, served to a browser from this process alone.
//!
//! The page looks by server-sent events and drives by a WebSocket; commands leave from here, where the key is.

mod access;
mod allowance;
mod assets;
mod events;
mod frame;
mod listen;
mod reception;
mod router;
mod socket;
mod sticks;
mod word;

use crate::cli::WebArgs;
use crate::cockpit::{Cockpit, LinkState, Seat};
use crate::exit::{Exit, Fault};
use crate::options::Options;
use crate::output::Output;
use access::Access;
use axum_server::Handle;
use listen::Place;
use reception::Web;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long open connections may take to end; streams end at once.
const GRACE: Duration = Duration::from_millis(300);

/// Serves the page until a signal comes.
///
/// # Errors
/// If there is no place to listen at, or the broker does not let us in.
pub(crate) async fn run(options: &Options, arguments: &WebArgs, output: &Output) -> Result<Exit, Fault> {
    let page = Page::open(options, arguments)?;
    page.tell(output);
    page.serve().await
}

/// A page that is ready to be served.
pub(crate) struct Page {
    place: Place,
    access: Arc<Access>,
    cockpit: Cockpit,
}

impl Page {
    /// Finds a place to listen at, and begins to connect to the broker.
    ///
    /// # Errors
    /// If there is no such place, or the settings make no connection possible.
    pub(crate) fn open(options: &Options, arguments: &WebArgs) -> Result<Self, Fault> {
        let place = Place::find(arguments)?;
        let access = Arc::new(Access::new(place.address, place.is_secure(), &arguments.names)?);
        let cockpit = Cockpit::start(options, &arguments.vehicles)?;
        Ok(Self { place, access, cockpit })
    }

    /// Says where the page is, and which link may do what.
    pub(crate) fn tell(&self, output: &Output) {
        let [control, view] = self.access.links();
        if output.is_json() {
            output.object(&serde_json::json!({ "control": control, "view": view }));
            return;
        }
        output.line(&format!("drive  {control}"));
        output.line(&format!("look   {view}"));
        output.talk("Whoever has the first link can drive: pass on the second one. Ctrl-C ends it.");
    }

    /// Serves it until a signal comes.
    ///
    /// # Errors
    /// If the broker does not let us in, or the server fails.
    pub(crate) async fn serve(self) -> Result<Exit, Fault> {
        let Self { place, access, cockpit } = self;
        let handle = Handle::new();
        let web = Web::new(cockpit.seat(), access);
        let server = place.serve(router::router(web), handle.clone());
        tokio::pin!(server);
        let ended = tokio::select! {
            failed = &mut server => failed,
            fault = end(cockpit.seat(), &handle) => fault.map_or(Ok(()), Err),
        };
        let exit = cockpit.close().await;
        // Streams have ended with the scenes; what is left is given a moment.
        let _ = tokio::time::timeout(GRACE, server).await;
        ended.map(|()| exit)
    }
}

/// Waits until the cockpit leaves or the broker is not to be had, and then ends the server.
async fn end(mut seat: Seat, handle: &Handle<SocketAddr>) -> Option<Fault> {
    let fault = loop {
        let scene = seat.scene();
        if let LinkState::Barred(fault) = &scene.link {
            break Some(fault.clone());
        }
        if scene.leaving.is_some() || !seat.changed().await {
            break None;
        }
    };
    handle.graceful_shutdown(Some(GRACE));
    fault
}
