//! Plain `axum::serve` in an application that turns on axum's feature `http2` offers WebSockets over HTTP/2 (RFC 8441). The hub
//! opens them under the same rules as over HTTP/1.1.

mod client;

use self::client::{
    CLOSE, Connection, DEFLATED_TEXT, Header, PING, PONG, TEXT, VERSION, WebSocket, in_time, whole,
};
use axum::Router;
use axum::routing::{any, get};
use h2::Reason;
use http::StatusCode;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use throng_tokio::axum::connect;
use throng_tokio::{
    Builder, CloseCode, CloseFrame, ClosedBy, Compression, Config, Drain, Hub, Protocol, Refusal,
    ServeOptions, drained,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Serves a hub that echoes, on an address as a peer sees it.
async fn serve(builder: Builder) -> (SocketAddr, Hub) {
    let hub = builder.build().expect("the config can stand");
    let app = Router::new().route("/get", get(connect)).route("/ws", any(connect)).with_state(hub.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let ended = drained(hub.clone(), ServeOptions::default());
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(ended).await });
    (address, hub)
}

fn echo() -> Builder {
    Hub::builder().on_message(|client, message| _ = client.send(message))
}

async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), waiting).await.is_ok(), "not in time: {what}");
}

/// Sends a text and waits for its echo.
async fn say(socket: &mut WebSocket, text: &str) {
    socket.send(TEXT, text.as_bytes());
    assert_eq!(socket.text().await, text);
}

#[tokio::test]
async fn a_websocket_over_http2_echoes_and_is_closed() {
    let (address, hub) = serve(echo()).await;
    let mut connection = Connection::to(address).await;
    let (headers, mut socket) = connection.open("/ws?of=all", &[]).await;
    for name in [
        "upgrade",
        "connection",
        "sec-websocket-accept",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
    ] {
        assert!(!headers.contains_key(name), "{name}: {headers:?}");
    }
    say(&mut socket, "hello").await;
    say(&mut socket, &"long ".repeat(10_000)).await;
    socket.send(PING, b"?");
    assert_eq!(socket.frame().await, Some((PONG, "?".into())));
    socket.send(CLOSE, &1000_u16.to_be_bytes());
    assert_eq!(socket.closed().await, 1000);
    eventually("the connection is over", || hub.connection_count() == 0).await;
}

#[tokio::test]
async fn a_websocket_over_http1_is_opened_on_the_same_port() {
    let (address, _hub) = serve(echo()).await;
    for path in ["/get", "/ws"] {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("it is sent");
        let mut status = [0; 12];
        in_time(stream.read_exact(&mut status)).await.expect("an answer");
        assert_eq!(&status, b"HTTP/1.1 101", "{path}");
    }
}

#[tokio::test]
async fn requests_that_open_no_websocket_are_refused_without_headers_of_http1() {
    let (address, hub) = serve(echo()).await;
    let mut connection = Connection::to(address).await;
    let foreign = ("origin", "https://evil.example");
    let cases: [(&[Header<'_>], u16, &str); 4] = [
        (&[], 400, "must be 13"),
        (&[("sec-websocket-version", "8")], 400, "must be 13"),
        (&[VERSION, ("sec-websocket-extensions", ";")], 400, "Sec-WebSocket-Extensions"),
        (&[VERSION, foreign], 403, "Pages of this origin"),
    ];
    for (headers, status, text) in cases {
        let response = connection.refused("/ws", headers).await;
        assert_eq!(response.status(), status, "{headers:?}");
        assert!(response.body().contains(text), "{response:?}");
        for name in ["upgrade", "connection"] {
            assert!(!response.headers().contains_key(name), "{response:?}");
        }
        if text.contains("13") {
            assert_eq!(response.headers()["sec-websocket-version"], "13");
        }
    }
    // For another protocol than a WebSocket, which needs no such header.
    let (response, _out) = connection.ask("connect-udp", "/ws", &[]).await;
    let response = whole(in_time(response).await.expect("an answer")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(connection.get("/ws").await, StatusCode::BAD_REQUEST, "GET opens no WebSocket over HTTP/2");
    // axum's `get` does not pass CONNECT on.
    assert_eq!(connection.refused("/get", &[VERSION]).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(hub.connection_count(), 0, "nothing is left of them");
}

#[tokio::test]
async fn the_origin_may_be_that_of_the_authority() {
    let (address, _hub) = serve(echo()).await;
    let origin = format!("http://{address}");
    let mut connection = Connection::to(address).await;
    let (_, mut socket) = connection.open("/ws", &[("origin", &origin)]).await;
    say(&mut socket, "hello").await;
}

#[tokio::test]
async fn subprotocols_and_compression_are_agreed() {
    let chat = Protocol::new("chat").expect("a token");
    let (address, _hub) = serve(echo().subprotocols([chat]).compression(Compression::default())).await;
    let mut connection = Connection::to(address).await;
    let offers = [
        ("sec-websocket-protocol", "superchat, chat"),
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
    ];
    let (headers, mut socket) = connection.open("/ws", &offers).await;
    assert_eq!(headers["sec-websocket-protocol"], "chat");
    let agreed = headers["sec-websocket-extensions"].to_str().expect("a text");
    assert!(agreed.starts_with("permessage-deflate"), "{agreed}");
    let text = "again and ".repeat(1_000);
    socket.send(TEXT, text.as_bytes());
    let (first, payload) = socket.frame().await.expect("a frame");
    assert_eq!(first, DEFLATED_TEXT);
    assert!(payload.len() < text.len() / 10, "{} bytes", payload.len());
    let deflated = [&payload[..], &[0, 0, 0xff, 0xff], &[1, 0, 0, 0xff, 0xff]].concat();
    assert_eq!(miniz_oxide::inflate::decompress_to_vec(&deflated).expect("deflated"), text.as_bytes());
}

#[tokio::test]
async fn limits_hooks_and_authentication_hold() {
    let mut config = Config::default();
    config.admission.connections = Some(1);
    let builder = echo()
        .config(config)
        .before_connect(|connecting| {
            if connecting.request().query("token").as_deref() != Some("ada") {
                return Err(Refusal::custom(401, "Log in first.\n"));
            }
            connecting.set_user("ada");
            connecting.authenticate();
            Ok(())
        })
        .authenticate(|session| {
            Box::pin(async move {
                let word = session.receive().await?;
                let is_known = word.as_bytes() == b"sesame";
                if is_known { Ok(()) } else { Err(CloseFrame::new(CloseCode::POLICY, "wrong word")) }
            })
        });
    let (address, hub) = serve(builder).await;
    let mut connection = Connection::to(address).await;
    let response = connection.refused("/ws", &[VERSION]).await;
    assert_eq!((response.status(), &**response.body()), (StatusCode::UNAUTHORIZED, "Log in first.\n"));
    let (_, mut stranger) = connection.open("/ws?token=ada", &[]).await;
    stranger.send(TEXT, b"please");
    assert_eq!(stranger.closed().await, 1008);
    eventually("the stranger is gone", || hub.connection_count() == 0).await;
    let (_, mut ada) = connection.open("/ws?token=ada", &[]).await;
    ada.send(TEXT, b"sesame");
    say(&mut ada, "hello").await;
    assert_eq!(hub.clients_of("ada").len(), 1);
    let response = connection.refused("/ws?token=ada", &[VERSION]).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "one is the limit");
    assert!(response.headers().contains_key("retry-after"));
    say(&mut ada, "still here").await;
}

#[tokio::test]
async fn streams_of_one_connection_are_clients_of_their_own() {
    let (told, mut ends) = mpsc::unbounded_channel();
    let builder = echo()
        .on_connect(|client| _ = client.hub().join(client.id(), "all"))
        .on_disconnect(move |client, disconnected| _ = told.send((client.id(), disconnected.by)));
    let (address, hub) = serve(builder).await;
    let mut connection = Connection::to(address).await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(connection.open("/ws", &[]).await.1);
    }
    eventually("all have joined", || hub.member_count("all") == 20).await;
    for (at, socket) in sockets.iter_mut().enumerate() {
        say(socket, &format!("I am {at}")).await;
    }
    assert!(hub.send_to_room("all", "to all").is_ok());
    for socket in &mut sockets {
        assert_eq!(socket.text().await, "to all");
    }
    // A reset ends one client, whatever its reason is, and no other.
    for reason in [Reason::CANCEL, Reason::INTERNAL_ERROR, Reason::NO_ERROR] {
        sockets.pop().expect("some are left").reset(reason);
        let (_, by) = in_time(ends.recv()).await.expect("the hub lives");
        assert_eq!(by, ClosedBy::Transport, "{reason:?}");
    }
    assert_eq!(hub.client_count(), 17);
    for socket in &mut sockets {
        say(socket, "still here").await;
    }
    // The end of the connection is the end of all of them.
    drop((sockets, connection));
    eventually("nobody is left", || hub.connection_count() == 0).await;
}

#[tokio::test]
async fn a_stream_that_ends_its_sending_still_gets_what_waits() {
    let (address, hub) = serve(echo()).await;
    let (mut connection, text) = (Connection::to(address).await, "x".repeat(1_000));
    let (_, mut socket) = connection.open("/ws", &[]).await;
    for _ in 0..20 {
        socket.send(TEXT, text.as_bytes());
    }
    socket.end();
    for _ in 0..20 {
        assert_eq!(socket.text().await, text);
    }
    assert_eq!(socket.closed().await, 1005);
    eventually("the connection is over", || hub.connection_count() == 0).await;
}

#[tokio::test]
async fn a_stream_that_is_reset_before_its_answer_gives_its_slot_back() {
    let is_asked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&is_asked);
    let builder = echo().before_connect_async(move |_| {
        asked.store(true, Ordering::Relaxed);
        Box::pin(std::future::pending())
    });
    let (address, hub) = serve(builder).await;
    let mut connection = Connection::to(address).await;
    let (_response, mut out) = connection.ask("websocket", "/ws", &[VERSION]).await;
    eventually("the hook is asked", || is_asked.load(Ordering::Relaxed)).await;
    assert_eq!(hub.connection_count(), 1);
    out.send_reset(Reason::CANCEL);
    eventually("the slot is free", || hub.connection_count() == 0).await;
}

/// The window of a stream is its backpressure: what a peer does not read waits in its outbox, within the bounds of that.
#[tokio::test]
async fn a_stream_that_is_not_read_is_bounded_and_ends_alone() {
    const WINDOW: u32 = 16 << 10;
    // More than one write: hyper would take such a message as a whole, whatever the window is.
    const MESSAGE: usize = 128 << 10;
    const MESSAGES: usize = 50;
    const OUTBOX: usize = 4 * MESSAGE + 100;
    let mut config = Config::default();
    config.outbox.message_bytes = 2 * MESSAGE as u32;
    config.outbox.bytes = OUTBOX as u32;
    config.deadlines.write = Duration::from_secs(2);
    let (told, mut ends) = mpsc::unbounded_channel();
    let builder = echo()
        .config(config)
        .on_connect(|client| _ = client.hub().join(client.id(), "all"))
        .on_disconnect(move |_, disconnected| _ = told.send(disconnected));
    let (address, hub) = serve(builder).await;
    let mut connection = Connection::with_window(address, WINDOW).await;
    let (_, _slow) = connection.open("/ws", &[]).await;
    eventually("the slow one has joined", || hub.member_count("all") == 1).await;
    let message = "x".repeat(MESSAGE);
    for _ in 0..MESSAGES {
        hub.send_to_room("all", &*message).expect("it is published");
        // The lane writes meanwhile.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let taken = MESSAGES - usize::try_from(hub.stats().dropped_outbox_full).expect("few");
    // The window, and what hyper takes beyond it, are less than a message.
    let most = OUTBOX / MESSAGE + 1;
    assert!(taken <= most, "{taken} of {MESSAGES} messages were taken, {most} have room");
    let (_, mut other) = connection.open("/ws", &[]).await;
    say(&mut other, "I am served").await;
    let disconnected = in_time(ends.recv()).await.expect("the hub lives");
    assert_eq!(disconnected.by, ClosedBy::Hub, "{disconnected:?}");
    say(&mut other, "still here").await;
}

#[tokio::test]
async fn a_drain_closes_the_streams_and_then_the_connection() {
    let (address, hub) = serve(echo()).await;
    let mut connection = Connection::to(address).await;
    let (_, mut socket) = connection.open("/ws", &[]).await;
    say(&mut socket, "hello").await;
    let drain = Drain { idle: Duration::ZERO, spread: Duration::ZERO };
    let drain = hub.drain(drain, Duration::from_secs(20));
    let (drained, code) = tokio::join!(in_time(drain), async {
        let (first, payload) = socket.frame().await.expect("a frame");
        assert_eq!(first, CLOSE);
        socket.send(CLOSE, &payload);
        assert_eq!(socket.frame().await, None);
        u16::from_be_bytes([payload[0], payload[1]])
    });
    assert!(drained.is_ok());
    assert_eq!(code, 1001);
    connection.ended().await;
}
