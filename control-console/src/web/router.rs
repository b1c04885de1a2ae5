//! The paths of the server.

use super::connections::Web;
use super::{assets, events, socket};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

/// Routes all paths.
pub(super) fn router(web: Web) -> Router {
    assets::router()
        .route("/events", get(events::any))
        .route("/events/{vehicle}", get(events::of))
        .route("/drive", get(socket::open))
        .layer(middleware::from_fn_with_state(web.clone(), guard))
        .with_state(web)
}

async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    let is_socket = request.uri().path() == "/drive";
    let mut response = if web.lets_in(request.headers(), is_socket) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "this page is only for those who ask for it by its own name\n")
            .into_response()
    };
    assets::protect(response.headers_mut());
    response
}
