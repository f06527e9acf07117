use crate::websocket::handshake::{
    BadRequest, Forbidden, HeadTooLarge, Refusal, UpgradeRequired, response_bytes,
};
use http::{HeaderMap, Response, StatusCode};

type Headers = &'static [(&'static str, &'static str)];

/// A refusal as a client reads it.
fn parse(bytes: &[u8]) -> (u16, HeaderMap, String) {
    let mut headers = [httparse::EMPTY_HEADER; 20];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(len) = response.parse(bytes).unwrap() else { panic!("a whole head") };
    let map = response.headers.iter().map(|header| {
        (
            header.name.parse::<http::HeaderName>().unwrap(),
            http::HeaderValue::from_bytes(header.value).unwrap(),
        )
    });
    (response.code.unwrap(), map.collect(), String::from_utf8(bytes[len..].to_vec()).unwrap())
}

#[test]
fn an_answer_of_the_application_is_an_error_whatever_status_it_has() {
    for (status, expected) in
        [(400, 400), (401, 401), (599, 599), (399, 403), (600, 403), (101, 403), (0, 403), (u16::MAX, 403)]
    {
        let (code, _, body) = parse(&Refusal::custom(status, "Not you.\n").to_bytes());
        assert_eq!((code, &*body), (expected, "Not you.\n"), "{status}");
    }
}

#[test]
fn every_refusal_is_an_http_response_that_says_why() {
    let custom = Refusal::Custom { status: StatusCode::UNAUTHORIZED, body: "Who are you?\r\n\r\n".into() };
    let cases: Vec<(Refusal, u16, Headers)> = vec![
        (BadRequest::Key.into(), 400, &[]),
        (BadRequest::Host.into(), 400, &[]),
        (BadRequest::WebSocketVersion.into(), 400, &[("sec-websocket-version", "13")]),
        (Refusal::Forbidden(Forbidden::Origin), 403, &[]),
        (Refusal::Forbidden(Forbidden::NoOrigin), 403, &[]),
        (Refusal::NotFound, 404, &[]),
        (Refusal::MethodNotAllowed, 405, &[("allow", "GET")]),
        (
            Refusal::UpgradeRequired(UpgradeRequired::Version),
            426,
            &[("sec-websocket-version", "13"), ("upgrade", "websocket"), ("connection", "close, upgrade")],
        ),
        (
            Refusal::UpgradeRequired(UpgradeRequired::Upgrade),
            426,
            &[("sec-websocket-version", "13"), ("upgrade", "websocket")],
        ),
        (Refusal::TooManyRequests { retry_after: 7 }, 429, &[("retry-after", "7"), ("connection", "close")]),
        (Refusal::HeadTooLarge(HeadTooLarge::Bytes), 431, &[]),
        (Refusal::HeadTooLarge(HeadTooLarge::Headers), 431, &[]),
        (Refusal::Unavailable { retry_after: 0 }, 503, &[("retry-after", "0")]),
        (custom, 401, &[]),
    ];
    for (refusal, status, expected) in cases {
        let (code, headers, body) = parse(&refusal.to_bytes());
        assert_eq!(code, status, "{refusal}");
        assert_eq!(refusal.status(), status);
        assert_eq!(headers["content-length"], body.len().to_string().as_str());
        assert!(headers["connection"].to_str().unwrap().starts_with("close"));
        assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
        assert!(body.starts_with(refusal.reason()));
        for (name, value) in expected {
            assert_eq!(headers[*name], value, "{refusal}");
        }
        if let Refusal::Custom { body: whole, .. } = &refusal {
            assert_eq!(body, *whole, "the application's text, and nothing else");
        }
    }
}

#[test]
fn every_refusal_is_named_and_explained() {
    let all = [
        (BadRequest::Head.into(), "bad head"),
        (BadRequest::Version.into(), "http version"),
        (BadRequest::Host.into(), "bad host"),
        (BadRequest::Length.into(), "bad length"),
        (BadRequest::Connection.into(), "bad connection"),
        (BadRequest::Body.into(), "body"),
        (BadRequest::Key.into(), "bad key"),
        (BadRequest::WebSocketVersion.into(), "bad websocket version"),
        (BadRequest::Protocols.into(), "bad protocols"),
        (BadRequest::Extensions.into(), "bad extensions"),
        (BadRequest::NoCommonProtocol.into(), "no common protocol"),
        (Refusal::Forbidden(Forbidden::Origin), "origin"),
        (Refusal::Forbidden(Forbidden::NoOrigin), "no origin"),
        (Refusal::NotFound, "not found"),
        (Refusal::MethodNotAllowed, "method"),
        (Refusal::UpgradeRequired(UpgradeRequired::Upgrade), "no upgrade"),
        (Refusal::UpgradeRequired(UpgradeRequired::Version), "websocket version"),
        (Refusal::TooManyRequests { retry_after: 1 }, "too many requests"),
        (Refusal::HeadTooLarge(HeadTooLarge::Bytes), "head too long"),
        (Refusal::HeadTooLarge(HeadTooLarge::Headers), "too many headers"),
        (Refusal::Unavailable { retry_after: 1 }, "unavailable"),
        (Refusal::Custom { status: StatusCode::UNAUTHORIZED, body: "Who are you?".into() }, "custom"),
    ];
    let mut reasons: Vec<_> = all.iter().map(|(refusal, _): &(Refusal, _)| refusal.reason()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons.len(), all.len(), "each has its own reason");
    assert!(reasons.iter().all(|reason| reason.contains(' ')), "{reasons:?}");
    for (refusal, name) in &all {
        assert_eq!(refusal.name(), *name);
        assert!(refusal.to_string().contains(refusal.reason()), "{refusal}");
    }
}

#[test]
fn the_length_and_the_end_of_a_response_are_not_the_applications() {
    let response = Response::builder()
        .header("content-length", "1000")
        .header("transfer-encoding", "chunked")
        .header("connection", "keep-alive")
        .header("content-type", "application/json")
        .body("{}")
        .unwrap();
    let (code, headers, body) = parse(&response_bytes(&response));
    assert_eq!((code, body.as_str(), headers.len()), (200, "{}", 3));
    assert_eq!(headers["content-length"], "2");
    assert_eq!(headers["connection"], "close");
}
