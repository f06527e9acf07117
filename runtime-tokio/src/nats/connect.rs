//! From an address to a link: what the server says of itself, TLS, and logging in.

use super::info::Info;
use super::link::{NatsReceiver, NatsSender, link};
use super::options::{Identity, Options};
use super::protocol::{Operation, Parsed, parse};
use crate::broker::address::Address;
use crate::broker::socket::{self, Stream};
use bytes::{Buf, BufMut};
use serde_json::{Map, Value};
use std::io;
use throng_runtime::cluster::BrokerError;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// The longest first line of a server, in bytes.
const INFO: usize = 64 << 10;

pub(super) async fn any(
    servers: &[Address],
    turn: usize,
    options: &Options,
) -> Result<(NatsSender, NatsReceiver), BrokerError> {
    let mut errors = Vec::new();
    for n in 0..servers.len() {
        let server = &servers[(turn + n) % servers.len()];
        match socket::in_time(server, options.attempt_time, log_in(server, options)).await {
            Ok((stream, info)) => return Ok(link(server, stream, info.max_payload, options.message_bytes)),
            Err(error) => errors.push(error.to_string()),
        }
    }
    Err(BrokerError::new(errors.join("; ")))
}

async fn log_in(server: &Address, options: &Options) -> Result<(Stream, Info), BrokerError> {
    let failed = |error: io::Error| BrokerError::new(format_args!("log in to NATS at {server}: {error}"));
    let mut tcp = socket::connect(server).await?;
    let line = first_line(&mut tcp).await.map_err(failed)?;
    let info = match parse(&line, INFO) {
        Ok(Parsed::Whole(Operation::Info(json), _)) => Info::read(json),
        Ok(Parsed::Whole(Operation::Error(text), _)) => {
            let text = String::from_utf8_lossy(text);
            return Err(BrokerError::new(format_args!("NATS at {server} refuses: {text}")));
        }
        _ => None,
    };
    let info =
        info.ok_or_else(|| BrokerError::new(format_args!("{server} does not begin as a NATS server does")))?;
    let is_tls = server.is_tls || info.is_tls;
    let mut stream = match is_tls {
        true => options.tls.connect(tcp, &server.host).await?,
        false => Stream::tcp(tcp),
    };
    let hello = hello(server, &info, options, is_tls)?;
    let out = &mut stream.writer.out;
    out.put_slice(b"CONNECT ");
    out.put_slice(hello.as_bytes());
    out.put_slice(b"\r\nPING\r\n");
    stream.writer.flush().await.map_err(failed)?;
    // The first PONG says that the login was accepted.
    loop {
        let buffer = &mut stream.reader.buffer;
        let length = match parse(buffer, INFO) {
            Ok(Parsed::Whole(Operation::Pong, length)) => {
                buffer.advance(length);
                return Ok((stream, info));
            }
            Ok(Parsed::Whole(Operation::Error(text), _)) => {
                let text = String::from_utf8_lossy(text);
                return Err(BrokerError::new(format_args!("NATS at {server} refuses: {text}")));
            }
            Ok(Parsed::Whole(Operation::Ping, length)) => {
                stream.writer.out.put_slice(b"PONG\r\n");
                length
            }
            Ok(Parsed::Whole(_, length)) => length,
            Ok(Parsed::Needs(needed)) => {
                stream.writer.flush().await.map_err(failed)?;
                stream.reader.fill(needed).await.map_err(failed)?;
                continue;
            }
            Err(bad) => {
                return Err(BrokerError::new(format_args!("NATS at {server} has sent {}", bad.0)));
            }
        };
        buffer.advance(length);
    }
}

/// The line with which a server begins. Byte by byte, because what follows it may be TLS.
async fn first_line(tcp: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        if line.len() > INFO {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its first line has more than 64 KiB"));
        }
        line.push(tcp.read_u8().await?);
    }
    Ok(line)
}

/// What a client says of itself, as JSON.
fn hello(server: &Address, info: &Info, options: &Options, is_tls: bool) -> Result<String, BrokerError> {
    let mut hello = Map::new();
    let mut say = |name: &str, value: Value| _ = hello.insert(name.to_owned(), value);
    say("verbose", false.into());
    say("pedantic", false.into());
    say("tls_required", is_tls.into());
    say("name", "throng".into());
    say("lang", "rust".into());
    say("version", env!("CARGO_PKG_VERSION").into());
    // The server may tell later that it is about to end.
    say("protocol", 1.into());
    // The node's proof that the link works is a message to itself.
    say("echo", true.into());
    match (&server.user, &server.password) {
        (Some(token), None) => say("auth_token", token.as_str().into()),
        (user, Some(password)) => {
            say("user", user.as_deref().unwrap_or_default().into());
            say("pass", password.as_str().into());
        }
        (None, None) => {}
    }
    if let Some(credentials) = &options.credentials {
        let nonce = info.nonce.as_deref().ok_or_else(|| {
            BrokerError::new(format_args!(
                "NATS at {server} has no use for credentials: it asks for no signature"
            ))
        })?;
        match &credentials.identity {
            Identity::Jwt(jwt) => say("jwt", jwt.as_str().into()),
            Identity::Nkey(public) => say("nkey", public.as_str().into()),
        }
        say("sig", base64url(&(credentials.sign)(nonce.as_bytes())).into());
    }
    Ok(Value::Object(hello).to_string())
}

/// Base64 for URLs, without padding: RFC 4648, section 5.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for n in 0..=three.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * n) & 63) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64url;

    #[test]
    fn signatures_are_encoded_as_rfc_4648_has_it() {
        let texts =
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("\u{fb}", "w7s")];
        for (text, encoded) in texts {
            assert_eq!(base64url(text.as_bytes()), encoded);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }
}
