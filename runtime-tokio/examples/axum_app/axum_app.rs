//! Rooms as a part of a larger application on axum: a page, a JSON API that speaks to the rooms, and state that both share.
//!
//! Run `cargo run --release --example axum_app`, open http://127.0.0.1:8080 and say something, then
//!
//! ```sh
//! curl http://127.0.0.1:8080/who
//! curl http://127.0.0.1:8080/announce --json '{"room":"lobby","text":"Tea is ready."}'
//! ```

#![allow(clippy::print_stdout)]

use axum::extract::{FromRef, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use throng_tokio::axum::{Upgrade, healthz, readyz, serve};
use throng_tokio::{Fatal, Hub};

/// What all routes share. Those of throng find the hub in it.
#[derive(Clone)]
struct App {
    hub: Hub,
    announced: Arc<AtomicU64>,
}

impl FromRef<App> for Hub {
    fn from_ref(app: &App) -> Self {
        app.hub.clone()
    }
}

/// `/ws?room=…&name=…`
#[derive(Deserialize)]
struct Entrance {
    #[serde(default = "lobby")]
    room: String,
    name: Option<String>,
}

fn lobby() -> String {
    "lobby".into()
}

/// What an announcement says, and what is answered.
#[derive(Deserialize)]
struct Announcement {
    room: String,
    text: String,
}

#[derive(Serialize)]
struct Announced {
    reached: u32,
    announced: u64,
}

/// A WebSocket: the route's own function says who it is and where it goes.
async fn ws(Query(entrance): Query<Entrance>, mut upgrade: Upgrade) -> Response {
    let connecting = upgrade.connecting();
    connecting.join(entrance.room);
    if let Some(name) = entrance.name {
        connecting.set_user(name);
    }
    upgrade.accept().await
}

async fn announce(
    State(app): State<App>,
    Json(Announcement { room, text }): Json<Announcement>,
) -> Result<Json<Announced>, (StatusCode, String)> {
    let published = app.hub.send_to_room(&room, text);
    let published = published.map_err(|error| (StatusCode::NOT_FOUND, format!("{room}: {error}\n")))?;
    let announced = app.announced.fetch_add(1, Ordering::Relaxed) + 1;
    Ok(Json(Announced { reached: published.queued, announced }))
}

/// Who is in which room.
async fn who(State(app): State<App>) -> Json<BTreeMap<String, Vec<String>>> {
    let user =
        |id| app.hub.client(id).and_then(|client| client.user()).map_or("?".into(), |user| user.to_string());
    let members = |room: &str| app.hub.members(room).into_iter().map(user).collect();
    Json(app.hub.room_names().iter().map(|room| (room.to_string(), members(room))).collect())
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let hub = Hub::builder()
        .on_message(|client, message| {
            for room in client.rooms() {
                let _ = client.hub().send_to_room(&room, message.clone());
            }
        })
        .build()?;
    let app = Router::new()
        .route(
            "/",
            get((
                [(CONTENT_SECURITY_POLICY, "frame-ancestors 'none'")],
                Html(include_str!("../simple.html")),
            )),
        )
        .route("/ws", get(ws))
        .route("/who", get(who))
        .route("/announce", post(announce))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(App { hub: hub.clone(), announced: Arc::default() });
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listening = tokio::net::TcpListener::bind(&address).await;
    let listener = listening.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = listener.local_addr()?;
    let serving = serve(listener, app, hub);
    // Said once signals are caught: whoever reads it may send one.
    println!("listening on http://{address}");
    serving.await;
    Ok(())
}
