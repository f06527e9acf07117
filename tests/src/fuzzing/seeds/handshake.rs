//! Heads of requests and responses.

use super::{Seed, seed};
use crate::fuzzing::cuts::Cuts;

const LINE: &str = "GET /chat?a=b HTTP/1.1";
const HEADERS: &str = "Host: example.com\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn request(line: &str, headers: &str) -> String {
    format!("{line}\r\n{headers}\r\n")
}

/// An upgrade with one header besides.
fn with(header: &str) -> String {
    request(LINE, &format!("{HEADERS}{header}\r\n"))
}

/// An upgrade with one text instead of another.
fn but(from: &str, to: &str) -> String {
    request(LINE, HEADERS).replace(from, to)
}

/// What opens a WebSocket, what opens none, and the response of another server.
pub fn handshake() -> Vec<Seed> {
    let heads: [(&str, String); 34] = [
        ("upgrade", request(LINE, HEADERS)),
        ("upgrade-and-first-frame", request(LINE, HEADERS) + "\u{1}frame"),
        ("protocols", with("Sec-WebSocket-Protocol: soap, chat,, chat.v2")),
        (
            "extensions",
            with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; x=\"10\", y"),
        ),
        ("same-origin", with("Origin: https://example.com:443")),
        ("absolute-target", request("GET http://example.com/chat HTTP/1.1", HEADERS)),
        ("plain-page", request("GET /health HTTP/1.1", "Host: example.com\r\nAccept: */*\r\n")),
        ("obsolete-blanks", with("X-Odd:\t blanks \t")),
        ("foreign-origin", with("Origin: https://evil.example")),
        ("null-origin", with("Origin: null")),
        ("two-origins", with("Origin: http://example.com\r\nOrigin: http://example.com")),
        ("bad-protocols", with("Sec-WebSocket-Protocol: a b")),
        ("bad-extensions", with("Sec-WebSocket-Extensions: x; =1")),
        ("post", request("POST /chat HTTP/1.1", HEADERS)),
        ("http-1.0", request("GET /chat HTTP/1.0", HEADERS)),
        ("http-2", request("PRI * HTTP/2.0", "")),
        ("no-host", but("Host: example.com\r\n", "")),
        ("two-hosts", with("Host: example.com")),
        ("no-upgrade", but("Upgrade: websocket\r\n", "")),
        ("no-connection", but("Connection: keep-alive, Upgrade", "Connection: close")),
        ("old-version", but("Version: 13", "Version: 8")),
        ("two-versions", with("Sec-WebSocket-Version: 13")),
        ("short-key", but("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ==")),
        ("key-with-stray-bits", but("ZQ==", "ZR==")),
        ("bare-line-feeds", request(LINE, HEADERS).replace("\r\n", "\n")),
        ("folded-header", with("X-Long: a\r\n b")),
        ("header-without-colon", with("nothing")),
        ("many-headers", with(&["A: b"; 12].join("\r\n"))),
        ("most-of-one-name", with(&["A:"; 95].join("\r\n"))),
        ("most-names", with(&(0..95).map(|name| format!("x{name}:")).collect::<Vec<_>>().join("\r\n"))),
        ("long-header", with(&format!("Cookie: {}", "c".repeat(300)))),
        ("begun", "GET / HTTP/1.1\r\nHost: exa".to_owned()),
        (
            "response-101",
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\u{1}"
                .to_owned(),
        ),
        ("response-403", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".to_owned()),
    ];
    let cut = |(at, (name, head)): (usize, &(&str, String))| {
        let sizes: &[u8] = [&[40][..], &[1, 2, 150], &[], &[99, 0, 1]][at % 4];
        let variant = if name.starts_with("many") || name.starts_with("long") { 8 } else { 0 };
        seed(*name, Cuts::join(head.as_bytes(), sizes, variant))
    };
    heads.iter().enumerate().map(cut).collect()
}

/// Lines of Host, Origin, Sec-WebSocket-Protocol and Sec-WebSocket-Extensions, and the policy.
pub fn negotiation() -> Vec<Seed> {
    let lines: [(&str, &str, u8); 19] = [
        ("same-origin", "example.com\nhttps://example.com", 0),
        ("same-origin-default-port", "Example.com:443\nhttps://eXample.com", 0),
        ("same-origin-of-ipv6", "[::1]:8080\nhttp://[::1]:8080", 0),
        ("same-origin-of-ipv4", "127.0.0.1\nws://127.0.0.1:80", 0),
        ("other-port", "example.com\nhttps://example.com:8443", 0),
        ("other-host", "example.com\nhttps://example.com.evil.example", 0),
        ("user-before-the-host", "example.com\nhttps://example.com@evil.example", 0),
        ("path-behind-the-origin", "example.com\nhttps://example.com/", 0),
        ("null", "example.com\nnull", 0),
        ("listed", "example.com\nhttp://LOCALHOST:8080", 3),
        ("not-listed", "example.com\nhttp://localhost:8081", 3),
        ("any", "example.com\nwhatever", 2),
        ("none-and-one-is-wanted", "example.com\n", 4),
        ("bad-host", "example.com:port\n", 0),
        ("brackets-in-a-host", "a[;:1]:8080\nhttp://a[;:1]:8080", 0),
        ("empty-port", "example.com:\nhttp://example.com:", 0),
        ("protocols", "a\n\nsoap, chat ,,chat.v2\n", 0),
        ("extensions", "a\n\n\npermessage-deflate; a=1; b=\"2\" ;c , x-y\n", 0),
        ("bad-lists", "a\n\n,\na;;b\n", 0),
    ];
    let join = |(name, lines, variant): (&str, &str, u8)| seed(name, [lines.as_bytes(), &[variant]].concat());
    lines.into_iter().map(join).collect()
}
