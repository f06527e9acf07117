//! What an axum router is served with, beside its routes. What it has in common with other hosts is in `tests/conformance`.

use crate::common::{Client, PATIENCE};
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::{Router, routing::get};
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;
use throng_tokio::axum::{connect, healthz, readyz, serve_with};
use throng_tokio::{Builder, Config, Drain, Hub, Rate, ServeOptions, State, Stop};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

pub(crate) struct Served {
    pub(crate) hub: Hub,
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
}

pub(crate) fn by_hub() -> ServeOptions {
    let mut options = ServeOptions::default();
    options.stop = Stop::OnHub;
    options
}

pub(crate) fn config(change: impl FnOnce(&mut Config)) -> Builder {
    let mut config = Config::default();
    change(&mut config);
    Hub::builder().config(config).on_message(|client, message| _ = client.send(message))
}

pub(crate) fn routes(hub: &Hub) -> Router {
    Router::new()
        .route("/", get(|| async { "a page" }))
        .route("/hang", get(pending::<()>))
        .route(
            "/slow",
            get(|| async {
                sleep(3 * SHORT).await;
                "late"
            }),
        )
        .route(
            "/address",
            get(|ConnectInfo(remote): ConnectInfo<SocketAddr>| async move { remote.to_string() }),
        )
        .route("/headers", get(|headers: HeaderMap| async move { headers.len().to_string() }))
        .route("/ws", get(connect))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(hub.clone())
}

impl Served {
    pub(crate) async fn start(builder: Builder) -> Self {
        let hub = builder.build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(serve_with(listener, routes(&hub), hub.clone(), by_hub()));
        Self { hub, address, serving }
    }

    pub(crate) async fn stream(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// The answer to a request, up to the end of the connection.
    async fn ask(&self, path: &str) -> String {
        let mut stream = self.stream().await;
        stream.write_all(request(path, "Connection: close\r\n").as_bytes()).await.unwrap();
        rest(&mut stream).await
    }

    async fn upgrade(&self) -> String {
        let mut stream = self.stream().await;
        stream.write_all(opening().as_bytes()).await.unwrap();
        let mut start = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut start)).await.unwrap().unwrap();
        String::from_utf8(start.to_vec()).unwrap()
    }

    pub(crate) async fn until(&self, condition: impl Fn(&Hub) -> bool) {
        let wait = async {
            while !condition(&self.hub) {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap();
    }
}

pub(crate) fn request(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")
}

pub(crate) fn opening() -> String {
    request(
        "/ws",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    )
}

/// A masked text.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let head = [0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    [&head, text.as_bytes()].concat()
}

/// What comes up to the end.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the connection ends");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An answer whose body is this.
pub(crate) async fn answer(stream: &mut TcpStream, body: &str) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while !bytes.ends_with(body.as_bytes()) {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "{}", String::from_utf8_lossy(&bytes));
        }
    };
    timeout(PATIENCE, read).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn the_second_head_of_a_connection_has_a_deadline_too() {
    let served = Served::start(config(|config| config.deadlines.handshake = SHORT)).await;
    for second in ["", "G", "GET / HTTP/1.1\r\nHost: x\r\n"] {
        let mut stream = served.stream().await;
        stream.write_all(request("/", "").as_bytes()).await.unwrap();
        answer(&mut stream, "a page").await;
        assert_eq!(served.hub.connection_count(), 0, "it opened no WebSocket");
        let since = Instant::now();
        stream.write_all(second.as_bytes()).await.unwrap();
        rest(&mut stream).await;
        assert!(since.elapsed() >= SHORT, "{second:?}");
    }
}

#[tokio::test]
async fn heads_that_dawdle_are_counted_and_do_not_reach_their_end() {
    let served = Served::start(config(|config| config.deadlines.handshake = SHORT)).await;
    let mut silent = served.stream().await;
    let mut half = served.stream().await;
    half.write_all(b"GET /ws HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let mut slow = served.stream().await;
    let (_, mut slowly) = slow.split();
    let _ = timeout(PATIENCE, async {
        for byte in opening().bytes() {
            if slowly.write_all(&[byte]).await.is_err() || served.hub.stats().handshake_timeouts == 3 {
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    for stream in [&mut silent, &mut half, &mut slow] {
        assert_eq!(rest(stream).await, "");
    }
    assert_eq!((served.hub.stats().handshake_timeouts, served.hub.connection_count()), (3, 0));
}

#[tokio::test]
async fn pages_and_health_are_answered_while_no_websocket_is_admitted() {
    let served = Served::start(config(|config| {
        (config.admission.handshakes, config.admission.probes) = (Some(2), 64);
    }))
    .await;
    // More than are read in spite of it: the oldest give way.
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(served.stream().await);
    }
    served.until(|hub| hub.stats().refused_connections >= 198).await;
    for _ in 0..3 {
        assert!(served.ask("/healthz").await.starts_with("HTTP/1.1 200"));
        assert!(served.ask("/").await.ends_with("a page"));
        assert_eq!(served.upgrade().await, "HTTP/1.1 503");
    }
    assert_eq!(served.hub.stats().handshakes, 2);
    // Those that gave way, or had their second, are told.
    for stream in &mut silent[2..] {
        assert!(rest(stream).await.starts_with("HTTP/1.1 503"));
    }
    assert_eq!(served.hub.numbers().refused_connections.unread, 198);
    // A connection that was refused is not kept open after its answer, as it counts nowhere.
    let mut stream = served.stream().await;
    stream.write_all(request("/", "").as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.ends_with("a page"));
}

#[tokio::test]
async fn limits_per_address_hold_without_further_ado() {
    let served = Served::start(config(|config| config.admission.per_address = Some(2))).await;
    let _one = Client::connect(served.address, "/ws").await;
    let _two = Client::connect(served.address, "/ws").await;
    assert_eq!(served.upgrade().await, "HTTP/1.1 429");
    assert!(served.ask("/").await.ends_with("a page"));
    assert!(served.ask("/address").await.contains("127.0.0.1:"));

    let served = Served::start(config(|config| {
        config.admission.connect_rate = Some(Rate::per_second(1).burst(2));
    }))
    .await;
    let answers = [served.upgrade().await, served.upgrade().await, served.upgrade().await];
    assert_eq!(answers, ["HTTP/1.1 101", "HTTP/1.1 101", "HTTP/1.1 429"]);
    assert_eq!(served.hub.stats().opened, 2, "each counts once");
}

#[tokio::test]
async fn an_address_that_the_application_knows_better_is_the_one_that_counts() {
    let hub = config(|config| config.admission.per_address = Some(1)).build().unwrap();
    let believe = async |mut request: axum::extract::Request, next: axum::middleware::Next| {
        let said = request.headers().get("x-real-ip").unwrap().to_str().unwrap().parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(said, 0)));
        next.run(request).await
    };
    let app = routes(&hub).layer(axum::middleware::from_fn(believe));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_with(listener, app, hub.clone(), by_hub()));
    let mut kept = Vec::new();
    for (from, status) in [("192.0.2.1", "101"), ("192.0.2.2", "101"), ("192.0.2.1", "429")] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let opening = opening().replacen("\r\n", &format!("\r\nX-Real-IP: {from}\r\n"), 1);
        stream.write_all(opening.as_bytes()).await.unwrap();
        let mut start = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut start)).await.unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&start), format!("HTTP/1.1 {status}"), "{from}");
        kept.push(stream);
    }
}

#[tokio::test]
async fn the_limits_of_heads_hold_for_every_route() {
    let limits = |config: &mut Config| (config.websocket.head_bytes, config.websocket.headers) = (1_000, 10);
    let served = Served::start(config(limits)).await;
    let ask = async |headers: &str| {
        let mut stream = served.stream().await;
        stream.write_all(request("/headers", headers).as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        answer[..12].to_owned()
    };
    let close = "Connection: close\r\n";
    // With Host and Connection.
    assert_eq!(ask(&format!("{close}{}", "a: b\r\n".repeat(8))).await, "HTTP/1.1 200");
    assert_eq!(ask(&format!("{close}{}", "a: b\r\n".repeat(9))).await, "HTTP/1.1 431");
    let used = request("/headers", close).len();
    let long = |bytes: usize| format!("{close}a: {}\r\n", "b".repeat(bytes - used - "a: \r\n".len()));
    assert_eq!(ask(&long(1_000)).await, "HTTP/1.1 200");
    assert_eq!(ask(&long(1_001)).await, "HTTP/1.1 431");
    assert_eq!(ask(&long(60_000)).await, "HTTP/1.1 431");
    served.until(|hub| hub.numbers().refused_requests.get("head too long") == Some(&2)).await;
    served.until(|hub| hub.numbers().refused_requests.get("too many headers") == Some(&1)).await;
    served.until(|hub| hub.connection_count() == 0).await;
}

#[tokio::test]
async fn a_peer_that_sends_all_it_has_and_ends_its_sending_hears_the_answers() {
    let served = Served::start(config(|_| {})).await;
    let mut stream = served.stream().await;
    stream.write_all(&[opening().as_bytes(), &text("one"), &text("two")].concat()).await.unwrap();
    stream.shutdown().await.unwrap();
    let heard = rest(&mut stream).await;
    assert!(heard.starts_with("HTTP/1.1 101"), "{heard}");
    assert!(heard.contains("\u{3}one") && heard.contains("\u{3}two"), "{heard:?}");

    let mut stream = served.stream().await;
    stream.write_all(request("/", "").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(rest(&mut stream).await.ends_with("a page"));
}

#[tokio::test]
async fn a_connection_that_was_kept_for_pages_may_open_a_websocket() {
    let served = Served::start(config(|config| config.admission.per_address = Some(1))).await;
    let mut stream = served.stream().await;
    for _ in 0..2 {
        stream.write_all(request("/", "").as_bytes()).await.unwrap();
        answer(&mut stream, "a page").await;
    }
    stream.write_all(&[opening().as_bytes(), &text("hello")].concat()).await.unwrap();
    answer(&mut stream, "hello").await;
    assert_eq!((served.hub.client_count(), served.hub.connection_count()), (1, 1));
}

#[tokio::test]
async fn an_upgrade_on_a_route_that_opens_no_websocket_gives_its_place_back() {
    let served = Served::start(config(|_| {})).await;
    let mut stream = served.stream().await;
    stream.write_all(opening().replace("/ws", "/").as_bytes()).await.unwrap();
    answer(&mut stream, "a page").await;
    served.until(|hub| hub.connection_count() == 0).await;
}

/// As `curl --http2` asks.
const H2C: &str = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";

#[tokio::test]
async fn a_request_that_offers_another_protocol_is_answered_as_one_that_offers_none() {
    let served = Served::start(config(|config| {
        config.deadlines.handshake = SHORT;
        config.admission.handshakes = Some(1);
    }))
    .await;
    let mut stream = served.stream().await;
    stream.write_all(request("/slow", H2C).as_bytes()).await.unwrap();
    served.until(|hub| hub.stats().accepted == 1 && hub.stats().handshakes == 0).await;
    // The one handshake that is admitted is free.
    assert!(served.ask("/readyz").await.starts_with("HTTP/1.1 200"));
    assert_eq!(served.upgrade().await, "HTTP/1.1 101");
    assert!(answer(&mut stream, "late").await.starts_with("HTTP/1.1 200"));
    let not_found = "\r\n\r\n";
    let no_websocket = "the header Upgrade: websocket.\n";
    for (path, status, end) in
        [("/missing", 404, not_found), ("/ws", 426, no_websocket), ("/", 200, "a page")]
    {
        stream.write_all(request(path, H2C).as_bytes()).await.unwrap();
        let answer = answer(&mut stream, end).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
    let stats = served.hub.stats();
    assert_eq!((stats.handshakes, stats.handshake_timeouts), (0, 0));
}

#[tokio::test]
async fn a_connection_that_goes_on_after_an_upgrade_was_declined_ends_like_any_other() {
    let served = Served::start(config(|_| {})).await;
    let last = "Connection: close\r\n";
    for (next, answers) in [
        (request("/", last), "200 200"),
        (request("/", H2C) + &request("/ws", last), "200 200 426"),
        ("GET / HTTP/1.1\r\n:\r\n\r\n".to_owned(), "200 400"),
        ("GET / HT".to_owned(), "200"),
        (opening(), "200 101"),
    ] {
        let mut stream = served.stream().await;
        stream.write_all((request("/", H2C) + &next).as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let rest = rest(&mut stream).await;
        let statuses: Vec<_> = rest.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert_eq!(statuses.join(" "), answers, "{next:?}: {rest}");
    }
    served.until(|hub| hub.connection_count() == 0).await;
}

#[tokio::test]
async fn requests_in_one_packet_are_answered_in_order_and_what_is_behind_an_upgrade_is_for_the_websocket() {
    let served = Served::start(config(|_| {})).await;
    let body = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    let all = ["\r\n", &request("/", ""), body, &request("/missing", ""), &opening()].concat();
    let all = [all.as_bytes(), &text("hi"), b"\x88\x82\0\0\0\0\x03\xe8"].concat();
    for piece in [all.len(), 100, 1] {
        let mut stream = served.stream().await;
        for piece in all.chunks(piece) {
            stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut bytes = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
        let heads = String::from_utf8_lossy(&bytes);
        let statuses: Vec<_> = heads.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert_eq!(statuses, ["200", "405", "404", "101"], "in pieces of {piece}: {heads}");
        assert!(bytes.ends_with(b"\r\n\r\n\x81\x02hi\x88\x02\x03\xe8"), "{heads}");
    }
}

#[tokio::test]
async fn http_2_is_not_spoken() {
    let served = Served::start(config(|_| {})).await;
    let mut stream = served.stream().await;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("\r\n\r\nThe request is not HTTP/1.1.\n"),
        "{answer}"
    );
    served.until(|hub| hub.connection_count() == 0).await;
}

/// Half of a head, silence, the second head of a kept connection, and a request that is never answered.
async fn loiterers(served: &Served) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for first in ["", "GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"] {
        let mut stream = served.stream().await;
        stream.write_all(first.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    for second in ["", "GET / HTTP/1.1\r\nHo"] {
        let mut stream = served.stream().await;
        stream.write_all(request("/", "").as_bytes()).await.unwrap();
        answer(&mut stream, "a page").await;
        stream.write_all(second.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    streams
}

#[tokio::test]
async fn neither_half_a_request_nor_one_that_is_kept_holds_up_the_end() {
    let served = Served::start(config(|_| {})).await;
    let mut loiterers = loiterers(&served).await;
    served.until(|hub| hub.stats().handshakes == 2).await;
    let since = Instant::now();
    served.hub.shutdown();
    timeout(PATIENCE, served.serving).await.unwrap().unwrap();
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    for stream in &mut loiterers {
        rest(stream).await;
    }
    assert!(TcpStream::connect(served.address).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn a_request_that_is_never_answered_holds_up_the_end_for_the_close_deadline_at_most() {
    let close = Duration::from_millis(700);
    let served = Served::start(config(|config| config.deadlines.close = close)).await;
    let mut stream = served.stream().await;
    stream.write_all(request("/hang", "").as_bytes()).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    let since = Instant::now();
    served.hub.shutdown();
    timeout(PATIENCE, served.serving).await.unwrap().unwrap();
    assert!(since.elapsed() >= close, "it may be answered until then");
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn while_it_drains_requests_are_answered_and_their_connections_closed() {
    let served = Served::start(config(|_| {})).await;
    let mut there = Client::connect(served.address, "/ws").await;
    let mut kept = served.stream().await;
    kept.write_all(request("/", "").as_bytes()).await.unwrap();
    answer(&mut kept, "a page").await;
    let hour = Duration::from_secs(3600);
    let draining = tokio::spawn(served.hub.drain(Drain { idle: hour, spread: hour }, hour));
    served.until(|hub| hub.state() == State::Draining).await;
    kept.write_all(request("/readyz", "").as_bytes()).await.unwrap();
    let answer = rest(&mut kept).await.to_lowercase();
    assert!(answer.starts_with("http/1.1 503") && answer.contains("connection: close"), "{answer}");
    assert!(served.ask("/").await.ends_with("a page"), "newcomers are answered");
    assert_eq!(served.upgrade().await, "HTTP/1.1 503");
    served.hub.shutdown();
    assert_eq!(there.closed().await.0, 1001);
    draining.await.unwrap().unwrap();
    timeout(PATIENCE, served.serving).await.unwrap().unwrap();
}
