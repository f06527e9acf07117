//! Futures that are dropped before they are ready.

use crate::common::{Client, PATIENCE};
use axum::response::{IntoResponse, Response};
use axum::{Router, http::StatusCode, routing::get};
use futures_util::{SinkExt, StreamExt};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use throng_tokio::axum::Upgrade;
use throng_tokio::{Builder, Hub, serve, serve_stream};
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{client_async, connect_async};

/// Nothing here takes more polls.
const MOST: usize = 1000;

/// Polls a future so often at most, and drops it.
async fn for_polls<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap()
}

fn echo() -> Builder {
    Hub::builder().on_message(|client, message| {
        let _ = client.send(message);
    })
}

/// Opens a WebSocket, hears an echo and takes leave; or the other end goes before that.
async fn talk(stream: DuplexStream) -> Result<(), tungstenite::Error> {
    let (mut socket, _) = client_async("ws://pipe/", stream).await?;
    socket.send(Message::text("hello")).await?;
    let heard = socket.next().await.ok_or(tungstenite::Error::ConnectionClosed)??;
    assert_eq!(heard, Message::text("hello"));
    socket.close(None).await?;
    while socket.next().await.is_some() {}
    Ok(())
}

#[tokio::test]
async fn a_connection_whose_serving_is_dropped_has_ended() {
    let hub = echo().build().unwrap();
    for polls in 0..MOST {
        let (ours, theirs) = tokio::io::duplex(64);
        let served = hub.clone();
        let serving =
            tokio::spawn(async move { for_polls(polls, serve_stream(&served, ours, None)).await.is_some() });
        let talked = in_time(talk(theirs)).await;
        let is_done = in_time(serving).await.unwrap();
        assert_eq!(hub.connection_count(), 0, "{polls}");
        if is_done {
            assert!(talked.is_ok() && polls > 3, "{polls}: {talked:?}");
            return;
        }
    }
    panic!("it is never done");
}

/// Gives the hub as many polls to answer as the query says.
async fn impatient(mut upgrade: Upgrade) -> Response {
    let polls = upgrade.connecting().request().query("polls").unwrap().parse().unwrap();
    for_polls(polls, upgrade.accept()).await.unwrap_or_else(|| StatusCode::GATEWAY_TIMEOUT.into_response())
}

#[tokio::test]
async fn an_upgrade_that_is_dropped_while_the_application_is_asked_is_given_up() {
    let builder = echo().before_connect_async(|_| {
        Box::pin(async {
            for _ in 0..3 {
                yield_now().await;
            }
            Ok(())
        })
    });
    let hub = builder.build().unwrap();
    let app = Router::new().route("/", get(impatient)).with_state(hub.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, app).into_future());
    for polls in 0..4 {
        let Err(tungstenite::Error::Http(answer)) =
            in_time(connect_async(format!("ws://{address}/?polls={polls}"))).await
        else {
            panic!("{polls}: an open WebSocket, or no answer")
        };
        assert_eq!(answer.status(), 504);
        let stats = hub.stats();
        assert_eq!((stats.accepted, stats.handshakes, stats.reserved), (polls + 1, 0, 0), "{polls}");
        assert_eq!(hub.connection_count(), 0, "{polls}");
    }
    let mut client = Client::connect(address, "/?polls=4").await;
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
}

#[tokio::test]
async fn a_listener_whose_serving_is_dropped_takes_no_more_and_those_there_live_on() {
    let hub = echo().build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(serve(listener, hub.clone()));
    let mut there = Client::connect(address, "/").await;
    serving.abort();
    assert!(in_time(serving).await.unwrap_err().is_cancelled());
    in_time(async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    there.send("still there").await;
    assert_eq!(there.text().await, "still there");
    hub.shutdown();
    assert_eq!(there.closed().await.0, 1001);
}
