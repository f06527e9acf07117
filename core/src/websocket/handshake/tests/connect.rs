//! Extended CONNECT (RFC 8441), as an HTTP/2 server reads it.

use crate::websocket::handshake::{BadRequest, Forbidden, Policy, Protocol, Refusal, Request, Upgrade};
use http::{Method, Version, header};

type Headers<'a> = &'a [(&'a str, &'a str)];

const CHAT: &str = "https://example.com/chat?of=all";
const VERSION: (&str, &str) = ("sec-websocket-version", "13");

fn request(version: Version, method: Method, uri: &str, headers: Headers<'_>) -> Request {
    let request = http::Request::builder().version(version).method(method).uri(uri);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into()
}

fn upgrade(uri: &str, headers: Headers<'_>, policy: &Policy) -> Result<Upgrade, Refusal> {
    request(Version::HTTP_2, Method::CONNECT, uri, headers).upgrade(policy)
}

#[test]
fn an_extended_connect_is_answered_200_without_the_headers_of_an_upgrade() {
    let policy = Policy { protocols: vec![Protocol::new("chat").unwrap()], ..Policy::default() };
    let headers = [VERSION, ("sec-websocket-protocol", "superchat, chat"), ("origin", "https://example.com")];
    for version in [Version::HTTP_2, Version::HTTP_3] {
        let request = request(version, Method::CONNECT, CHAT, &headers);
        assert!(request.asks_for_websocket());
        let response = request.upgrade(&policy).unwrap().response();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers().len(), 1, "{response:?}");
        assert_eq!(response.headers()[header::SEC_WEBSOCKET_PROTOCOL], "chat");
    }
}

#[test]
fn only_an_extended_connect_opens_a_websocket_over_http2() {
    // A CONNECT without a scheme asks for a tunnel.
    for (method, uri) in [(Method::GET, CHAT), (Method::POST, CHAT), (Method::CONNECT, "example.com:443")] {
        let request = request(Version::HTTP_2, method, uri, &[VERSION]);
        assert!(!request.asks_for_websocket());
        assert_eq!(request.upgrade(&Policy::default()).err(), Some(BadRequest::Version.into()), "{uri}");
    }
    let over_http1 = request(Version::HTTP_11, Method::CONNECT, CHAT, &[VERSION, ("host", "example.com")]);
    assert_eq!(over_http1.upgrade(&Policy::default()).err(), Some(Refusal::MethodNotAllowed));
}

#[test]
fn the_headers_of_an_extended_connect_are_checked() {
    let cases: &[(Headers<'_>, Option<BadRequest>)] = &[
        (&[VERSION], None),
        (&[VERSION, ("content-length", "0")], None),
        (&[VERSION, ("content-length", "5")], Some(BadRequest::Body)),
        (&[], Some(BadRequest::WebSocketVersion)),
        (&[("sec-websocket-version", "8")], Some(BadRequest::WebSocketVersion)),
        (&[VERSION, VERSION], Some(BadRequest::WebSocketVersion)),
        (&[VERSION, ("host", "example.com")], None),
        (&[VERSION, ("host", "EXAMPLE.com")], None),
        (&[VERSION, ("host", "example.com:443")], Some(BadRequest::Host)),
        (&[VERSION, ("host", "evil.example")], Some(BadRequest::Host)),
        (&[VERSION, ("host", "example.com"), ("host", "example.com")], Some(BadRequest::Host)),
        (&[VERSION, ("sec-websocket-protocol", "a b")], Some(BadRequest::Protocols)),
        (&[VERSION, ("sec-websocket-extensions", ";")], Some(BadRequest::Extensions)),
    ];
    for (headers, expected) in cases {
        let refusal = upgrade(CHAT, headers, &Policy::default()).err();
        assert_eq!(refusal, expected.map(Refusal::from), "{headers:?}");
    }
    assert_eq!(
        upgrade("https://a@example.com/", &[VERSION], &Policy::default()).err(),
        Some(BadRequest::Host.into())
    );
}

#[test]
fn the_origin_is_compared_with_the_authority() {
    let foreign = Some(Refusal::Forbidden(Forbidden::Origin));
    for (origin, expected) in [
        ("https://example.com", None),
        ("https://example.com:443", None),
        ("https://example.com:8443", foreign.clone()),
        ("https://evil.example", foreign),
    ] {
        let refusal = upgrade(CHAT, &[VERSION, ("origin", origin)], &Policy::default()).err();
        assert_eq!(refusal, expected, "{origin}");
    }
}
