use super::host::World;
use super::peer::Peer;
use crate::Hub;
use http::{StatusCode, header};
use std::time::Duration;
use throng_core::hub::{Drain, State};

/// The answer to a method and path: head and body.
fn ask(world: &mut World, method: &str, path: &str) -> (String, String) {
    let peer: Peer = world.accept();
    peer.push(format!("{method} {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
    world.run();
    let (head, body) = peer.answer();
    peer.end();
    world.run();
    (head, body.concat())
}

#[test]
fn a_hub_without_a_host_is_alive_and_not_ready() {
    let hub = Hub::builder().build().unwrap();
    let health = hub.health();
    assert!(health.is_alive && !health.is_ready && !health.is_started);
    assert_eq!((health.state, health.uptime, health.connections), (State::Running, Duration::ZERO, 0));
    let json = r#"{"alive":true,"ready":false,"state":"starting","uptime":0,"connections":0,"reason":"the hub is not served yet"}"#;
    assert_eq!(health.to_json(), json);
    assert_eq!(health.liveness().status(), StatusCode::OK);
    let answer = health.readiness();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
    assert_eq!(answer.body(), json);
}

#[test]
fn a_hub_that_ends_before_it_had_a_host_is_neither_starting_nor_alive() {
    let hub = Hub::builder().build().unwrap();
    hub.shutdown();
    let health = hub.health();
    assert!(!health.is_alive && !health.is_ready);
    assert!(health.to_json().contains(r#""state":"stopped""#), "{}", health.to_json());
    assert_eq!(health.liveness().status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn with_its_host_it_is_ready_until_it_drains() {
    let mut world = World::new(Hub::builder());
    world.pass(Duration::from_millis(2_500));
    let health = world.hub.health();
    assert!(health.is_alive && health.is_ready && health.is_started);
    let json = r#"{"alive":true,"ready":true,"state":"running","uptime":2.5,"connections":0}"#;
    assert_eq!(health.to_json(), json);
    let _client = world.connect();
    let hour = Duration::from_secs(3600);
    let drain = world.hub.drain(Drain { idle: hour, spread: hour }, hour);
    world.spawn(async {
        let _ = drain.await;
    });
    world.run();
    let health = world.hub.health();
    assert!(health.is_alive && !health.is_ready);
    assert_eq!(health.readiness().status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn health_is_asked_by_get_and_by_head_and_never_kept() {
    let mut world = World::new(Hub::builder());
    for path in ["/healthz", "/readyz"] {
        let (head, body) = ask(&mut world, "GET", path);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(head.to_lowercase().contains("cache-control: no-store"), "{head}");
        assert!(body.starts_with(r#"{"alive":true,"#), "{body}");
        let (only_head, nothing) = ask(&mut world, "HEAD", path);
        assert_eq!((only_head, nothing.as_str()), (head, ""), "the same head, the length included");
        let (head, _) = ask(&mut world, "POST", path);
        assert!(!head.starts_with("HTTP/1.1 200"), "{head}");
    }
}
