//! What the hooks before a client decide, under axum.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "axum")]

use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use throng_tokio::{CloseCode, CloseFrame, Hub, Refusal};
use tokio::net::TcpListener;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

/// `/no` is refused with a header; everybody else has to say a word, and echoes by a handler of its own.
async fn serve() -> (SocketAddr, Hub) {
    let builder = Hub::builder()
        .before_connect(|connecting| {
            if connecting.path() == "/no" {
                connecting.set_refusal_header(
                    http::header::WWW_AUTHENTICATE,
                    http::HeaderValue::from_static("Bearer"),
                );
                let body = format!("{} is closed\n", connecting.path()).into();
                return Err(Refusal::Custom { status: http::StatusCode::UNAUTHORIZED, body });
            }
            connecting.authenticate();
            connecting.on_message(|client, message| client.send(message).unwrap());
            Ok(())
        })
        .authenticate(|session| {
            Box::pin(async move {
                match session.receive().await?.as_bytes() {
                    b"sesame" => Ok(()),
                    _ => Err(CloseFrame::new(CloseCode(4401), "who?")),
                }
            })
        });
    let hub = builder.build().unwrap();
    let app = axum::Router::new()
        .route("/{*path}", axum::routing::get(throng_tokio::axum::connect))
        .with_state(hub.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, hub)
}

#[tokio::test]
async fn a_refusal_under_axum_has_its_headers() {
    let (address, _) = serve().await;
    let Err(Error::Http(response)) = connect_async(format!("ws://{address}/no")).await else {
        panic!("it is not refused")
    };
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn who_authenticates_under_axum_loses_no_message() {
    let (address, hub) = serve().await;
    let (mut socket, _) = connect_async(format!("ws://{address}/yes")).await.unwrap();
    for text in ["sesame", "one", "two"] {
        socket.feed(Message::text(text)).await.unwrap();
    }
    socket.flush().await.unwrap();
    for text in ["one", "two"] {
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(text));
    }
    assert_eq!(hub.client_count(), 1);
    let (mut socket, _) = connect_async(format!("ws://{address}/yes")).await.unwrap();
    socket.send(Message::text("barley")).await.unwrap();
    let Message::Close(Some(close)) = socket.next().await.unwrap().unwrap() else { panic!("it is let in") };
    assert_eq!((u16::from(close.code), &*close.reason), (4401, "who?"));
    assert_eq!(hub.client_count(), 1);
}
