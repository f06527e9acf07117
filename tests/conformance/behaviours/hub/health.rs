//! The pages beside the WebSockets.

use std::time::Duration;

use throng_core::hub::State;
use throng_tests::http::{get, head};
use throng_tests::wait::eventually;

use super::draining::{LONG, leave, over};
use crate::behaviours::peer::run;
use crate::hosts::Host;

pub(crate) fn health_is_served_on_the_same_port(host: &Host) {
    let server = host.server(|_| {});
    let _client = server.open("/ws");
    for path in ["/healthz", "/readyz"] {
        // Who asked before has gone.
        server.returns_to(1);
        let response = get(server.address, path);
        assert_eq!((response.status, response.header("content-type")), (200, Some("application/json")));
        assert_eq!(response.header("cache-control"), Some("no-store"));
        server.returns_to(1);
        let head = head(server.address, path);
        assert_eq!((head.status, head.header("cache-control")), (200, Some("no-store")));
        assert_eq!(head.header("content-type"), Some("application/json"));
        let json: serde_json::Value = serde_json::from_str(&response.body).expect("JSON");
        assert_eq!((&json["alive"], &json["ready"]), (&true.into(), &true.into()));
        assert_eq!(json["state"], "running");
        // Whoever asks is one of them, unless an HTTP server stands in front.
        assert!(json["connections"].as_u64().is_some_and(|count| (1..=2).contains(&count)), "{json}");
        assert!(json["uptime"].as_f64().is_some_and(|uptime| uptime >= 0.0));
    }
}

pub(crate) fn a_hub_that_drains_is_alive_and_not_ready(host: &Host) {
    let server = host.server(|_| {});
    let raw = server.open("/ws");
    run(async {
        let draining = tokio::spawn(server.hub.drain(over(Duration::from_secs(3600)), LONG));
        eventually("it drains", || server.hub.state() == State::Draining);
        let (healthy, ready) = (get(server.address, "/healthz"), get(server.address, "/readyz"));
        assert_eq!((healthy.status, ready.status), (200, 503));
        assert_eq!(ready.header("content-type"), Some("application/json"));
        let json: serde_json::Value = serde_json::from_str(&ready.body).expect("JSON");
        assert_eq!((&json["alive"], &json["ready"]), (&true.into(), &false.into()));
        assert_eq!(json["state"], "draining");
        server.hub.shutdown();
        draining.await.expect("no panic").expect("a shutdown releases it");
    });
    leave(raw);
}
