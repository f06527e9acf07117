//! Requests that open no WebSocket. `handshake.rs` has all of them; here it is a client that asks.

use throng_tests::http::upgrade;
use throng_tests::raw::Raw;
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
