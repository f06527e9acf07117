//! The opening handshake, from both ends.

use super::cuts::{Cuts, pieces};
use super::{memory, reference};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use core::iter::{once, repeat};
use http::{HeaderMap, StatusCode, header};
use throng_core::websocket::handshake::{
    BadRequest, ClientHandshake, ClientHandshakeError, Handshake, HeadLimits, HeadTooLarge, Refusal, Request,
    Upgrade,
};
use tungstenite::handshake::derive_accept_key;
use tungstenite::handshake::server::create_response;

/// Bytes of a client, cut. The variant chooses the limits and the policy.
///
/// # Panics
/// If the pieces matter, if more is allocated than what has come explains, if what is accepted is not a WebSocket's
/// request or what is refused is one, or if an answer is not HTTP.
pub fn handshake(input: &[u8]) {
    let cuts = Cuts::new(input);
    let limits = limits(cuts.variant);
    let longest = cuts.bytes.len().min(limits.max_bytes as usize);
    // The head itself, twice if it came in pieces, and its names and values. For each header a place in a table that is at
    // most half empty, and one in the list of those that share a name, which grows by doubling.
    let headers = (longest / SHORTEST_HEADER).min(limits.max_headers as usize);
    let bound = 4 * 1024 + 4 * longest + 384 * headers;
    let whole = memory::at_most(bound, || receive(limits, cuts.bytes, once(usize::MAX)));
    for cut in [receive(limits, cuts.bytes, cuts.sizes()), receive(limits, cuts.bytes, repeat(1))] {
        assert_eq!(cut.taken, whole.taken);
        assert_eq!(cut.request.map(same), whole.request.clone().map(same));
    }
    match whole.request {
        Ok(None) => assert!(whole.taken == cuts.bytes.len() && whole.taken < limits.max_bytes as usize),
        Ok(Some(request)) => {
            is_what_was_sent(&cuts.bytes[..whole.taken], &request, limits);
            answer(&request, cuts.variant);
        }
        Err(refusal) => {
            is_true(cuts.bytes, &refusal, limits);
            is_legal(&refusal);
        }
    }
    response(cuts);
}

/// A name of one byte, a colon, and the end of the line.
const SHORTEST_HEADER: usize = 3;

fn limits(variant: u8) -> HeadLimits {
    let mut limits = HeadLimits::default();
    if variant & 8 != 0 {
        (limits.max_bytes, limits.max_headers) = (250, 6);
    }
    limits
}

struct Received {
    request: Result<Option<Request>, Refusal>,
    taken: usize,
}

fn receive(limits: HeadLimits, bytes: &[u8], sizes: impl Iterator<Item = usize>) -> Received {
    let mut handshake = Handshake::new(limits);
    let mut taken = 0;
    let mut request = Ok(None);
    for mut input in pieces(&mut bytes.to_vec(), sizes) {
        let len = input.len();
        request = handshake.receive(&mut input);
        taken += len - input.len();
        match &request {
            Ok(None) => {}
            Ok(Some(_)) => {
                assert!(matches!(handshake.receive(&mut input), Ok(None)), "there is one request");
                break;
            }
            Err(refusal) => {
                assert_eq!(handshake.receive(&mut input).err().as_ref(), Some(refusal), "it is terminal");
                // How much of a head was taken that is refused depends on the pieces, and does not matter.
                taken = 0;
                break;
            }
        }
    }
    Received { request, taken }
}

/// What can be compared of a request.
fn same(request: Option<Request>) -> Option<(http::Method, http::Uri, http::Version, HeaderMap)> {
    request.map(|request| {
        let parts = request.into_parts();
        (parts.method, parts.uri, parts.version, parts.headers)
    })
}

/// The head that is taken ends at the first empty line, keeps to the limits, and httparse reads the same in it.
fn is_what_was_sent(head: &[u8], request: &Request, limits: HeadLimits) {
    assert!(head.len() <= limits.max_bytes as usize);
    // One empty line may stand before the request.
    let request_line = usize::from(head.starts_with(b"\r\n")) * 2;
    let end = head[request_line..].windows(4).position(|bytes| bytes == b"\r\n\r\n");
    assert_eq!(end, Some(head.len() - request_line - 4), "the first empty line after the request is the end");
    let mut headers = [httparse::EMPTY_HEADER; 256];
    let mut parsed = httparse::Request::new(&mut headers);
    assert_eq!(parsed.parse(head), Ok(httparse::Status::Complete(head.len())));
    assert_eq!(parsed.method, Some(request.method().as_str()));
    let mut found: Vec<_> =
        request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes())).collect();
    let mut sent: Vec<_> =
        parsed.headers.iter().map(|header| (header.name.to_ascii_lowercase(), header.value)).collect();
    assert!(sent.len() <= limits.max_headers as usize);
    // The map keeps the order of a name's values only.
    found.sort_by(|a, b| a.0.cmp(&b.0));
    sent.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found, sent);
}

/// The refusal says what is wrong with the bytes.
fn is_true(bytes: &[u8], refusal: &Refusal, limits: HeadLimits) {
    let room = &bytes[..bytes.len().min(limits.max_bytes as usize)];
    let end = match room {
        [b'\r', b'\n', b'\r', b'\n', ..] => Some(4),
        [b'\r', b'\n', rest @ ..] => rest.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| at + 6),
        _ => room.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| at + 4),
    };
    match refusal {
        Refusal::HeadTooLarge(HeadTooLarge::Bytes) => {
            assert!(end.is_none() && bytes.len() >= limits.max_bytes as usize);
        }
        Refusal::HeadTooLarge(HeadTooLarge::Headers) => {
            let lines = room[..end.map_or(room.len(), |end| end - 2)].iter().filter(|&&byte| byte == b'\n');
            let empty = usize::from(room.starts_with(b"\r\n"));
            assert!(lines.count() - empty > 1 + limits.max_headers as usize);
        }
        Refusal::BadRequest(BadRequest::Head) => {
            let head = &room[..end.unwrap_or(room.len())];
            let is_bare = |at: usize| head[at] == b'\n' && (at == 0 || head[at - 1] != b'\r');
            let mut headers = [httparse::EMPTY_HEADER; 256];
            let mut parsed = httparse::Request::new(&mut headers);
            let is_http = parsed.parse(head) == Ok(httparse::Status::Complete(head.len()))
                && parsed.path.is_some_and(|path| path.parse::<http::Uri>().is_ok())
                && parsed.headers.iter().all(|header| {
                    http::HeaderName::from_bytes(header.name.as_bytes()).is_ok()
                        && http::HeaderValue::from_bytes(header.value).is_ok()
                });
            assert!((0..head.len()).any(is_bare) || !is_http, "there is nothing wrong with the head");
        }
        other => panic!("a head is not refused as {other:?}"),
    }
}

/// A request is answered by a 101 that a client takes, or by a legal refusal, as the naive rules say.
fn answer(request: &Request, variant: u8) {
    let parts = request.parts();
    if let Err(refusal) = request.check() {
        is_legal(&refusal);
    }
    let upgrade = reference::check(parts, variant);
    let sent = http::Request::from_parts(parts.clone(), ());
    let theirs = create_response(&sent);
    match upgrade {
        Ok(upgrade) => {
            let key = parts.headers[header::SEC_WEBSOCKET_KEY].to_str().expect("base64 is text");
            is_taken(&upgrade, key);
            if let Ok(theirs) = theirs {
                let accept = &theirs.headers()[header::SEC_WEBSOCKET_ACCEPT];
                assert_eq!(upgrade.response().headers()[header::SEC_WEBSOCKET_ACCEPT], accept);
            } else {
                assert!(is_a_list(&parts.headers) || has_unused_bits(key), "tungstenite refuses: {theirs:?}");
            }
        }
        Err(refusal) => is_legal(&refusal),
    }
}

/// Tungstenite looks at the first Connection header only, splits it at blanks but not at tabs, and takes no list for
/// Upgrade: there it refuses what is legal.
fn is_a_list(headers: &HeaderMap) -> bool {
    let several = |name| headers.get_all(name).iter().count() > 1;
    let is_plain = headers[header::UPGRADE].as_bytes().eq_ignore_ascii_case(b"websocket");
    let connection = headers[header::CONNECTION].as_bytes();
    !is_plain || several(header::UPGRADE) || several(header::CONNECTION) || connection.contains(&b'\t')
}

/// Tungstenite refuses a key whose last character has bits that are not used. The example in RFC 6455 section 4.1 has some.
fn has_unused_bits(key: &str) -> bool {
    STANDARD.decode(key).is_err()
}

fn is_taken(upgrade: &Upgrade, key: &str) {
    let (mut client, _) =
        ClientHandshake::new("localhost", "/", key, &HeaderMap::new()).expect("the key is one");
    let mut bytes = upgrade.to_bytes();
    let response = client.receive(&mut bytes.as_mut_slice()).expect("a 101 is taken").expect("it is whole");
    assert_eq!(response.headers()[header::SEC_WEBSOCKET_ACCEPT], derive_accept_key(key.as_bytes()));
    assert_eq!(response.headers(), upgrade.response().headers());
}

/// A status that fits, the headers that must come with it, and a body as long as is said.
fn is_legal(refusal: &Refusal) {
    let bytes = refusal.to_bytes();
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut parsed = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(head)) = parsed.parse(&bytes) else {
        panic!("{refusal:?} is not HTTP")
    };
    let status = parsed.code.unwrap_or(0);
    assert!([400, 403, 405, 426, 431].contains(&status), "{status} for {refusal:?}");
    assert_eq!(status, refusal.status().as_u16());
    let value = |name: &str| {
        let header = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| core::str::from_utf8(header.value).expect("it is text"))
    };
    assert_eq!(value("content-length"), Some((bytes.len() - head).to_string().as_str()));
    let names_version = matches!(refusal, Refusal::BadRequest(BadRequest::WebSocketVersion));
    assert_eq!(value("sec-websocket-version"), (status == 426 || names_version).then_some("13"));
    assert_eq!(value("allow"), (status == 405).then_some("GET"));
}

/// The same bytes as a server's response to a client of ours.
fn response(cuts: Cuts<'_>) {
    let whole = take(cuts.bytes, once(usize::MAX));
    assert_eq!(take(cuts.bytes, cuts.sizes()), whole);
    assert_eq!(take(cuts.bytes, repeat(1)), whole);
}

type Response = Result<Option<(HeaderMap, usize)>, ClientHandshakeError>;

/// The key of RFC 6455 section 1.3, and what a server must make of it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn take(bytes: &[u8], sizes: impl Iterator<Item = usize>) -> Response {
    let (mut client, _) =
        ClientHandshake::new("localhost", "/", KEY, &HeaderMap::new()).expect("the key is one");
    let mut taken = 0;
    for mut input in pieces(&mut bytes.to_vec(), sizes) {
        let len = input.len();
        let response = client.receive(&mut input)?;
        taken += len - input.len();
        if let Some(response) = response {
            assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
            assert_eq!(response.headers()[header::SEC_WEBSOCKET_ACCEPT], ACCEPT);
            assert!(bytes[..taken].ends_with(b"\r\n\r\n"));
            return Ok(Some((response.headers().clone(), taken)));
        }
    }
    Ok(None)
}
