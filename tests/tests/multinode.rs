//! The example `multinode`: two processes and a Redis server as one chat.

use std::net::SocketAddr;
use std::time::Duration;

use throng_tests::example::Example;
use throng_tests::http::Response;
use throng_tests::raw::{Connect, Raw};
use throng_tests::servers::Redis;
use throng_tests::wait::{eventually, within};

fn node(redis: &Redis, id: &str) -> Example {
    Example::start("multinode", &["--address", "127.0.0.1:0", "--redis", &redis.url(), "--node", id])
}

fn readiness(address: SocketAddr) -> u16 {
    let mut raw = Connect::default().to(address);
    raw.send(b"GET /readyz HTTP/1.1\r\nHost: throng.test\r\nConnection: close\r\n\r\n");
    raw.response().status
}

fn page(address: SocketAddr) -> Response {
    let mut raw = Connect::default().to(address);
    raw.send(b"GET / HTTP/1.1\r\nHost: throng.test\r\nConnection: close\r\n\r\n");
    raw.response()
}

/// The next line that somebody says: `NODE: TEXT`. What is told of the cluster is left out.
fn said(page: &mut Raw) -> String {
    loop {
        let message: serde_json::Value = serde_json::from_slice(&page.message()).expect("JSON");
        if let Some(said) = message.get("said") {
            return format!(
                "{}: {}",
                said["node"].as_str().unwrap_or("?"),
                said["text"].as_str().unwrap_or("?")
            );
        }
    }
}

/// Waits until both pages hear what is said on one of them.
fn comes_together(pages: &mut [Raw; 2]) {
    let mut attempt = 0;
    let is_heard = within(Duration::from_secs(60), || {
        attempt += 1;
        pages[0].say(&format!("attempt {attempt}"));
        pages[1].patience(Duration::from_secs(1));
        let heard = pages[1].frame().is_ok_and(|frame| {
            frame.is_some_and(|frame| String::from_utf8_lossy(&frame.payload).contains("attempt"))
        });
        pages[1].patience(Duration::from_secs(10));
        heard
    });
    assert!(is_heard, "the pages do not hear each other");
    for (page, last) in pages.iter_mut().zip(["own", "other"]) {
        page.say(last);
    }
    for page in pages {
        let mut open = vec!["own", "other"];
        while !open.is_empty() {
            let line = said(page);
            open.retain(|last| !line.ends_with(last));
        }
    }
}

#[test]
fn what_is_said_on_one_node_is_heard_on_the_other_and_an_outage_of_redis_shows_and_passes() {
    let mut redis = Redis::start(&[]);
    let nodes = [node(&redis, "one"), node(&redis, "two")];
    for node in &nodes {
        eventually("the node is ready", || readiness(node.address) == 200);
        let page = page(node.address);
        assert!(page.body.contains("<!doctype html>"), "{page:?}");
        assert_eq!(page.header("content-security-policy"), Some("frame-ancestors 'none'"));
    }
    let mut pages = [0, 1].map(|node: usize| Raw::open(nodes[node].address, "/ws"));
    comes_together(&mut pages);
    pages[1].say("hello from two");
    assert_eq!(said(&mut pages[0]), "two: hello from two");
    assert_eq!(said(&mut pages[1]), "two: hello from two");

    redis.server.kill();
    for node in &nodes {
        eventually("the outage shows", || readiness(node.address) == 503);
    }
    pages[0].say("alone");
    assert_eq!(said(&mut pages[0]), "one: alone");
    redis.start_again();
    for node in &nodes {
        assert!(within(Duration::from_secs(60), || readiness(node.address) == 200), "it is not ready again");
    }
    comes_together(&mut pages);
}
