//! What goes to the log, from sockets to lines.

use crate::common::{PATIENCE, Server};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use throng_tokio::Hub;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing_subscriber::fmt::MakeWriter;

/// What was written, by this thread alone: each test has its own.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn read(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Everything that is said on this thread, and the runtime of these tests has no other.
fn listen() -> (Lines, tracing::subscriber::DefaultGuard) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .finish();
    (lines, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn no_peer_can_flood_the_log() {
    const TIMES: u64 = 1_000;
    let (lines, _guard) = listen();
    let since = Instant::now();
    let builder = Hub::builder().on_message(|_, _| std::panic::resume_unwind(Box::new("on purpose")));
    let server = Server::start(builder).await;
    let requests: [&[u8]; 3] = [
        // Refused: it is no request for a WebSocket.
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        // A frame that is not masked, and one that makes the handler panic.
        b"\x81\x00",
        b"\x81\x80\x00\x00\x00\x00",
    ];
    for round in 0..TIMES {
        for (request, what) in requests.iter().zip(0..) {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            if what > 0 {
                let upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
                stream.write_all(upgrade.as_bytes()).await.unwrap();
            }
            stream.write_all(request).await.unwrap();
            // Until the answer or the close frame is there.
            let mut answer = [0; 1024];
            let read = tokio::time::timeout(PATIENCE, stream.read(&mut answer)).await.unwrap();
            assert!(read.is_ok(), "round {round}, {what}");
        }
    }
    server.until(|hub| hub.numbers().bad_input.values().sum::<u64>() == TIMES).await;
    server.until(|hub| hub.numbers().hooks_panicked.get("message") == Some(&TIMES)).await;
    server.until(|hub| hub.numbers().refused_requests.values().sum::<u64>() == TIMES).await;
    let lines = lines.read();
    let most = 3 * (since.elapsed() + Duration::from_secs(1)).as_secs() + 3;
    assert!((3..=most).contains(&(lines.len() as u64)), "{} lines: {lines:#?}", lines.len());
}

#[tokio::test]
async fn a_refused_origin_is_said_once_with_the_host_that_was_asked() {
    let (lines, _guard) = listen();
    let server = Server::start(Hub::builder()).await;
    for _ in 0..50 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let upgrade = "GET / HTTP/1.1\r\nHost: chat.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Origin: https://www.test\r\n\r\n";
        stream.write_all(upgrade.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        tokio::time::timeout(PATIENCE, stream.read_exact(&mut answer)).await.unwrap().unwrap();
        assert_eq!(&answer, b"HTTP/1.1 403");
    }
    let lines = lines.read();
    let said: Vec<_> = lines.iter().filter(|line| line.contains("INFO")).collect();
    assert_eq!(said.len(), 1, "{lines:#?}");
    for part in ["https://www.test", "chat.test", "Builder::origin"] {
        assert!(said[0].contains(part), "{}", said[0]);
    }
}

#[tokio::test]
async fn what_the_application_says_bears_its_connection() {
    let (lines, _guard) = listen();
    let builder = Hub::builder()
        .before_connect(|connecting| {
            connecting.set_user("ada");
            Ok(())
        })
        .on_message(|client, message| {
            tracing::info!(bytes = message.len(), "heard");
            let _ = client.send(message);
        });
    let server = Server::start(builder).await;
    let mut client = server.connect("/").await;
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
    let lines = lines.read();
    let line = lines.iter().find(|line| line.contains("heard")).expect("it was said");
    let address = client.address();
    assert!(
        line.contains(&format!("connection{{address={address} connection=0.0 client=0.0 user=\"ada\"}}")),
        "{line}"
    );
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn limits_per_address_are_warned_of_once_if_a_router_is_served_without_addresses() {
    use throng_tokio::axum::connect;
    for is_limited_by_rate in [false, true] {
        let (lines, _guard) = listen();
        let mut config = throng_tokio::Config::default();
        if is_limited_by_rate {
            config.admission.connect_rate = Some(throng_tokio::Rate::per_second(1).burst(1));
        } else {
            config.admission.per_address = Some(1);
        }
        let hub = Hub::builder().config(config).build().unwrap();
        let routes = axum::Router::new().route("/", axum::routing::get(connect)).with_state(hub.clone());
        let serve = async |with_addresses: bool| {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            if with_addresses {
                let service = routes.clone().into_make_service_with_connect_info::<std::net::SocketAddr>();
                tokio::spawn(axum::serve(listener, service).into_future());
            } else {
                tokio::spawn(axum::serve(listener, routes.clone()).into_future());
            }
            address
        };
        let warnings = || lines.read().into_iter().filter(|line| line.contains("WARN")).collect::<Vec<_>>();
        let address = serve(true).await;
        let _counted = crate::common::Client::connect(address, "/").await;
        assert_eq!(warnings(), [""; 0]);
        let address = serve(false).await;
        // The limit holds for none of them.
        let mut kept = Vec::new();
        for _ in 0..3 {
            kept.push(crate::common::Client::connect(address, "/").await);
        }
        let warnings = warnings();
        assert_eq!(warnings.len(), 1, "{warnings:#?}");
        for part in ["admission.per_address or admission.connect_rate", "into_make_service_with_connect_info"]
        {
            assert!(warnings[0].contains(part), "{}", warnings[0]);
        }
    }
}
