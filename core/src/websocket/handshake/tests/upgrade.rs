use super::{HEADERS, head, receive, upgrade, upgrade_with};
use crate::websocket::handshake::{
    BadRequest, NotOffered, Policy, Protocol, Refusal, ReservedHeader, UnmatchedProtocol, Upgrade,
    UpgradeRequired,
};
use http::{HeaderName, HeaderValue, header};

fn protocols(names: &[&str]) -> Vec<Protocol> {
    names.iter().map(|name| Protocol::new(name).unwrap()).collect()
}

fn policy_with(names: &[&str]) -> Policy {
    Policy { protocols: protocols(names), ..Policy::default() }
}

#[test]
fn the_example_of_rfc_6455_section_1_3_is_accepted() {
    let more = [("Origin", "http://server.example.com"), ("Sec-WebSocket-Protocol", "chat, superchat")];
    let upgrade = upgrade(upgrade_with(&more), &policy_with(&["chat"])).unwrap();
    let response = String::from_utf8(upgrade.to_bytes()).unwrap();
    assert_eq!(
        response,
        "HTTP/1.1 101 Switching Protocols\r\n\
         connection: Upgrade\r\n\
         upgrade: websocket\r\n\
         sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         sec-websocket-protocol: chat\r\n\r\n"
    );
}

/// A header of an upgrade, its new value (`None`: the header is missing), and the expected refusal.
type Case = (&'static str, Option<&'static str>, Option<Refusal>);

fn cases() -> Vec<Case> {
    let version = || Some(Refusal::UpgradeRequired(UpgradeRequired::Version));
    let plain = || Some(Refusal::UpgradeRequired(UpgradeRequired::Upgrade));
    let bad = |bad: BadRequest| Some(Refusal::from(bad));
    vec![
        ("Upgrade", None, plain()),
        ("Upgrade", Some("h2c"), plain()),
        ("Upgrade", Some("websockets"), plain()),
        ("Upgrade", Some("h2c, WebSocket"), None),
        ("Connection", None, bad(BadRequest::Connection)),
        ("Connection", Some("close"), bad(BadRequest::Connection)),
        ("Connection", Some("upgraded"), bad(BadRequest::Connection)),
        ("Connection", Some("keep-alive, uPGRADE"), None),
        ("Connection", Some("keep-alive\r\nConnection: upgrade"), None),
        ("Sec-WebSocket-Version", None, version()),
        ("Sec-WebSocket-Version", Some("12"), version()),
        ("Sec-WebSocket-Version", Some("130"), version()),
        ("Sec-WebSocket-Version", Some("13, 8"), version()),
        ("Sec-WebSocket-Version", Some("13\r\nSec-WebSocket-Version: 13"), bad(BadRequest::WebSocketVersion)),
        ("Sec-WebSocket-Key", None, bad(BadRequest::Key)),
        ("Sec-WebSocket-Key", Some(""), bad(BadRequest::Key)),
        ("Sec-WebSocket-Key", Some("dGhlIHNhbXBsZSBub25jZQ"), bad(BadRequest::Key)),
        // The example of RFC 6455 section 4.1, which sets unused bits.
        ("Sec-WebSocket-Key", Some("AQIDBAUGBwgJCgsMDQ4PEC=="), None),
        ("Sec-WebSocket-Key", Some("dGhlIHNhbXBsZSBub25jZR=="), None),
        ("Sec-WebSocket-Key", Some("dGhlIHNhbXBsZSBub25jZQ=A"), bad(BadRequest::Key)),
        ("Sec-WebSocket-Key", Some("dGhlIHNhbXBsZSBub25jZQ==AA"), bad(BadRequest::Key)),
        ("Sec-WebSocket-Key", Some("dGhlIHNhbXBsZSBub25j"), bad(BadRequest::Key)),
        ("Sec-WebSocket-Key", Some("dGhlIHNhbXBsZSBub25jZQAA"), bad(BadRequest::Key)),
        ("Sec-WebSocket-Key", Some("dGhlIHNhbXBsZSBub2-jZQ=="), bad(BadRequest::Key)),
        (
            "Sec-WebSocket-Key",
            Some("dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
            bad(BadRequest::Key),
        ),
        ("Sec-WebSocket-Version", Some("13\r\nContent-Length: 0"), None),
        ("Sec-WebSocket-Version", Some("13\r\nContent-Length: 00"), None),
        ("Sec-WebSocket-Version", Some("13\r\nContent-Length: 0\r\nContent-Length: 000"), None),
        ("Sec-WebSocket-Version", Some("13\r\nContent-Length: 0, 0"), bad(BadRequest::Body)),
        ("Sec-WebSocket-Version", Some("13\r\nContent-Length: 5"), bad(BadRequest::Body)),
        ("Sec-WebSocket-Version", Some("13\r\nContent-Length: "), bad(BadRequest::Body)),
        ("Sec-WebSocket-Version", Some("13\r\nContent-Length: +0"), bad(BadRequest::Body)),
        (
            "Sec-WebSocket-Version",
            Some("13\r\nContent-Length: 0\r\nContent-Length: 5"),
            bad(BadRequest::Body),
        ),
        ("Sec-WebSocket-Version", Some("13\r\nTransfer-Encoding: chunked"), bad(BadRequest::Body)),
        ("Sec-WebSocket-Version", Some("13\r\nTransfer-Encoding: identity"), bad(BadRequest::Body)),
        ("Host", None, bad(BadRequest::Host)),
        ("Host", Some(""), bad(BadRequest::Host)),
        ("Host", Some("a b"), bad(BadRequest::Host)),
        ("Host", Some("a@b"), bad(BadRequest::Host)),
        ("Host", Some("a/b"), bad(BadRequest::Host)),
        ("Host", Some("a:http"), bad(BadRequest::Host)),
        ("Host", Some("a:99999"), bad(BadRequest::Host)),
        ("Host", Some(":80"), bad(BadRequest::Host)),
        ("Host", Some("a\r\nHost: a"), bad(BadRequest::Host)),
        ("Host", Some("a[::1]:80"), bad(BadRequest::Host)),
        ("Host", Some("a[;:1]:80"), bad(BadRequest::Host)),
        ("Host", Some("[::1]a"), bad(BadRequest::Host)),
        ("Host", Some("[::1]:8080"), None),
        ("Host", Some("127.0.0.1:8080"), None),
    ]
}

#[test]
fn every_header_of_an_upgrade_is_checked() {
    for (name, value, expected) in cases() {
        let headers = HEADERS.into_iter().filter_map(|(header, usual)| match value {
            Some(value) if header == name => Some((header, value)),
            None if header == name => None,
            _ => Some((header, usual)),
        });
        let bytes = head("GET / HTTP/1.1", headers);
        assert_eq!(upgrade(&bytes, &Policy::default()).err(), expected, "{name}: {value:?}");
    }
}

#[test]
fn the_method_and_the_http_version_are_checked() {
    for (line, expected) in [
        ("GET / HTTP/1.1", None),
        ("GET http://server.example.com/ HTTP/1.1", None),
        ("POST / HTTP/1.1", Some(Refusal::MethodNotAllowed)),
        ("HEAD / HTTP/1.1", Some(Refusal::MethodNotAllowed)),
        ("get / HTTP/1.1", Some(Refusal::MethodNotAllowed)),
        ("GET / HTTP/1.0", Some(BadRequest::Version.into())),
    ] {
        assert_eq!(upgrade(head(line, HEADERS), &Policy::default()).err(), expected, "{line}");
    }
}

#[test]
fn the_parts_of_another_http_server_are_checked_alike() {
    let mut request = http::Request::builder().uri("/ws");
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let upgrade = Upgrade::check(&parts, &Policy::default()).unwrap();
    assert_eq!(upgrade.response().headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    parts.version = http::Version::HTTP_2;
    assert_eq!(Upgrade::check(&parts, &Policy::default()).err(), Some(BadRequest::Version.into()));
}

#[test]
fn the_server_prefers_among_the_subprotocols_that_are_offered() {
    for (offered, spoken, chosen) in [
        (vec![], vec!["a"], None),
        (vec!["a"], vec![], None),
        (vec!["a"], vec!["b"], None),
        (vec!["a"], vec!["A"], None),
        (vec!["b, a"], vec!["a", "b"], Some("a")),
        (vec!["c", "b"], vec!["a", "b"], Some("b")),
    ] {
        let more: Vec<_> = offered.iter().map(|list| ("Sec-WebSocket-Protocol", *list)).collect();
        let upgrade = upgrade(upgrade_with(&more), &policy_with(&spoken)).unwrap();
        assert_eq!(upgrade.protocol().map(Protocol::name), chosen, "{offered:?} {spoken:?}");
        let header = upgrade.response().headers().get("sec-websocket-protocol").cloned();
        assert_eq!(header.as_ref().map(|value| value.to_str().unwrap()), chosen);
    }
}

#[test]
fn a_policy_that_would_refuse_everybody_is_an_error() {
    use crate::hub::{ConfigError, Must};
    let (refuse, open) = (UnmatchedProtocol::Refuse, UnmatchedProtocol::Open);
    let nobody = ConfigError { field: "subprotocols", value: 0, must: Must::NameASubprotocol };
    for (unmatched_protocol, protocols, expected) in [
        (refuse, &[][..], Err(nobody)),
        (refuse, &["a"], Ok(())),
        (open, &[], Ok(())),
        (open, &["a"], Ok(())),
    ] {
        let policy = Policy { unmatched_protocol, ..policy_with(protocols) };
        assert_eq!(policy.validate(), expected, "{policy:?}");
        let offer = [("Sec-WebSocket-Protocol", "a, b")];
        assert_eq!(upgrade(upgrade_with(&offer), &policy).is_ok(), expected.is_ok(), "{policy:?}");
    }
}

#[test]
fn a_request_without_a_common_subprotocol_is_refused_if_the_policy_says_so() {
    let policy = Policy { unmatched_protocol: UnmatchedProtocol::Refuse, ..policy_with(&["a", "b"]) };
    for (offered, chosen) in [(None, None), (Some("c"), None), (Some("A"), None), (Some("c, b"), Some("b"))] {
        let more: Vec<_> = offered.iter().map(|list| ("Sec-WebSocket-Protocol", *list)).collect();
        let upgrade = upgrade(upgrade_with(&more), &policy);
        let refusal = BadRequest::NoCommonProtocol.into();
        let name = upgrade.as_ref().map(|upgrade| upgrade.protocol().map(Protocol::name));
        assert_eq!(name, chosen.map(Some).ok_or(&refusal), "{offered:?}");
    }
}

#[test]
fn the_application_may_choose_what_is_offered_and_nothing_else() {
    let bytes = upgrade_with(&[("Sec-WebSocket-Protocol", "a, b")]);
    let mut upgrade = upgrade(bytes, &policy_with(&["a"])).unwrap();
    assert_eq!(upgrade.choose_protocol(Protocol::new("c").unwrap()), Err(NotOffered));
    assert_eq!(upgrade.protocol().map(Protocol::name), Some("a"));
    upgrade.choose_protocol(Protocol::new("b").unwrap()).unwrap();
    assert_eq!(upgrade.response().headers()["sec-websocket-protocol"], "b");
    upgrade.choose_no_protocol();
    assert!(!upgrade.response().headers().contains_key("sec-websocket-protocol"));
}

#[test]
fn no_subprotocol_can_hold_a_line_break_or_a_separator() {
    for name in ["", "a b", "a,b", "a\r\nSet-Cookie: x", "é", "a;b", "\"a\""] {
        let error = Protocol::new(name).unwrap_err();
        assert_eq!(error.name(), name);
        assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
        assert_eq!(format!("{error:?}"), error.to_string(), "what `main` prints");
    }
}

#[test]
fn the_application_may_add_headers_but_not_break_the_handshake() {
    let mut upgrade = upgrade(upgrade_with(&[]), &Policy::default()).unwrap();
    upgrade.add_header(header::SET_COOKIE, HeaderValue::from_static("a=b")).unwrap();
    upgrade.add_header(header::SET_COOKIE, HeaderValue::from_static("c=d")).unwrap();
    for name in ["connection", "upgrade", "sec-websocket-accept", "sec-websocket-protocol", "content-length"]
    {
        let result = upgrade.add_header(HeaderName::from_static(name), HeaderValue::from_static("x"));
        assert_eq!(result, Err(ReservedHeader), "{name}");
    }
    let bytes = upgrade.to_bytes();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("set-cookie: a=b\r\nset-cookie: c=d\r\n"));
    assert_eq!(text.matches("connection:").count(), 1);
    assert!(text.ends_with("\r\n\r\n"));
}

#[test]
fn an_extension_is_answered_when_it_is_accepted() {
    let bytes = upgrade_with(&[("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]);
    let mut upgrade = upgrade(bytes, &Policy::default()).unwrap();
    assert!(!upgrade.response().headers().contains_key("sec-websocket-extensions"));
    assert_eq!(upgrade.offered_extensions().iter().next().unwrap().name(), "permessage-deflate");
    upgrade.accept_extension(HeaderValue::from_static("permessage-deflate"));
    assert_eq!(upgrade.response().headers()["sec-websocket-extensions"], "permessage-deflate");
}

#[test]
fn a_request_keeps_what_the_http_server_attached() {
    let mut parts = receive(upgrade_with(&[])).unwrap().unwrap().into_parts();
    parts.extensions.insert(7u32);
    let request = super::Request::from(parts);
    assert_eq!(request.parts().extensions.get::<u32>(), Some(&7));
    assert!(request.upgrade(&Policy::default()).is_ok());
}
