//! Unit tests of the handshake.
#![allow(clippy::unwrap_used)]

mod client;
mod connect;
mod head;
mod lists;
mod origin;
mod refusal;
mod unadmitted;
mod upgrade;

use super::{Handshake, HeadLimits, Policy, Refusal, Request, Upgrade};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The headers of a valid upgrade.
const HEADERS: [(&str, &str); 5] = [
    ("Host", "server.example.com"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", KEY),
    ("Sec-WebSocket-Version", "13"),
];

fn head<'a>(request_line: &str, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let headers: String = headers.into_iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{request_line}\r\n{headers}\r\n")
}

/// A valid upgrade with more headers.
fn upgrade_with(more: &[(&str, &str)]) -> String {
    head("GET /chat HTTP/1.1", HEADERS.into_iter().chain(more.iter().copied()))
}

fn handshake() -> Handshake {
    Handshake::new(HeadLimits::default())
}

fn receive(bytes: impl AsRef<[u8]>) -> Result<Option<Request>, Refusal> {
    let mut bytes = bytes.as_ref().to_vec();
    handshake().receive(&mut bytes.as_mut_slice())
}

fn upgrade(bytes: impl AsRef<[u8]>, policy: &Policy) -> Result<Upgrade, Refusal> {
    receive(bytes)?.unwrap().upgrade(policy)
}
