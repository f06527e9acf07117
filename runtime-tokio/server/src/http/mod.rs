//! The HTTP side: which path is what.
//!
//! | file | what |
//! | --- | --- |
//! | `clients`, `wshub` | the paths of WebSockets, and the pages of WS-HUB |
//! | `admin`, `demo`, `assets` | the pages for the browser, and their files |
//! | `health` | `/healthz` and `/readyz` |
//! | `pages` | `/` and `/metrics` |

mod admin;
mod assets;
mod clients;
mod demo;
mod health;
mod pages;
mod wshub;

pub(crate) use pages::served;

use crate::api;
use crate::server::{Shared, State};
use axum::Router;
use axum::routing::{any, get};

/// All routes of the program.
pub(crate) fn router(server: Shared) -> Router {
    let config = server.live.config();
    let mut router = Router::new()
        .route("/", get(pages::index))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(pages::nothing);
    if server.numbers.is_some() {
        router = router.route("/metrics", get(pages::metrics));
    }
    router = router.route("/api/{method}", any(api::call));
    router = router.route("/assets/{file}", get(assets::asset)).route("/admin", get(admin::page));
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
    router.with_state(State(server))
}
