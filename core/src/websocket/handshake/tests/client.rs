//! Client and server handshakes against each other, and against tungstenite's.

use super::{KEY, upgrade};
use crate::websocket::handshake::{ClientHandshake, ClientHandshakeError, Handshake, Policy, Refusal};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::io::{Read, Write};

fn client(path: &str) -> (ClientHandshake, Vec<u8>) {
    ClientHandshake::new("localhost:8080", path, KEY, &HeaderMap::new()).unwrap()
}

#[test]
fn our_client_and_our_server_shake_hands() {
    let mut headers = HeaderMap::new();
    headers.insert("origin", HeaderValue::from_static("http://localhost:8080"));
    let (mut client, request) = ClientHandshake::new("localhost:8080", "/a?b=c", KEY, &headers).unwrap();
    let mut response = upgrade(&request, &Policy::default()).unwrap().to_bytes();
    response.extend_from_slice(b"\x81\x00");
    let mut input = response.as_mut_slice();
    assert!(client.receive(&mut input).unwrap().is_some());
    assert_eq!(input, b"\x81\x00");
}

#[test]
fn a_client_takes_no_other_response() {
    let refused = Refusal::Unavailable { retry_after: 1 }.to_bytes();
    let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    let switching = |headers: &str| format!("HTTP/1.1 101 Switching Protocols\r\n{headers}\r\n").into_bytes();
    let both = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    for (mut response, error) in [
        (refused, ClientHandshakeError::Refused(StatusCode::SERVICE_UNAVAILABLE)),
        (switching(accept), ClientHandshakeError::NotAccepted),
        (switching(both), ClientHandshakeError::NotAccepted),
        (switching(&format!("Upgrade: websocket\r\n{accept}")), ClientHandshakeError::NotAccepted),
        (switching(&format!("Connection: upgrade\r\n{accept}")), ClientHandshakeError::NotAccepted),
        (switching(&format!("{both}Sec-WebSocket-Accept: x\r\n")), ClientHandshakeError::NotAccepted),
        (switching(&format!("{both}{accept}{accept}")), ClientHandshakeError::NotAccepted),
        (b"HTTP/1.0 101 X\r\n\r\n".to_vec(), ClientHandshakeError::Response),
        (b"SSH-2.0\r\n\r\n".to_vec(), ClientHandshakeError::Response),
        (vec![b'x'; 10_000], ClientHandshakeError::Response),
    ] {
        assert_eq!(client("/").0.receive(&mut response.as_mut_slice()).err(), Some(error));
    }
    assert!(client("/").0.receive(&mut b"HTTP/1.1 10".to_vec().as_mut_slice()).unwrap().is_none());
}

#[test]
fn a_client_cannot_be_made_to_inject_headers() {
    let new = |host, path, key| ClientHandshake::new(host, path, key, &HeaderMap::new()).map(|_| ()).err();
    assert_eq!(new("a\r\nX: y", "/", KEY), Some(ClientHandshakeError::Host));
    assert_eq!(new("a", "/ HTTP/1.1\r\nX: y", KEY), Some(ClientHandshakeError::Path));
    assert_eq!(new("a", "x", KEY), Some(ClientHandshakeError::Path));
    assert_eq!(new("a", "/", "x\r\nX: y"), Some(ClientHandshakeError::Key));
}

#[test]
fn our_request_is_taken_by_tungstenite() {
    let (mut client, bytes) = client("/chat");
    let request = super::receive(&bytes).unwrap().unwrap();
    let request = http::Request::from_parts(request.into_parts(), ());
    let response = tungstenite::handshake::server::create_response(&request).unwrap();
    let mut out = Vec::new();
    tungstenite::handshake::server::write_response(&mut out, &response).unwrap();
    assert!(client.receive(&mut out.as_mut_slice()).unwrap().is_some());
}

/// A server handshake as a stream that answers the bytes written to it.
struct Server {
    handshake: Handshake,
    answer: Vec<u8>,
}

impl Write for Server {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(request) = self.handshake.receive(&mut bytes.to_vec().as_mut_slice()).unwrap() {
            self.answer = request.upgrade(&Policy::default()).unwrap().to_bytes();
            self.answer.extend_from_slice(b"\x81\x05hello");
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Read for Server {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let len = out.len().min(self.answer.len());
        out[..len].copy_from_slice(&self.answer[..len]);
        self.answer.drain(..len);
        Ok(len)
    }
}

#[test]
fn our_response_is_taken_by_tungstenite() {
    let server = Server { handshake: super::handshake(), answer: Vec::new() };
    let (mut socket, response) = tungstenite::client::client("ws://localhost/chat", server).unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(socket.read().unwrap(), tungstenite::Message::text("hello"));
}
