//! The HTTP side: which path is what.
//!
//! | file | what |
//! | --- | --- |
//! | `clients`, `protocol`, `wshub` | the paths of WebSockets, and the pages of WS-HUB |
//! | `admin`, `demo`, `assets` | the pages for the browser, and their files |
//! | `health` | `/healthz` and `/readyz` |
//! | `pages` | `/` and `/metrics` |

mod admin;
mod assets;
mod clients;
mod demo;
mod health;
mod pages;
mod protocol;
mod wshub;

pub(crate) use pages::served;

use crate::api;
use crate::server::{Shared, State};
use axum::Router;
use axum::routing::{any, get};

/// What a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Serves {
    Everything,
    /// The API has a listener of its own, `api.listen`, and the admin page is there.
    AllButTheApi,
}

/// The routes of a listener.
pub(crate) fn router(server: Shared, serves: Serves) -> Router {
    let config = server.live.config();
    let mut router = Router::new()
        .route("/", get(pages::index))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(pages::nothing);
    if server.numbers.is_some() {
        router = router.route("/metrics", get(pages::metrics));
    }
    router = router.route("/assets/{file}", get(assets::asset));
    if serves == Serves::Everything {
        router = router.route("/api/openapi.json", get(api::openapi)).route("/api/{method}", any(api::call));
        // The page asks the API of its own origin.
        router = router.route("/admin", get(admin::page));
    }
    if server.gateway.is_none() {
        router = router.route("/demo", get(demo::page)).route("/demo/ws", get(demo::connect));
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
