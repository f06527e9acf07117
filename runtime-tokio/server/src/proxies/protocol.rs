//! The PROXY protocol, versions 1 and 2, as HAProxy's `doc/proxy-protocol.txt` describes it. It begins a connection of a proxy.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// What version 2 begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The header of a connection that the proxy makes for itself, as a check of health does: version 2, LOCAL, without addresses.
pub(crate) const OWN_CONNECTION: [u8; 16] = *b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
/// The longest line of version 1, with its end.
const MOST_OF_LINE: usize = 107;
/// The longest rest of a header of version 2: addresses, and what proxies add to them, which is not read.
const MOST_OF_REST: usize = 4 << 10;

/// Reads the header, and not a byte more. Returns the client, or `None` if the connection is the proxy's own, as a check of health is.
pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).await?;
    if begin == *SIGNATURE {
        let mut fixed = [0; 4];
        stream.read_exact(&mut fixed).await?;
        let [command, family, high, low] = fixed;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > MOST_OF_REST {
            return Err(bad("the header is too long"));
        }
        let mut rest = vec![0; length];
        stream.read_exact(&mut rest).await?;
        return second(command, family, &rest);
    }
    if !begin.starts_with(b"PROXY ") {
        return Err(bad("there is no header"));
    }
    let mut line = begin.to_vec();
    while !line.ends_with(b"\r\n") {
        let mut ahead = [0; MOST_OF_LINE];
        let room = MOST_OF_LINE.saturating_sub(line.len());
        // What is behind the line stays in the socket.
        let seen = stream.peek(&mut ahead[..room]).await?;
        let end = ahead[..seen].iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(seen, |end| end + 1);
        if taken == 0 {
            return Err(bad("the line has no end"));
        }
        stream.read_exact(&mut ahead[..taken]).await?;
        line.extend_from_slice(&ahead[..taken]);
        if end.is_some() && !line.ends_with(b"\r\n") {
            return Err(bad("the line ends without a carriage return"));
        }
    }
    first(&line)
}

pub(super) fn first(line: &[u8]) -> io::Result<Option<SocketAddr>> {
    let text = core::str::from_utf8(line).map_err(|_| bad("the line is no ASCII"))?;
    let mut words = text.trim_end_matches("\r\n").split(' ').skip(1);
    let family = words.next();
    if family == Some("UNKNOWN") {
        return Ok(None);
    }
    let parts = [words.next(), words.next(), words.next(), words.next()];
    let ([Some(source), Some(destination), Some(port), Some(other)], None) = (parts, words.next()) else {
        return Err(bad("the line has not six words"));
    };
    let ip = |text: &str| -> Option<IpAddr> {
        match family {
            Some("TCP4") => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
            Some("TCP6") => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            _ => None,
        }
    };
    match (ip(source), ip(destination), port.parse(), other.parse::<u16>()) {
        (Some(source), Some(_), Ok(port), Ok(_)) => Ok(Some(SocketAddr::new(source, port))),
        _ => Err(bad("an address of the line cannot be read")),
    }
}

pub(super) fn second(command: u8, family: u8, rest: &[u8]) -> io::Result<Option<SocketAddr>> {
    match (command, family) {
        // LOCAL: the proxy's own connection.
        (0x20, _) => Ok(None),
        (0x21, 0x11) => {
            let ([a, b, c, d, _, _, _, _, high, low], _) = rest
                .split_first_chunk()
                .filter(|_| rest.len() >= 12)
                .ok_or_else(|| bad("the addresses are cut"))?;
            let ip = Ipv4Addr::new(*a, *b, *c, *d);
            Ok(Some(SocketAddr::new(ip.into(), u16::from_be_bytes([*high, *low]))))
        }
        (0x21, 0x21) => {
            let addresses: &[u8; 36] = rest.first_chunk().ok_or_else(|| bad("the addresses are cut"))?;
            let (source, ports) = (addresses.first_chunk::<16>(), addresses.last_chunk::<4>());
            let (Some(source), Some([high, low, ..])) = (source, ports) else {
                return Err(bad("the addresses are cut"));
            };
            Ok(Some(SocketAddr::new(Ipv6Addr::from(*source).into(), u16::from_be_bytes([*high, *low]))))
        }
        // UNSPEC: the proxy does not know either.
        (0x21, 0x00) => Ok(None),
        (0x21, _) => Err(bad("the client is not one of TCP")),
        _ => Err(bad("the version or command is another one")),
    }
}

fn bad(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("PROXY protocol: {why}"))
}
