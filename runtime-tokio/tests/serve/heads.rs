//! Heads that come late, on a kept connection, or over a layer on top of TCP.

use crate::common::PATIENCE;
use crate::served::{SHORT, Served, answer, by_hub, config, opening, request, rest, routes, text};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use throng_tokio::axum::serve_over;
use throng_tokio::{Builder, Hub};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

/// Serves over a layer on top of TCP, for which a byte stands.
async fn serve_over_a_byte(builder: Builder) -> (Hub, SocketAddr) {
    let hub = builder.build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let secure = |mut stream: TcpStream| async move {
        stream.read_u8().await?;
        // Boxed, it is not the type that is taken back.
        io::Result::Ok(Box::new(stream))
    };
    tokio::spawn(serve_over(listener, routes(&hub), hub.clone(), by_hub(), secure));
    (hub, address)
}

async fn connect(address: SocketAddr, say: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(say).await.unwrap();
    stream
}

async fn until(is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap();
}

#[tokio::test]
async fn silence_before_within_and_after_a_layer_ends_by_the_handshakes_deadline_and_is_counted() {
    const EACH: usize = 20;
    let deadline = 3 * SHORT;
    let (hub, address) = serve_over_a_byte(config(|config| {
        config.deadlines.handshake = deadline;
        config.admission.handshakes = Some(3 * EACH as u32 + 1);
    }))
    .await;
    let mut open = connect(address, &[b"!", opening().as_bytes()].concat()).await;
    answer(&mut open, "\r\n\r\n").await;
    let since = Instant::now();
    let mut silent = Vec::new();
    for _ in 0..EACH {
        for say in ["", "!", "!GET /ws HTTP/1.1\r\nHo"] {
            silent.push(connect(address, say.as_bytes()).await);
        }
    }
    until(|| hub.stats().handshakes as usize == 3 * EACH).await;
    assert_eq!(hub.stats().handshake_timeouts, 0, "the machine is too slow for this test");
    for stream in &mut silent {
        assert_eq!(rest(stream).await, "");
    }
    assert!(since.elapsed() >= deadline, "{:?}", since.elapsed());
    assert!(since.elapsed() < deadline + PATIENCE / 4, "{:?}", since.elapsed());
    until(|| hub.stats().handshakes == 0).await;
    let stats = hub.stats();
    assert_eq!((stats.handshake_timeouts as usize, stats.opened), (3 * EACH, 1));
    open.write_all(&text("hello")).await.unwrap();
    answer(&mut open, "hello").await;
}

#[tokio::test]
async fn silence_below_a_layer_counts_against_the_limit_of_open_handshakes() {
    let (hub, address) = serve_over_a_byte(config(|config| config.admission.handshakes = Some(2))).await;
    let silent = [connect(address, b"").await, connect(address, b"!").await];
    until(|| hub.stats().handshakes == 2).await;
    let mut refused = connect(address, &[b"!", opening().as_bytes()].concat()).await;
    assert!(rest(&mut refused).await.starts_with("HTTP/1.1 503"));
    assert_eq!(hub.stats().refused_connections, 1);
    drop(silent);
    until(|| hub.stats().handshakes == 0).await;
    let mut open = connect(address, &[b"!", opening().as_bytes()].concat()).await;
    assert!(answer(&mut open, "\r\n\r\n").await.starts_with("HTTP/1.1 101"));
}

#[tokio::test]
async fn the_limits_of_heads_hold_for_the_later_requests_of_a_kept_connection() {
    const BYTES: usize = 1_000;
    let limits = |config: &mut throng_tokio::Config| {
        config.websocket.head_bytes = BYTES as u32;
        config.websocket.headers = 10;
    };
    let served = Served::start(config(limits)).await;
    let used = request("/headers", "").len();
    let long =
        |bytes: usize| request("/headers", &format!("a: {}\r\n", "b".repeat(bytes - used - "a: \r\n".len())));
    let many = |headers: usize| request("/headers", &"a: b\r\n".repeat(headers - 1));
    // Those at the limits are answered, and their connection is kept.
    let mut kept = served.stream().await;
    for (request, headers) in [(many(1), "1"), (long(BYTES), "2"), (many(10), "10"), (long(BYTES), "2")] {
        kept.write_all(request.as_bytes()).await.unwrap();
        let answer = answer(&mut kept, &format!("\r\n\r\n{headers}")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    // The last is longer than the buffer of hyper, which refuses it by itself.
    for too_much in [long(BYTES + 1), many(11), long(60_000)] {
        let mut kept = served.stream().await;
        for _ in 0..2 {
            kept.write_all(many(1).as_bytes()).await.unwrap();
            answer(&mut kept, "\r\n\r\n1").await;
        }
        kept.write_all(too_much.as_bytes()).await.unwrap();
        let answer = rest(&mut kept).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{} bytes: {answer}", too_much.len());
    }
    // hyper refuses a request with too many headers in the same way as one that is too long.
    served.until(|hub| hub.numbers().refused_requests.get("head too long") == Some(&3)).await;
}
