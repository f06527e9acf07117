//! Requests for a WebSocket that must be refused, as a table.

use crate::http::upgrade;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const END: &str = "\r\n\r\n";

/// A request that is wrong in one way.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// What is wrong.
    pub name: &'static str,
    /// What of RFC 6455 it breaks; `None` if it is for the server to say.
    pub section: Option<&'static str>,
    /// The status that answers it.
    pub status: u16,
    /// A header that the answer must have.
    pub header: Option<(&'static str, &'static str)>,
    from: &'static str,
    to: String,
}

impl Wrong {
    /// The request.
    ///
    /// # Panics
    /// There is nothing wrong with it.
    #[must_use]
    pub fn request(&self, path: &str) -> String {
        let right = upgrade(path);
        let from = if self.from == PATH { path } else { self.from };
        let request = right.replacen(from, &self.to, 1);
        assert_ne!(request, right, "{}: nothing was replaced", self.name);
        request
    }
}

/// Stands for the request's path.
const PATH: &str = "{path}";

/// Every way.
#[must_use]
pub fn wrong() -> Vec<Wrong> {
    [handshakes(), origins(), lists(), heads()].concat()
}

fn row(
    section: Option<&'static str>,
    name: &'static str,
    from: &'static str,
    to: &str,
    status: u16,
) -> Wrong {
    Wrong { name, section, status, header: None, from, to: to.to_owned() }
}

fn added(headers: &str) -> String {
    format!("\r\n{headers}{END}")
}

/// What a client's handshake must be.
fn handshakes() -> Vec<Wrong> {
    let row = |name, from, to: &str, status| row(Some("4.2.1"), name, from, to, status);
    let answered = |header, value, row: Wrong| Wrong { header: Some((header, value)), ..row };
    let upgrade = |row| answered("upgrade", "websocket", row);
    // Whether it has one is for the server to say.
    let body = |name, to: &str| Wrong { section: None, ..row(name, END, to, 400) };
    let version = |row| answered("sec-websocket-version", "13", Wrong { section: Some("4.2.2"), ..row });
    vec![
        row("POST", "GET", "POST", 405),
        row("HEAD", "GET", "HEAD", 405),
        row("HTTP/1.0", "HTTP/1.1", "HTTP/1.0", 400),
        row("HTTP/0.9", " HTTP/1.1", "", 400),
        row("HTTP/2.0", "HTTP/1.1", "HTTP/2.0", 400),
        row("no host", "Host: throng.test\r\n", "", 400),
        row("two hosts", END, &added("Host: evil.test"), 400),
        row("no Connection", "Connection: Upgrade\r\n", "", 400),
        row("another Connection", "Connection: Upgrade", "Connection: keep-alive", 400),
        upgrade(row("no Upgrade", "Upgrade: websocket\r\n", "", 426)),
        upgrade(row("another Upgrade", "Upgrade: websocket", "Upgrade: h2c", 426)),
        version(row("no version", "Sec-WebSocket-Version: 13\r\n", "", 426)),
        version(row("version 8", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426)),
        version(row("version 14", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 14", 426)),
        body("a body", "\r\nContent-Length: 5\r\n\r\nhello"),
        body("a body in chunks", "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
        row("no key", "Sec-WebSocket-Key", "X-Key", 400),
        row("an empty key", KEY, "", 400),
        row("a key of 15 bytes", KEY, "dGhlIHNhbXBsZSBub25j", 400),
        row("a key of 17 bytes", KEY, "dGhlIHNhbXBsZSBub25jZSE=", 400),
        row("a key that is no base64", KEY, "dGhlIHNhbXBsZSBub25j!!==", 400),
        row("two keys", END, &added(&format!("Sec-WebSocket-Key: {KEY}")), 400),
    ]
}

/// Where it comes from.
fn origins() -> Vec<Wrong> {
    let row = |name, origins: &str| row(None, name, END, &added(origins), 403);
    vec![
        row("a foreign origin", "Origin: http://evil.test"),
        row("another port", "Origin: http://throng.test:81"),
        row("a name that begins the same", "Origin: http://throng.test.evil.test"),
        row("no origin at all", "Origin: null"),
        row("two origins", "Origin: http://throng.test\r\nOrigin: http://evil.test"),
    ]
}

/// What it offers.
fn lists() -> Vec<Wrong> {
    let row = |name, header, value: &str| {
        row(Some("9.1"), name, END, &added(&format!("Sec-WebSocket-{header}: {value}")), 400)
    };
    let protocol = |name, value: &str| Wrong { section: Some("4.1"), ..row(name, "Protocol", value) };
    let extension = |name, value: &str| row(name, "Extensions", value);
    vec![
        protocol("a subprotocol that is no token", "chat, a b"),
        protocol("a subprotocol of quotes", "\"chat\""),
        protocol("a subprotocol of spaces", &format!("a{}b", " ".repeat(7_000))),
        extension("an extension without a name", "; a=b"),
        extension("an extension with an open quote", "a; b=\"c"),
        extension("an extension of spaces", &format!("a;{}=", " ".repeat(7_000))),
    ]
}

/// What it is as HTTP.
fn heads() -> Vec<Wrong> {
    let row = |name, from, to: &str, status| row(None, name, from, to, status);
    vec![
        row("101 headers", END, &added("X: y\r\n".repeat(96).trim_end()), 431),
        row("thousands of headers", END, &added("X:y\r\n".repeat(1_500).trim_end()), 431),
        row("a long request line", PATH, &format!("/{}", "a".repeat(9_000)), 431),
        row("a long header", END, &added(&format!("Cookie: {}", "a".repeat(9_000))), 431),
        row("a path that is not there", PATH, "/nowhere", 404),
        row("a bare line feed in a name", "Host:", "Ho\nst:", 400),
        row("a fold", END, &added("X: a\r\n b"), 400),
        row("garbage", "GET", "\u{1}\u{2}\u{3}", 400),
        row("two empty lines before", "GET", "\r\n\r\nGET", 400),
        row("a bare line feed before", "GET", "\nGET", 400),
        row("a bare line feed behind the request line", "HTTP/1.1\r\n", "HTTP/1.1\n", 400),
        row("a bare line feed behind a header", "throng.test\r\n", "throng.test\n", 400),
        row("a bare line feed at the end", END, "\r\n\n", 400),
        row("a host of two words", "throng.test", "throng test", 400),
        row("a length that is no number", END, &added("Content-Length: five"), 400),
        row("two lengths", END, &added("Content-Length: 0\r\nContent-Length: 5"), 400),
        row("a length and chunks", END, &added("Content-Length: 0\r\nTransfer-Encoding: chunked"), 400),
        row("an encoding that has no end", END, &added("Transfer-Encoding: gzip"), 400),
    ]
}
