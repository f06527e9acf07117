//! The opening handshake (RFC 6455 section 4): what is refused, with which status, and what is not.

use std::io::ErrorKind;

use throng_tests::http::{Response, upgrade};
use throng_tests::raw::{Raw, TEXT, frame};
use throng_tests::requests::wrong;
use tungstenite::handshake::derive_accept_key;

use crate::hosts::{Host, Running, Standard};

/// The key of nearly every request (section 1.3).
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What is replaced in a request that stays right, and by what.
const RIGHT: &[(&str, &str, &str, &str)] = &[
    ("as it is", "4.2.1", "", ""),
    ("names in any case", "4.2.1", "Upgrade: websocket", "uPGRADE: websocket"),
    ("Upgrade in any case", "4.2.1", "Upgrade: websocket", "Upgrade: WebSocket"),
    ("Connection in any case", "4.2.1", "Connection: Upgrade", "Connection: uPGRADE"),
    ("Connection as a list", "4.2.1", "Connection: Upgrade", "Connection: keep-alive, Upgrade"),
    (
        "Connection as two headers",
        "4.2.1",
        "Connection: Upgrade",
        "Connection: keep-alive\r\nConnection: Upgrade",
    ),
    ("Upgrade as a list", "4.2.1", "Upgrade: websocket", "Upgrade: h2c, websocket"),
    ("no spaces before values", "4.2.1", "Upgrade: websocket", "Upgrade:websocket"),
    (
        "a subprotocol that is not spoken here",
        "4.2.2",
        END,
        "\r\nSec-WebSocket-Protocol: chat, superchat\r\n\r\n",
    ),
    (
        "an extension that is not spoken here",
        "9.1",
        END,
        "\r\nSec-WebSocket-Extensions: foo; bar=\"baz\"\r\n\r\n",
    ),
    (
        "two headers of extensions",
        "9.1",
        END,
        "\r\nSec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: b;c\r\n\r\n",
    ),
    // As the RFC itself has it, with bits that nobody uses.
    ("a key that is no canonical base64", "4.1", KEY, "AQIDBAUGBwgJCgsMDQ4PEC=="),
    ("an empty line before the request", "2.2 of RFC 9112", "GET ", "\r\nGET "),
    ("a body of no bytes", "4.2.1", END, "\r\nContent-Length: 0\r\n\r\n"),
    ("a body of no bytes in two digits", "4.2.1", END, "\r\nContent-Length: 00\r\n\r\n"),
    ("headers that nobody knows", "4.2.1", END, "\r\nX-Something: else\r\nCookie: a=b\r\n\r\n"),
];
const END: &str = "\r\n\r\n";

/// Plays every request.
///
/// # Panics
/// The host does not answer as it must.
pub(crate) fn shakes_hands(host: &Host) {
    let server = host.start();
    let mut failures = Vec::new();
    for (name, section, from, to) in RIGHT {
        // What it is known to refuse it must still refuse.
        let is_known = host.answers.iter().any(|(known, _)| known == name);
        let opened = opens(&server, &upgrade(server.path).replacen(from, to, 1));
        if opened.is_err() != is_known {
            failures.push(format!("{name} (section {section}): {opened:?}"));
        }
    }
    for wrong in wrong() {
        let response = ask(&server, &wrong.request(server.path));
        let status = response.as_ref().map(|response| response.status);
        let is_right = match host.standard {
            Standard::Best => {
                let answers = host.answers.iter().find(|(name, _)| *name == wrong.name);
                // A status that is not ours says it without our headers.
                status == Some(answers.map_or(wrong.status, |(_, status)| *status))
                    && (answers.is_some()
                        || wrong.header.is_none_or(|(name, value)| {
                            response.as_ref().and_then(|response| response.header(name)) == Some(value)
                        }))
            }
            // What is refused, and how, is left to the server where the RFC does not say.
            Standard::Legal(_) => match wrong.section {
                Some(_) => (status == Some(101)) == host.takes(wrong.name),
                None => true,
            },
        };
        if !is_right {
            failures.push(format!("{} (section {:?}): {response:?}", wrong.name, wrong.section));
        }
    }
    assert!(failures.is_empty(), "{}: {} failures\n{}", host.name, failures.len(), failures.join("\n"));
}

/// The answer; none if the server hangs up.
fn ask(server: &Running, request: &str) -> Option<Response> {
    let mut raw = Raw::connect(server.address);
    let _ = raw.try_send(request.as_bytes());
    raw.response_head()
}

/// Whether a request opens a WebSocket that works.
fn opens(server: &Running, request: &str) -> Result<(), String> {
    let mut raw = Raw::connect(server.address);
    raw.send(request.as_bytes());
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or(KEY);
    let Some(response) = raw.response_head() else { return Err("it hangs up".to_owned()) };
    let header = |name| response.header(name).unwrap_or_default();
    let is_open = response.status == 101
        && header("upgrade").eq_ignore_ascii_case("websocket")
        && header("connection").eq_ignore_ascii_case("upgrade")
        && header("sec-websocket-accept") == derive_accept_key(key.as_bytes());
    // A client must fail the connection over what it has not offered (section 4.1), and nothing of this is spoken.
    let is_plain = ["sec-websocket-protocol", "sec-websocket-extensions"];
    if !is_open || is_plain.iter().any(|name| response.header(name).is_some()) {
        return Err(format!("{response:?}"));
    }
    raw.send(&frame(TEXT, b"hello"));
    match raw.frame() {
        Ok(Some(echo)) if echo.payload == b"hello" => Ok(()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err("no echo".to_owned()),
        other => Err(format!("{other:?}")),
    }
}
