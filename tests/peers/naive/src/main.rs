//! The hub one writes first in Rust: axum's WebSockets, a tokio broadcast channel for each room, and two tasks for
//! each connection, as in axum's chat example. On the paths of the load generator.
//!
//! Everything has its defaults, but for `TCP_NODELAY`, without which the kernel holds small messages back. The channels
//! hold 256 messages; who is further behind misses some. A user's channel holds as many, and what does not fit is
//! dropped.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc};

const QUEUE: usize = 256;

#[derive(Default)]
struct Hub {
    rooms: Mutex<HashMap<String, broadcast::Sender<Utf8Bytes>>>,
    users: Mutex<HashMap<String, mpsc::Sender<Utf8Bytes>>>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let app = Router::new()
        .route("/ws", any(async |hub, upgrade| room(Path("ws".to_owned()), hub, upgrade).await))
        .route("/room/{name}", any(room))
        .route("/direct/{user}", any(direct))
        .route("/echo", any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo)))
        .with_state(Arc::new(Hub::default()));
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    axum::serve(listener, app).await
}

async fn room(Path(name): Path<String>, State(hub): State<Arc<Hub>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let room = {
            let mut rooms = hub.rooms.lock().unwrap_or_else(PoisonError::into_inner);
            rooms.entry(name).or_insert_with(|| broadcast::Sender::new(QUEUE)).clone()
        };
        talk(socket, &room).await;
    })
}

async fn talk(socket: WebSocket, room: &broadcast::Sender<Utf8Bytes>) {
    let mut messages = room.subscribe();
    let (mut sender, mut receiver) = socket.split();
    let mut sending = tokio::spawn(async move {
        loop {
            match messages.recv().await {
                Ok(text) => {
                    if sender.send(Message::Text(text)).await.is_err() {
                        break;
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => break,
            }
        }
    });
    let room = room.clone();
    let mut receiving = tokio::spawn(async move {
        while let Some(Ok(Message::Text(text))) = receiver.next().await {
            let _ = room.send(text);
        }
    });
    tokio::select! {
        _ = &mut sending => receiving.abort(),
        _ = &mut receiving => sending.abort(),
    }
}

async fn direct(
    Path(user): Path<String>,
    State(hub): State<Arc<Hub>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let (own, mut messages) = mpsc::channel::<Utf8Bytes>(QUEUE);
        hub.users.lock().unwrap_or_else(PoisonError::into_inner).insert(user.clone(), own.clone());
        let (mut sender, mut receiver) = socket.split();
        let mut sending = tokio::spawn(async move {
            while let Some(text) = messages.recv().await {
                if sender.send(Message::Text(text)).await.is_err() {
                    break;
                }
            }
        });
        let mut receiving = tokio::spawn({
            let hub = Arc::clone(&hub);
            async move {
                while let Some(Ok(Message::Text(text))) = receiver.next().await {
                    let Some((user, _)) = text.split_once(' ') else { continue };
                    if let Some(user) = hub.users.lock().unwrap_or_else(PoisonError::into_inner).get(user) {
                        let _ = user.try_send(text);
                    }
                }
            }
        });
        tokio::select! {
            _ = &mut sending => receiving.abort(),
            _ = &mut receiving => sending.abort(),
        }
        let mut users = hub.users.lock().unwrap_or_else(PoisonError::into_inner);
        if users.get(&user).is_some_and(|sender| sender.same_channel(&own)) {
            users.remove(&user);
        }
    })
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message @ Message::Text(_))) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}
