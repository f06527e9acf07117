//! Peers that do not read the answer to a request for a page.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::routing::get;
use axum::{Router, response::Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use throng_tokio::{Config, Hub, ServeOptions, Stop};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::common::PATIENCE;

const BYTES: usize = 32 << 20;
const WRITE: Duration = Duration::from_secs(1);

/// A page, of which it is counted how often it is in memory.
struct Page {
    bytes: Vec<u8>,
    pages: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.pages.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn page(State(pages): State<Arc<AtomicUsize>>) -> Response {
    pages.fetch_add(1, Ordering::Relaxed);
    let page = Page { bytes: vec![b'x'; BYTES], pages };
    Response::new(Body::from(Bytes::from_owner(page)))
}

async fn serve() -> (Hub, SocketAddr, Arc<AtomicUsize>) {
    let mut config = Config::default();
    config.deadlines.write = WRITE;
    let hub = Hub::builder().config(config).build().unwrap();
    let pages = Arc::new(AtomicUsize::new(0));
    let app = Router::new().route("/page", get(page)).with_state(Arc::clone(&pages));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut options = ServeOptions::default();
    options.stop = Stop::OnHub;
    tokio::spawn(throng_tokio::axum::serve_with(listener, app, hub.clone(), options));
    (hub, address, pages)
}

async fn ask(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    stream.write_all(b"GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    stream
}

async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let waits = async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waits).await.expect(what);
}

#[tokio::test]
async fn a_peer_that_does_not_read_its_answer_or_only_a_byte_now_and_then_is_ended_by_the_write_deadline() {
    let (hub, address, pages) = serve().await;
    let (silent, mut sips) = (ask(address).await, ask(address).await);
    eventually("both pages are made", || pages.load(Ordering::Relaxed) == 2).await;
    let sipping = async {
        while pages.load(Ordering::Relaxed) > 0 {
            sips.read_u8().await.expect("there is more in the system than it takes");
            sleep(WRITE / 10).await;
        }
    };
    timeout(PATIENCE, sipping).await.expect("both are ended");
    drop(silent);
    hub.shutdown();
}

#[tokio::test]
async fn a_peer_that_reads_slowly_gets_all_of_its_answer() {
    let (hub, address, _) = serve().await;
    let mut slow = ask(address).await;
    let (mut part, mut bytes) = (vec![0; 512 << 10], 0);
    // Longer than the write deadline.
    loop {
        match timeout(PATIENCE, slow.read(&mut part)).await.expect("it goes on").expect("it is not ended") {
            0 => break,
            count => bytes += count,
        }
        if bytes % (1 << 20) < part.len() / 2 {
            sleep(WRITE / 20).await;
        }
    }
    assert!(bytes > BYTES);
    hub.shutdown();
}
