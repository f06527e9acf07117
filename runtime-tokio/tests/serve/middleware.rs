//! Messages handled by services, on tokio with its timers and semaphores.

use crate::common::Server;
use std::convert::Infallible;
use std::time::Duration;
use throng_tokio::middleware::{CatchPanicLayer, Incoming, ServiceError, TimeoutLayer};
use throng_tokio::{Hub, Message};
use tokio::time::sleep;
use tower::timeout::error::Elapsed;
use tower::{BoxError, ServiceBuilder, service_fn};

/// Echoes; `sleep` for ever, `nap` for a moment, `panic` at once.
async fn handle(incoming: Incoming) -> Result<Message, Infallible> {
    match incoming.message.as_bytes() {
        b"sleep" => std::future::pending().await,
        b"nap" => sleep(Duration::from_millis(20)).await,
        b"panic" => panic!("as asked for by a test"),
        _ => {}
    }
    Ok(incoming.message)
}

#[tokio::test]
async fn a_handler_that_hangs_is_given_up_by_our_timer() {
    let layer = TimeoutLayer::new(Duration::from_millis(50));
    let service = ServiceBuilder::new().layer(layer).service(service_fn(handle));
    let server = Server::start(Hub::builder().messages(service)).await;
    let mut client = server.connect("/").await;
    for said in ["nap", "sleep", "after"] {
        client.send(said).await;
    }
    assert_eq!(client.text().await, "nap");
    let error = r#"{"type":"error","code":"timed_out","message":"the handler took longer than 50ms"}"#;
    assert_eq!(client.text().await, error);
    assert_eq!(client.text().await, "after");
}

#[tokio::test]
async fn a_handler_that_hangs_is_given_up_by_the_timer_of_tower() {
    let service = ServiceBuilder::new()
        .map_err(
            |error: BoxError| {
                if error.is::<Elapsed>() { ServiceError::Other("elapsed") } else { error.into() }
            },
        )
        .timeout(Duration::from_millis(50))
        .service(service_fn(handle));
    let server = Server::start(Hub::builder().messages(service)).await;
    let mut client = server.connect("/").await;
    for said in ["nap", "sleep", "after"] {
        client.send(said).await;
    }
    assert_eq!(client.text().await, "nap");
    assert_eq!(client.text().await, r#"{"type":"error","code":"elapsed","message":"elapsed"}"#);
    assert_eq!(client.text().await, "after");
}

#[tokio::test]
async fn a_panic_is_answered_and_the_client_lives() {
    let service = ServiceBuilder::new().layer(CatchPanicLayer).service(service_fn(handle));
    let server = Server::start(Hub::builder().messages(service)).await;
    let mut client = server.connect("/").await;
    client.send("panic").await;
    assert_eq!(client.text().await, r#"{"type":"error","code":"panicked","message":"the handler failed"}"#);
    client.send("still here").await;
    assert_eq!(client.text().await, "still here");
}

#[tokio::test]
async fn at_the_concurrency_limit_clients_take_turns() {
    let service = ServiceBuilder::new().concurrency_limit(1).service(service_fn(handle));
    let server = Server::start(Hub::builder().messages(service)).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(server.connect("/").await);
    }
    for client in &mut clients {
        client.send("nap").await;
        client.send("done").await;
    }
    for client in &mut clients {
        assert_eq!(client.text().await, "nap");
        assert_eq!(client.text().await, "done");
    }
}
