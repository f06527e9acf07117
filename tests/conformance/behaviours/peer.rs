//! A client of tokio-tungstenite.

use std::future::Future;
use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use throng_tests::server::Server;
use throng_tests::wait::PATIENCE;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An open WebSocket. Whatever it waits for too long fails the test.
pub(crate) struct Peer(pub(crate) Socket);

/// Runs the part of a behaviour that awaits something, whatever runs the host.
pub(crate) fn run<T>(behaviour: impl Future<Output = T>) -> T {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(behaviour)
}

/// Asks for a WebSocket.
pub(crate) async fn connect(request: impl IntoClientRequest + Unpin) -> Result<(Socket, Response), Error> {
    // What is written goes out at once.
    timeout(PATIENCE, connect_async_with_config(request, None, true)).await.expect("the server answers")
}

pub(crate) fn url(address: SocketAddr, path: &str) -> String {
    format!("ws://{address}{path}")
}

impl Peer {
    /// One whose client is open: after the 101 alone the hub may not have got so far.
    pub(crate) async fn open(address: SocketAddr, path: &str) -> Self {
        let (socket, _) = connect(url(address, path)).await.expect("it opens");
        let mut peer = Self(socket);
        peer.send(Message::Ping("open?".into())).await;
        // Others may talk already.
        while peer.next().await != Message::Pong("open?".into()) {}
        peer
    }

    /// One that has not said anything, on a server in this process.
    pub(crate) async fn enter(server: &Server, path: &str) -> Self {
        let (socket, _) = connect(url(server.address, path)).await.expect("it opens");
        server.has_opened();
        Self(socket)
    }

    pub(crate) async fn send(&mut self, message: Message) {
        timeout(PATIENCE, self.0.send(message)).await.expect("in time").expect("it is taken");
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Says several things in one write.
    pub(crate) async fn send_all(&mut self, messages: impl IntoIterator<Item = Message>) {
        for message in messages {
            self.0.feed(message).await.expect("it is taken");
        }
        timeout(PATIENCE, self.0.flush()).await.expect("in time").expect("it is taken");
    }

    /// What comes next.
    pub(crate) async fn next(&mut self) -> Message {
        let next = timeout(PATIENCE, self.0.next()).await.expect("something comes");
        next.expect("a message, not the end").expect("a message, not an error")
    }

    /// The next message, past pings.
    pub(crate) async fn hear(&mut self) -> Message {
        loop {
            match self.next().await {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    pub(crate) async fn text(&mut self) -> String {
        match self.hear().await {
            Message::Text(text) => text.as_str().to_owned(),
            other => panic!("{other:?} is no text"),
        }
    }

    /// Begins the close handshake.
    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        timeout(PATIENCE, self.0.close(Some(frame))).await.expect("in time").expect("it is taken");
    }

    /// Code and reason of the close frame that comes next; then the transport ends.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        let Message::Close(Some(CloseFrame { code, reason })) = self.hear().await else {
            panic!("something else than a close frame with a code came")
        };
        let end = timeout(PATIENCE, self.0.next()).await.expect("the transport ends");
        assert!(end.is_none(), "{end:?} after the close frame");
        (code.into(), reason.as_str().to_owned())
    }
}
