//! A client of WebSockets over HTTP/2 that is not throng's: the crate h2, and frames made by hand.

use bytes::{Bytes, BytesMut};
use h2::client::{self, SendRequest};
use h2::ext::Protocol;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

pub const TEXT: u8 = 0x81;
pub const DEFLATED_TEXT: u8 = 0xc1;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

/// A header of a request.
pub type Header<'a> = (&'a str, &'a str);

pub const VERSION: Header<'_> = ("sec-websocket-version", "13");

/// One HTTP/2 connection. Dropping it closes the connection.
pub struct Connection {
    address: SocketAddr,
    requests: SendRequest<Bytes>,
    driver: JoinHandle<()>,
}

/// A stream with a WebSocket on it.
pub struct WebSocket {
    out: SendStream<Bytes>,
    input: RecvStream,
    held: BytesMut,
}

pub async fn in_time<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("in time")
}

impl Connection {
    pub async fn to(address: SocketAddr) -> Self {
        Self::with_window(address, 65_535).await
    }

    /// A connection whose streams have a receive window of so many bytes each. The window of the connection is large: a stream that
    /// is not read does not hold up the others.
    pub async fn with_window(address: SocketAddr, window: u32) -> Self {
        let stream = TcpStream::connect(address).await.expect("it listens");
        let mut builder = client::Builder::new();
        builder.initial_window_size(window).initial_connection_window_size(64 << 20);
        let (requests, connection) = builder.handshake(stream).await.expect("it speaks HTTP/2");
        // The end of the connection is what some tests are about.
        let driver = tokio::spawn(async move { _ = connection.await });
        let mut connection = Self { address, requests, driver };
        // The settings of the server come before the answer.
        let status = connection.get("/none").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(connection.requests.is_extended_connect_protocol_enabled(), "axum offers it");
        connection
    }

    pub async fn get(&mut self, path: &str) -> StatusCode {
        let request = Request::get(format!("http://{}{path}", self.address)).header(VERSION.0, VERSION.1);
        let request = request.body(()).expect("a request");
        in_time(poll_fn(|cx| self.requests.poll_ready(cx))).await.expect("it takes a request");
        let (response, _) = self.requests.send_request(request, true).expect("it is sent");
        in_time(response).await.expect("an answer").status()
    }

    /// Sends an extended CONNECT; the answer is another future.
    pub async fn ask(
        &mut self,
        protocol: &'static str,
        path: &str,
        headers: &[Header<'_>],
    ) -> (client::ResponseFuture, SendStream<Bytes>) {
        let request = Request::builder()
            .method(Method::CONNECT)
            .uri(format!("http://{}{path}", self.address))
            .extension(Protocol::from_static(protocol));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(()).expect("a request");
        in_time(poll_fn(|cx| self.requests.poll_ready(cx))).await.expect("it takes a request");
        self.requests.send_request(request, false).expect("it is sent")
    }

    pub async fn open(&mut self, path: &str, headers: &[Header<'_>]) -> (HeaderMap, WebSocket) {
        let (response, out) = self.ask("websocket", path, &[&[VERSION], headers].concat()).await;
        let (head, input) = in_time(response).await.expect("an answer").into_parts();
        assert_eq!(head.status, StatusCode::OK);
        (head.headers, WebSocket { out, input, held: BytesMut::new() })
    }

    /// Ready when the server has closed the connection.
    pub async fn ended(&mut self) {
        in_time(&mut self.driver).await.expect("it does not panic");
    }

    /// The answer to a request that is refused.
    pub async fn refused(&mut self, path: &str, headers: &[Header<'_>]) -> Response<String> {
        let (response, _out) = self.ask("websocket", path, headers).await;
        whole(in_time(response).await.expect("an answer")).await
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// The answer with its body.
pub async fn whole(response: Response<RecvStream>) -> Response<String> {
    let (head, mut input) = response.into_parts();
    let mut body = Vec::new();
    while let Some(bytes) = in_time(input.data()).await {
        body.extend_from_slice(&bytes.expect("a body"));
    }
    Response::from_parts(head, String::from_utf8(body).expect("a text"))
}

impl WebSocket {
    /// Sends a frame, masked with zeros.
    pub fn send(&mut self, first: u8, payload: &[u8]) {
        let mut bytes = vec![first];
        match u16::try_from(payload.len()).expect("a short frame") {
            length @ 0..=125 => bytes.push(0x80 | length as u8),
            length => {
                bytes.push(0x80 | 126);
                bytes.extend_from_slice(&length.to_be_bytes());
            }
        }
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(payload);
        self.out.send_data(bytes.into(), false).expect("the stream is open");
    }

    /// Ends the sending direction.
    pub fn end(&mut self) {
        self.out.send_data(Bytes::new(), true).expect("the stream is open");
    }

    pub fn reset(mut self, reason: Reason) {
        self.out.send_reset(reason);
    }

    /// The next frame; `None` at the end of the stream.
    pub async fn frame(&mut self) -> Option<(u8, Bytes)> {
        loop {
            if let Some(frame) = self.held_frame() {
                return Some(frame);
            }
            let bytes = in_time(self.input.data()).await?.expect("the stream is not broken");
            self.input.flow_control().release_capacity(bytes.len()).expect("as many bytes as came");
            self.held.extend_from_slice(&bytes);
        }
    }

    fn held_frame(&mut self) -> Option<(u8, Bytes)> {
        let (head, length) = match *self.held.get(1)? {
            126 => (4, usize::from(u16::from_be_bytes([*self.held.get(2)?, *self.held.get(3)?]))),
            127 => panic!("no test sends so much in one frame"),
            length => (2, usize::from(length)),
        };
        let first = self.held[0];
        (self.held.len() >= head + length)
            .then(|| (first, self.held.split_to(head + length).freeze().slice(head..)))
    }

    /// The next frame, which is a text.
    pub async fn text(&mut self) -> String {
        let (first, payload) = self.frame().await.expect("a frame");
        assert_eq!(first, TEXT);
        String::from_utf8(payload.to_vec()).expect("a text")
    }

    /// The code of the close frame that comes next, which ends the stream; 1005 if it has none.
    pub async fn closed(&mut self) -> u16 {
        let (first, payload) = self.frame().await.expect("a frame");
        assert_eq!(first, CLOSE);
        assert_eq!(self.frame().await, None, "nothing comes behind a close frame");
        payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))
    }
}
