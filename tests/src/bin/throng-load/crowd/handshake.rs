//! The client's half of the opening handshake (RFC 6455, section 4.1).

use std::net::SocketAddr;
use std::time::SystemTime;

use tungstenite::handshake::derive_accept_key;

use super::{End, Extensions};

/// What is the same in every request of a run: one key, so that checking its answer is a comparison.
pub(super) struct Request {
    tail: String,
    extensions: Extensions,
    accept: String,
}

/// Larger response heads are taken for something else.
const MAX_HEAD: usize = 16 << 10;

impl Request {
    pub(super) fn new(target: SocketAddr, origin: Option<&str>, extensions: Extensions) -> Self {
        let key = key();
        let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
        let offer = match extensions {
            Extensions::None => "",
            Extensions::Deflate => "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
        };
        let tail = format!(
            " HTTP/1.1\r\nHost: {target}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{origin}{offer}\r\n"
        );
        Self { tail, extensions, accept: derive_accept_key(key.as_bytes()) }
    }

    pub(super) fn head(&self, path: &str) -> String {
        format!("GET {path}{}", self.tail)
    }

    /// The length of the response head once it is complete and says 101 with the right key.
    pub(super) fn accepted(&self, response: &[u8]) -> Result<Option<usize>, End> {
        let Some(end) = response.windows(4).position(|window| window == b"\r\n\r\n") else {
            return if response.len() > MAX_HEAD { Err(End::Refused(0)) } else { Ok(None) };
        };
        let head = std::str::from_utf8(&response[..end]).map_err(|_| End::Refused(0))?;
        let mut lines = head.split("\r\n");
        let status =
            lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()).unwrap_or(0);
        if status != 101 {
            return Err(End::Refused(status));
        }
        let headers: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
        let header = |wanted: &str| headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        // Each message must stand for itself: all are inflated by one inflater.
        let is_agreed = header("sec-websocket-extensions")
            .is_some_and(|(_, value)| value.contains("server_no_context_takeover"));
        if self.extensions == Extensions::Deflate && !is_agreed {
            return Err(End::Protocol("no compression, or one that keeps contexts"));
        }
        match header("sec-websocket-accept") {
            Some((_, value)) if value.trim() == self.accept => Ok(Some(end + 4)),
            _ => Err(End::Protocol("wrong Sec-WebSocket-Accept")),
        }
    }
}

/// 16 bytes in base64, different in each run. The last of 22 characters holds only two bits.
fn key() -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mut seed = time.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834 | 1);
    let mut key: String = (0..21)
        .map(|_| {
            seed = seed.rotate_right(6);
            char::from(ALPHABET[(seed & 63) as usize])
        })
        .collect();
    key.push_str("A==");
    key
}
