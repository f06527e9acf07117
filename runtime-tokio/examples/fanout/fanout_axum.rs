//! What `fanout` serves, as routes of an axum application: to measure what that costs.
//!
//! - `/ws`: one room; every message goes to the whole room, its sender included
//! - `/room/NAME`: the same for the room NAME
//! - `/echo`: every message goes back; nothing is read while the outbox is full
//! - `/direct/ID`: sets the user; a message `ID payload` goes to the user ID as it is

#![allow(clippy::print_stdout)]

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use throng_tokio::axum::{Upgrade, healthz, readyz, serve};
use throng_tokio::{Client, Compression, Config, Fatal, Handler, Hub, Message, Name};
use tokio::net::TcpListener;

/// What becomes of a client's messages.
#[derive(Clone)]
enum Route {
    Room(Name),
    Echo,
    Direct,
}

struct Fanout;

impl Handler for Fanout {
    async fn message(&self, client: &Client, message: Message) {
        // A message for nobody, or for a client that has just gone, is no failure here.
        match client.get::<Route>() {
            Some(Route::Room(room)) => _ = client.hub().send_to_room(&room, message),
            Some(Route::Echo) => _ = client.send_wait(message).await,
            Some(Route::Direct) => {
                let user = message.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
                if let Ok(user) = str::from_utf8(user) {
                    let _ = client.hub().send_to_user(user, message.clone());
                }
            }
            None => {}
        }
    }
}

async fn ws(upgrade: Upgrade) -> Response {
    enter("ws".into(), upgrade).await
}

async fn room(Path(name): Path<String>, upgrade: Upgrade) -> Response {
    enter(format!("room/{name}").into(), upgrade).await
}

async fn enter(room: Name, mut upgrade: Upgrade) -> Response {
    upgrade.connecting().join(Name::clone(&room));
    upgrade.connecting().insert(Route::Room(room));
    upgrade.accept().await
}

async fn echo(mut upgrade: Upgrade) -> Response {
    upgrade.connecting().insert(Route::Echo);
    upgrade.accept().await
}

async fn direct(Path(user): Path<String>, mut upgrade: Upgrade) -> Response {
    upgrade.connecting().set_user(user);
    upgrade.connecting().insert(Route::Direct);
    upgrade.accept().await
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut args = std::env::args().skip(1);
    let address = args.next().ok_or("usage: fanout_axum ADDRESS [--compression]")?;
    let compression = args.any(|arg| arg == "--compression").then(Compression::default);
    let mut config = Config::default();
    // The largest message of the Autobahn suite, and an outbox into which it fits with its head.
    config.outbox.message_bytes = 16 << 20;
    config.outbox.bytes = config.outbox.message_bytes + 64;
    // An echo waits for a reader that is slow, however long it takes: the write deadline ends one that takes nothing.
    let builder = Hub::builder().config(config).handler(Fanout).message_limit(None);
    let hub = builder.compression(compression).build()?;
    let app = Router::new()
        .route("/ws", get(ws))
        .route("/room/{name}", get(room))
        .route("/echo", get(echo))
        .route("/direct/{user}", get(direct))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(hub.clone());
    let listening = TcpListener::bind(&address).await;
    let listener = listening.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = listener.local_addr()?;
    let serving = serve(listener, app, hub);
    // Said once signals are caught: whoever reads it may send one.
    println!("listening on {address}");
    serving.await;
    Ok(())
}
