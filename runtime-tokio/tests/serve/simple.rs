//! The smallest example, as it is.

use crate::common::{Client, PATIENCE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[path = "../../examples/simple.rs"]
#[allow(dead_code)]
mod example;

#[tokio::test]
async fn what_one_page_says_all_hear() {
    let (hub, app) = example::app().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(axum::serve(listener, app).into_future());
    let mut pages = [Client::connect(address, "/ws").await, Client::connect(address, "/ws").await];
    while hub.member_count("lobby") < 2 {
        tokio::task::yield_now().await;
    }
    pages[0].send("hello").await;
    for page in &mut pages {
        assert_eq!(page.text().await, "hello");
    }

    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.contains("new WebSocket("), "{answer}");
    assert!(answer.contains("content-security-policy: frame-ancestors 'none'\r\n"), "{answer}");
    serving.abort();
}
