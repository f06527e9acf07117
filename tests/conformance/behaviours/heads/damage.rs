//! Requests that are wrong: the HTTP status, also while the peer goes on sending.

use std::io::Write;
use std::thread;

use throng_tests::http::{Response, upgrade};
use throng_tests::raw::Raw;
use throng_tests::requests::wrong;

use crate::hosts::Host;

pub(crate) fn a_request_that_is_wrong_is_refused_and_nobody_else_notices(host: &Host) {
    let server = host.server(|_| {});
    let mut witness = server.witness();
    let mut count = 0;
    for wrong in wrong() {
        let (name, status, request) = (wrong.name, wrong.status, wrong.request("/sink"));
        let mut raw = Raw::connect(server.address);
        raw.send(request.as_bytes());
        let response = answer(&mut raw, name);
        assert_eq!(response.status, status, "{name}: {response:?}");
        let options: Vec<_> =
            response.header("connection").into_iter().flat_map(|list| list.split(", ")).collect();
        // RFC 9112 section 9.6, RFC 9110 section 7.8.
        assert_eq!(options.contains(&"close"), !host.kept.contains(&name), "{name}: {options:?}");
        assert_eq!(options.contains(&"upgrade"), response.header("upgrade").is_some(), "{name}: {options:?}");
        if options.contains(&"close") {
            raw.ended();
        }
        if let Some((header, value)) = wrong.header {
            assert_eq!(response.header(header), Some(value), "{name}");
        }
        drop(raw);
        witness.is_served();
        server.returns_to(1);
        count += u64::from(!host.uncounted.contains(&name));
        assert_eq!(
            server.hub.numbers().refused_requests.values().sum::<u64>(),
            count,
            "{name}: it is counted"
        );
    }
    assert_eq!(server.hub.stats().opened, 1, "only the witness");
}

/// The answer to a wrong request: to a HEAD it has no body.
fn answer(raw: &mut Raw, name: &str) -> Response {
    match name {
        "HEAD" => {
            let response = raw.response_head().expect("an answer");
            assert!(raw.rest().is_empty(), "a body behind the answer to a HEAD");
            response
        }
        _ => raw.response(),
    }
}

pub(crate) fn the_refusal_arrives_although_the_peer_goes_on_sending(host: &Host) {
    let server = host.server(|_| {});
    let mut witness = server.witness();
    for wrong in wrong() {
        let (name, status, request) = (wrong.name, wrong.status, wrong.request("/sink"));
        let mut raw = Raw::connect(server.address);
        let mut writer = raw.writer();
        let writing = thread::spawn(move || {
            writer.write_all(request.as_bytes())?;
            (0..4).try_for_each(|_| writer.write_all(&vec![0x55; 1 << 20]))
        });
        writing.join().expect("it writes").unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(answer(&mut raw, name).status, status, "{name}");
        witness.is_served();
    }
    server.returns_to(1);
}

pub(crate) fn a_head_that_is_too_long_is_refused_before_its_end(host: &Host) {
    let server = host.server(|_| {});
    let mut raw = Raw::connect(server.address);
    raw.send(b"GET /");
    for _ in 0..8 << 10 {
        if raw.writer().write_all(b"a").is_err() {
            break;
        }
    }
    assert_eq!(raw.response().status, 431);
}

pub(crate) fn what_opens_no_websocket_is_told_so(host: &Host) {
    let server = host.server(|_| {});
    for (request, status) in [
        ("GET /page HTTP/1.1\r\nHost: x\r\n\r\n", 426),
        ("POST / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        ("\r\n\r\n\r\n", 400),
    ] {
        let mut raw = Raw::connect(server.address);
        raw.send(request.as_bytes());
        assert_eq!(raw.response().status, status, "{request:?}");
    }
    server.returns_to(0);
}

pub(crate) fn a_head_that_never_reaches_the_application_is_counted_and_nobody_else_notices(host: &Host) {
    let server = host.server(|_| {});
    let mut witness = server.witness();
    let mut expected = 0;
    for (request, name, body) in [
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "bad head", "The request is not HTTP/1.1.\n"),
        ("GET / HTTP/1.1\nHost: x\n\n", "bad head", "The request is not HTTP/1.1.\n"),
        (
            "GET /healthz HTTP/1.1\r\n\r\n",
            "bad host",
            "The request needs one Host header that names a host.\n",
        ),
        ("HEAD /healthz HTTP/1.1\nHost: x\n\n", "bad head", ""),
    ] {
        let mut raw = Raw::connect(server.address);
        raw.send(request.as_bytes());
        let response = raw.response_head().expect("an answer");
        assert_eq!(response.status, 400, "{request:?}");
        assert_eq!(response.header("connection"), Some("close"), "{request:?}");
        assert_eq!(String::from_utf8_lossy(&raw.rest()), body, "{request:?}");
        expected += 1;
        let refused = server.hub.numbers().refused_requests;
        assert_eq!(refused.values().sum::<u64>(), expected, "{request:?} is counted once");
        assert!(refused.contains_key(name), "{request:?}: {refused:?}");
        drop(raw);
        witness.is_served();
        server.returns_to(1);
    }
}

pub(crate) fn a_websocket_is_not_served_where_health_is(host: &Host) {
    let server = host.server(|_| {});
    let no_websocket = "GET /healthz HTTP/1.1\r\nHost: throng.test\r\nUpgrade: websocket\r\n\r\n".to_owned();
    for request in [upgrade("/healthz"), upgrade("/readyz"), no_websocket] {
        let mut raw = Raw::connect(server.address);
        raw.send(request.as_bytes());
        let response = raw.response();
        assert_eq!((response.status, &*response.body), (404, "Nothing is served under this path.\n"));
        raw.ended();
    }
    assert_eq!(server.hub.numbers().refused_requests["not found"], 3);
    server.returns_to(0);
}
