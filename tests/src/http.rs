//! As much of HTTP/1.1 as the tests need.

use std::net::SocketAddr;

use crate::raw::Raw;

/// A request for a WebSocket as it should be.
#[must_use]
pub fn upgrade(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: throng.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// Asks for a page.
///
/// # Panics
/// The server does not answer.
#[must_use]
pub fn get(address: SocketAddr, path: &str) -> Response {
    let mut raw = Raw::connect(address);
    raw.send(format!("GET {path} HTTP/1.1\r\nHost: throng.test\r\n\r\n").as_bytes());
    raw.response()
}

/// Asks for the head of a page, behind which nothing may come.
///
/// # Panics
/// The server does not answer, or goes on after the head.
#[must_use]
pub fn head(address: SocketAddr, path: &str) -> Response {
    let mut raw = Raw::connect(address);
    raw.send(format!("HEAD {path} HTTP/1.1\r\nHost: throng.test\r\nConnection: close\r\n\r\n").as_bytes());
    let response = raw.response_head().expect("an answer");
    assert_eq!(String::from_utf8_lossy(&raw.rest()), "", "a body behind the answer to a HEAD");
    response
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names in small letters, and values.
    pub headers: Vec<(String, String)>,
    /// As long as Content-Length says.
    pub body: String,
}

impl Response {
    /// The response that the bytes begin with, if it is complete, and its length.
    ///
    /// # Panics
    /// It is no response.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let (mut response, head) = Self::parse_head(bytes)?;
        let length = response.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        let body = bytes[head..].get(..length)?;
        response.body = String::from_utf8(body.to_vec()).expect("a body is text");
        Some((response, head + length))
    }

    /// [`parse`](Self::parse), without the body.
    ///
    /// # Panics
    /// It is no response.
    #[must_use]
    pub fn parse_head(bytes: &[u8]) -> Option<(Self, usize)> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = str::from_utf8(&bytes[..end]).expect("a head is text");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok());
        let headers = lines
            .map(|line| line.split_once(": ").expect("a header"))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let status = status.expect("a status line");
        Some((Self { status, headers, body: String::new() }, end + 4))
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
