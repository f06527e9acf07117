//! The HTTP side: which path is what.
//!
//! | file | what |
//! | --- | --- |
//! | `clients`, `protocol`, `wshub` | the paths of WebSockets, and the pages of WS-HUB |
//! | `health` | `/healthz` and `/readyz` |
//! | `pages` | `/` and `/metrics` |

mod clients;
mod health;
mod pages;
mod protocol;
mod wshub;

pub(crate) use pages::served;

use crate::api;
use crate::server::{Shared, State};
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::{StatusCode, Uri};

/// What a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Serves {
    Everything,
    /// The API has a listener of its own: `api.listen`.
    AllButTheApi,
}

/// The routes of a listener.
pub(crate) fn router(server: Shared, serves: Serves) -> Router {
    let config = server.live.config();
    let mut router = Router::new()
        .route("/", get(pages::index))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(nothing);
    if server.numbers.is_some() {
        router = router.route("/metrics", get(pages::metrics));
    }
    if serves == Serves::Everything {
        router = router.route("/api/openapi.json", get(api::openapi)).route("/api/{method}", any(api::call));
    }
    let path = config.websocket_path();
    if server.gateway.is_some() {
        // WS-HUB takes one slash at the end for none.
        for path in [path.to_owned(), format!("{path}/")] {
            router = router.route(&path, any(wshub::connect));
        }
        for page in crate::wshub::pages::PATHS {
            router = router.route(page, any(wshub::page)).route(&format!("{page}/"), any(wshub::page));
        }
    } else {
        router = router.route(path, get(clients::connect));
    }
    if config.speaks_protocol() {
        router = router.route(config.protocol.path.text(), get(protocol::connect));
    }
    router.with_state(State(server))
}

async fn nothing(uri: Uri) -> Response {
    (StatusCode::NOT_FOUND, format!("Nothing is served at {}: / lists what is.\n", uri.path()))
        .into_response()
}
