//! Messages by their type, behind middleware.
//!
//! Run `cargo run --release --example router`, open a page of http://127.0.0.1:8080, as /healthz, and say in its console:
//!
//! ```js
//! socket = new WebSocket("ws://127.0.0.1:8080"); socket.onmessage = (event) => console.log(event.data)
//! socket.send('{"type":"join","id":1,"room":"lobby"}')   // the answer has the id, too
//! socket.send('{"type":"say","room":"lobby","text":"Hello"}')
//! ```

#![allow(clippy::print_stdout)]

use serde::{Deserialize, Serialize};
use std::error::Error;
use std::time::{Duration, SystemTime};
use throng_tokio::middleware::{CatchPanicLayer, NothingPasses, RateLimitLayer, TimeoutLayer, TraceLayer};
use throng_tokio::router::{Received, Reply, Router};
use throng_tokio::{Builder, Client, Fatal, Hub, Json, Rate, serve};
use tokio::net::TcpListener;
use tower::ServiceBuilder;

/// What a client says: its `type` is the name of a route.
#[derive(Deserialize)]
struct Join {
    room: String,
}

#[derive(Deserialize)]
struct Say {
    room: String,
    text: String,
}

/// The answer to `join`.
#[derive(Serialize)]
struct Joined {
    room: String,
    members: u32,
}

/// What everybody in a room hears.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum News {
    Said { room: String, text: String, at: f64 },
}

#[derive(Serialize)]
struct Refused {
    reason: String,
}

/// Why the hub does not do something: an answer of the type `refused`.
fn refused(error: impl Error) -> Reply<Refused> {
    Reply::new("refused", Refused { reason: error.to_string() })
}

async fn join(client: Client, Join { room }: Join) -> Result<Reply<Joined>, Reply<Refused>> {
    let members = client.join(&room).await.map_err(refused)?.members;
    Ok(Reply::new("joined", Joined { room, members }))
}

async fn say(hub: Hub, when: Received, Say { room, text }: Say) -> Result<(), Reply<Refused>> {
    let at = when.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let said = News::Said { room: room.clone(), text, at };
    hub.send_to_room(&room, Json(said)).map(drop).map_err(refused)
}

/// A message of another type is answered with an error. An answer repeats the id of its request.
pub(crate) fn hub() -> Result<Builder, NothingPasses> {
    let router = Router::new().on("join", join).on("say", say).on("ping", || async { "pong" });
    let service = ServiceBuilder::new()
        .layer(TraceLayer)
        .layer(RateLimitLayer::per_user(Rate::per_second(10).burst(50))?)
        .layer(TimeoutLayer::new(Duration::from_secs(5)))
        .layer(CatchPanicLayer)
        .service(router);
    Ok(Hub::builder().messages(service).request_id("id"))
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let listening = TcpListener::bind("127.0.0.1:8080").await;
    let listener = listening.map_err(|error| format!("cannot listen on 127.0.0.1:8080: {error}"))?;
    let address = listener.local_addr()?;
    let serving = serve(listener, hub()?.build()?);
    // Said once signals are caught: whoever reads it may send one.
    println!("router on ws://{address}");
    serving.await;
    Ok(())
}
