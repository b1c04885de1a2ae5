//! `web`: one page for phone and desktop, served to a browser from this process alone.
//!
//! Its view comes by server-sent events, its input goes by a WebSocket; commands leave from here, where the key is.

mod access;
mod assets;
mod connections;
mod controls;
mod events;
mod frame;
mod listen;
mod messages;
mod rate_limit;
mod router;
mod socket;

use crate::cli::WebArgs;
use crate::exit::{Exit, Fault};
use crate::operator::{Handle as OperatorHandle, LinkState, Operator};
use crate::options::Options;
use crate::output::Output;
use access::Access;
use axum_server::Handle;
use connections::Web;
use listen::Place;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Time for open connections to end; streams end at once.
const GRACE: Duration = Duration::from_millis(300);

/// Serves the page until a signal comes.
///
/// # Errors
/// If there is no place to listen at, or the broker does not let us in.
pub(crate) async fn run(options: &Options, arguments: &WebArgs, output: &Output) -> Result<Exit, Fault> {
    let page = Page::open(options, arguments)?;
    page.announce(output);
    page.serve().await
}

/// A page that is ready to be served.
pub(crate) struct Page {
    place: Place,
    access: Arc<Access>,
    operator: Operator,
}

impl Page {
    /// Finds a place to listen at, and begins to connect to the broker.
    ///
    /// # Errors
    /// If there is no such place, or the settings make no connection possible.
    pub(crate) fn open(options: &Options, arguments: &WebArgs) -> Result<Self, Fault> {
        let place = Place::find(arguments)?;
        let access = Arc::new(Access::new(place.address, place.is_secure(), &arguments.names)?);
        let operator = Operator::start(options, &arguments.vehicles)?;
        Ok(Self { place, access, operator })
    }

    /// Prints the links of the page, and the rights of each.
    pub(crate) fn announce(&self, output: &Output) {
        let [control, view] = self.access.links();
        if output.is_json() {
            output.object(&serde_json::json!({ "control": control, "view": view }));
            return;
        }
        output.line(&format!("drive  {control}"));
        output.line(&format!("look   {view}"));
        output
            .talk("Anybody with the first link can drive: share the second one for viewing. Ctrl-C ends it.");
    }

    /// Serves it until a signal comes.
    ///
    /// # Errors
    /// If the broker does not let us in, or the server fails.
    pub(crate) async fn serve(self) -> Result<Exit, Fault> {
        let Self { place, access, operator } = self;
        let handle = Handle::new();
        let web = Web::new(operator.handle(), access);
        let server = place.serve(router::router(web), handle.clone());
        tokio::pin!(server);
        let ended = tokio::select! {
            failed = &mut server => failed,
            fault = end(operator.handle(), &handle) => fault.map_or(Ok(()), Err),
        };
        let exit = operator.close().await;
        // Streams have ended with the snapshots; what is left is given a moment.
        let _ = tokio::time::timeout(GRACE, server).await;
        ended.map(|()| exit)
    }
}

/// Waits until the operator leaves or the broker is not to be had, and then ends the server.
async fn end(mut operator: OperatorHandle, server: &Handle<SocketAddr>) -> Option<Fault> {
    let fault = loop {
        let snapshot = operator.snapshot();
        if let LinkState::Barred(fault) = &snapshot.link {
            break Some(fault.clone());
        }
        if snapshot.leaving.is_some() || !operator.changed().await {
            break None;
        }
    };
    server.graceful_shutdown(Some(GRACE));
    fault
}
