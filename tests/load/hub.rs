//! The smallest hub with all the paths that the generator loads, on a WebSocket implementation that is not ours,
//! and able to do to messages what a broken server does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;

/// What happens to some of the messages on their way to one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Lose,
    Repeat,
    Swap,
    Damage,
}

pub(crate) struct Hub {
    pub(crate) address: String,
    /// Ends the server when the hub is dropped.
    _runtime: Runtime,
}

type Rooms = Arc<Mutex<HashMap<String, Vec<UnboundedSender<String>>>>>;

impl Hub {
    pub(crate) fn start(fault: Fault) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        runtime.spawn(async move {
            let rooms = Rooms::default();
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&rooms), fault));
            }
        });
        Self { address, _runtime: runtime }
    }
}

async fn serve(socket: TcpStream, rooms: Rooms, fault: Fault) {
    let mut path = String::new();
    let handshake = tokio_tungstenite::accept_hdr_async(socket, Route(&mut path)).await;
    let Ok(websocket) = handshake else { return };
    let (mut sink, mut stream) = websocket.split();
    let (sender, receiver) = unbounded_channel();
    rooms.lock().unwrap().entry(path.clone()).or_default().push(sender.clone());
    let writing = async {
        let mut messages = Faulty { receiver, fault, seen: 0, waiting: Vec::new() };
        while let Some(text) = messages.next().await {
            if sink.send(Message::text(text)).await.is_err() {
                break;
            }
        }
    };
    let reading = async {
        while let Some(Ok(message)) = stream.next().await {
            if let Message::Text(text) = message {
                relay(&rooms, &path, &sender, &text);
            }
        }
    };
    // Reading to the end of the stream is what sends the answer to a close frame.
    tokio::select! {
        () = writing => {}
        () = reading => {}
    }
    rooms.lock().unwrap().entry(path).or_default().retain(|member| !member.same_channel(&sender));
}

fn relay(rooms: &Rooms, path: &str, own: &UnboundedSender<String>, text: &str) {
    let rooms = rooms.lock().unwrap();
    let (room, text) = match (path, text.split_once(' ')) {
        ("/echo", _) => {
            let _ = own.send(text.to_owned());
            return;
        }
        (path, Some((user, text))) if path.starts_with("/direct/") => (format!("/direct/{user}"), text),
        _ => (path.to_owned(), text),
    };
    for member in rooms.get(&room).into_iter().flatten() {
        let _ = member.send(text.to_owned());
    }
}

/// What one member gets, with every fiftieth message treated badly.
struct Faulty {
    receiver: UnboundedReceiver<String>,
    fault: Fault,
    seen: u32,
    /// Goes out first, last in first out.
    waiting: Vec<String>,
}

impl Faulty {
    async fn next(&mut self) -> Option<String> {
        if let Some(text) = self.waiting.pop() {
            return Some(text);
        }
        let mut text = self.receiver.recv().await?;
        self.seen += 1;
        if self.seen.is_multiple_of(50) {
            match self.fault {
                Fault::None => {}
                Fault::Lose => text = self.receiver.recv().await?,
                Fault::Repeat => self.waiting.push(text.clone()),
                Fault::Swap => self.waiting.push(std::mem::replace(&mut text, self.receiver.recv().await?)),
                Fault::Damage => text.push('!'),
            }
        }
        Some(text)
    }
}

/// Notes the path, and refuses the ones that no scenario loads.
struct Route<'a>(&'a mut String);

impl Callback for Route<'_> {
    fn on_request(self, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
        let path = request.uri().path();
        if path == "/nowhere" {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = StatusCode::NOT_FOUND;
            return Err(refusal);
        }
        path.clone_into(self.0);
        Ok(response)
    }
}
