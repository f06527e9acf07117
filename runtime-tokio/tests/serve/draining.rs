//! Drain and shutdown.

use crate::common::{PATIENCE, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use throng_tokio::{Drain, DrainError, Hub, State};
use tokio_tungstenite::tungstenite;

const SOON: Drain = Drain { idle: Duration::ZERO, spread: Duration::from_millis(50) };

#[tokio::test]
async fn a_drain_closes_everybody_and_ends_serving() {
    let ended = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ended);
    let builder = Hub::builder().on_disconnect(move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let server = Server::start(builder).await;
    let mut clients = Vec::new();
    for _ in 0..10 {
        clients.push(server.connect("/").await);
    }
    server.until(|hub| hub.client_count() == 10).await;
    let first = tokio::spawn(server.hub.drain(SOON, PATIENCE));
    let second = tokio::spawn(server.hub.drain(SOON, PATIENCE));
    for client in &mut clients {
        assert_eq!(client.closed().await.0, 1001);
    }
    assert_eq!(first.await.unwrap(), Ok(()));
    assert_eq!(second.await.unwrap(), Ok(()));
    assert_eq!(ended.load(Ordering::Relaxed), 10);
    assert_eq!(server.hub.state(), State::Stopped);
    tokio::time::timeout(PATIENCE, server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn newcomers_are_sent_away_while_draining() {
    let server = Server::start(Hub::builder()).await;
    let _there = server.connect("/").await;
    server.until(|hub| hub.client_count() == 1).await;
    let slowly = Drain { idle: Duration::ZERO, spread: Duration::from_secs(60) };
    let drain = server.hub.drain(slowly, Duration::from_millis(100));
    let drain = tokio::spawn(drain);
    server.until(|hub| hub.state() == State::Draining).await;
    let refused = tokio_tungstenite::connect_async(format!("ws://{}/", server.address)).await;
    let Err(tungstenite::Error::Http(response)) = refused else { panic!("admitted") };
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(drain.await.unwrap(), Err(DrainError { remaining: 1 }));
    server.hub.shutdown();
    tokio::time::timeout(PATIENCE, server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_releases_a_drain() {
    let server = Server::start(Hub::builder()).await;
    let mut client = server.connect("/").await;
    server.until(|hub| hub.client_count() == 1).await;
    let slowly = Drain { idle: Duration::ZERO, spread: Duration::from_secs(600) };
    let drain = tokio::spawn(server.hub.drain(slowly, Duration::from_secs(600)));
    server.until(|hub| hub.state() == State::Draining).await;
    server.hub.shutdown();
    assert_eq!(drain.await.unwrap(), Ok(()));
    assert_eq!(client.closed().await.0, 1001);
    assert_eq!(server.hub.drain(slowly, Duration::ZERO).await, Ok(()));
}
