//! Servers and clients.

use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::time::Duration;
use throng_tokio::{Builder, Hub, ServeOptions, Stop};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything here should take, on a machine that does something else besides.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A hub that is served on a port of its own.
pub(crate) struct Server {
    pub(crate) hub: Hub,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) async fn start(builder: Builder) -> Self {
        let hub = builder.build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut options = ServeOptions::default();
        options.stop = Stop::OnHub;
        tokio::spawn(throng_tokio::serve_with(listener, hub.clone(), options));
        Self { hub, address }
    }

    pub(crate) async fn connect(&self, path: &str) -> Client {
        Client::connect(self.address, path).await
    }

    /// Until a condition holds that another task brings about.
    pub(crate) async fn until(&self, condition: impl Fn(&Hub) -> bool) {
        let wait = async {
            while !condition(&self.hub) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap();
    }
}

/// A client of tokio-tungstenite.
pub(crate) struct Client(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(crate) async fn connect(address: SocketAddr, path: &str) -> Self {
        let (stream, _) = connect_async(format!("ws://{address}{path}")).await.unwrap();
        Self(stream)
    }

    /// Where the server sees it come from.
    pub(crate) fn address(&self) -> SocketAddr {
        match self.0.get_ref() {
            MaybeTlsStream::Plain(stream) => stream.local_addr().unwrap(),
            _ => panic!("there is no TLS here"),
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Message {
        tokio::time::timeout(PATIENCE, self.0.next()).await.unwrap().unwrap().unwrap()
    }

    pub(crate) async fn text(&mut self) -> String {
        self.next().await.into_text().unwrap().to_string()
    }

    /// The code and reason of the close frame that comes next, and then the end.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        let Message::Close(Some(CloseFrame { code, reason })) = self.next().await else {
            panic!("something else than a close frame came")
        };
        assert!(tokio::time::timeout(PATIENCE, self.0.next()).await.unwrap().is_none());
        (code.into(), reason.to_string())
    }
}
