//! Requests that open no WebSocket. `handshake.rs` has all of them; here it is a client that asks.

use throng_core::websocket::handshake::{Handshake, HeadLimits, Policy, Refusal};
use throng_tests::http::upgrade;
use throng_tests::raw::Raw;
use throng_tests::requests::wrong;
use throng_tests::witness::Witness;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::behaviours::peer::{connect, run, url};
use crate::hosts::Host;

pub(crate) fn a_client_that_is_refused_hears_the_status(host: &Host) {
    let server = host.start();
    let mut witness = Witness::open(server.address, server.path);
    run(async {
        for (header, value, expected) in [
            ("sec-websocket-version", "8", 426),
            ("sec-websocket-key", "short", 400),
            ("sec-websocket-extensions", "; a=b", 400),
            ("origin", "http://evil.test", 403),
        ] {
            let mut request = url(server.address, server.path).into_client_request().expect("a URL");
            request.headers_mut().insert(header, HeaderValue::from_static(value));
            let refused = connect(request).await;
            let Err(Error::Http(response)) = refused else { panic!("{header}: {refused:?}") };
            assert_eq!(response.status(), expected, "{header}: {response:?}");
            witness.is_served();
        }
    });
}

pub(crate) fn a_head_that_comes_byte_by_byte_is_taken(host: &Host) {
    let server = host.start();
    let mut raw = Raw::connect(server.address);
    for byte in upgrade(server.path).into_bytes() {
        raw.send(&[byte]);
    }
    assert_eq!(raw.response().status, 101);
    raw.say("hello");
    assert_eq!(raw.message(), b"hello");
}

/// What the core says to a request.
fn refusal_of(request: &str) -> Option<Refusal> {
    let mut bytes = request.as_bytes().to_vec();
    let read = Handshake::new(HeadLimits::default()).receive(&mut bytes.as_mut_slice());
    read.and_then(|request| {
        let request = request.expect("the request is whole, or too long");
        request.check()?;
        request.upgrade(&Policy::default())
    })
    .err()
}

pub(crate) fn a_request_that_is_wrong_is_told_why_in_the_words_of_the_core(host: &Host) {
    let server = host.start();
    let mut failures = Vec::new();
    let (one, page) = (upgrade(server.path), format!("GET {} HTTP/1.1", server.path));
    // What is wrong with it whatever it asks for.
    let others = [
        ("a page without a host", format!("{page}\r\n\r\n")),
        ("a page with two hosts", format!("{page}\r\nHost: a\r\nHost: b\r\n\r\n")),
        ("a page with a host of nothing", format!("{page}\r\nHost:\r\n\r\n")),
        ("a page with two lengths", format!("{page}\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n")),
        ("a page in HTTP/1.0", format!("GET {} HTTP/1.0\r\n\r\n", server.path)),
        ("HTTP/2", format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{one}")),
        ("TLS", format!("\u{16}\u{3}\u{1}\u{2}\r\n\r\n{one}")),
        ("nothing but empty lines", format!("\r\n\r\n\r\n{one}")),
    ];
    let wrong = wrong().into_iter().map(|wrong| (wrong.name, wrong.request(server.path)));
    for (name, request) in wrong.chain(others) {
        // A HEAD has no body, an application's router answers a POST, and it says which paths there are.
        if ["HEAD", "POST", "a path that is not there"].contains(&name) {
            continue;
        }
        let refusal = refusal_of(&request).unwrap_or_else(|| panic!("{name}: the core takes it"));
        let mut raw = Raw::connect(server.address);
        let _ = raw.try_send(request.as_bytes());
        let response = raw.response();
        let (status, body) = (refusal.status().as_u16(), format!("{}\n", refusal.reason()));
        if (response.status, &*response.body) != (status, &*body) {
            failures.push(format!("{name}: {response:?}, not {status} {body:?}"));
        }
    }
    assert!(failures.is_empty(), "{}: {} failures\n{}", host.name, failures.len(), failures.join("\n"));
}
