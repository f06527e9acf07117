//! The pages beside the WebSockets.

use std::time::Duration;

use throng_core::Rate;
use throng_core::hub::{Config, State};
use throng_tests::http::{get, head};
use throng_tests::raw::Raw;
use throng_tests::wait::eventually;

use super::draining::{LONG, leave, over};
use super::refusals::{HERE, knock};
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
        // Whoever asks is none of them.
        assert_eq!(json["connections"], 1);
        assert!(json["uptime"].as_f64().is_some_and(|uptime| uptime >= 0.0));
    }
}

/// How a hub comes to refuse newcomers, and what is said to whoever asks whether it takes any.
type Full = (&'static str, fn(&mut Config), Option<&'static str>);

const FULL: [Full; 3] = [
    ("per_address", |config| config.admission.per_address = Some(1), None),
    ("connect_rate", |config| config.admission.connect_rate = Some(Rate::per(1, HOUR).burst(1)), None),
    ("connections", |config| config.admission.connections = Some(1), Some("connection limit reached (1)")),
];
const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn health_is_answered_whatever_admission_says(host: &Host) {
    for (name, change, reason) in FULL {
        let server = host.server(change);
        let client = server.open("/ws");
        assert!([429, 503].contains(&knock(&server, HERE, "/sink").0), "{name}");
        for _ in 0..3 {
            assert_eq!(get(server.address, "/healthz").status, 200, "{name}");
            assert_eq!(head(server.address, "/healthz").status, 200, "{name}");
            let ready = get(server.address, "/readyz");
            let json: serde_json::Value = serde_json::from_str(&ready.body).expect("JSON");
            assert_eq!(ready.status, if reason.is_some() { 503 } else { 200 }, "{name}: {json}");
            assert_eq!(json["reason"].as_str(), reason, "{name}");
            assert_eq!(json["ready"], reason.is_none(), "{name}");
        }
        drop(client);
    }
}

pub(crate) fn an_upgrade_to_something_else_is_ignored_where_health_is_asked_for(host: &Host) {
    let server = host.server(|_| {});
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/sink", 426)] {
        let mut raw = Raw::connect(server.address);
        let h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk";
        raw.send(format!("GET {path} HTTP/1.1\r\nHost: throng.test\r\n{h2c}\r\n\r\n").as_bytes());
        assert_eq!(raw.response().status, status, "{path}");
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
