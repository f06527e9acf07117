//! `throng health`: asks a running program for its health, for containers without a shell.

use crate::config::Config;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// How long the whole question may take.
const TIME: Duration = Duration::from_secs(3);
/// More is not read of an answer.
const MOST: usize = 16 << 10;

/// Asks the program that runs with this config. The text is what it says.
///
/// # Errors
/// It does not answer, or not with 200.
pub(crate) fn ask(config: &Config, path: &str) -> Result<String, String> {
    let listen = config.listen();
    let address = listen.addresses().iter().find_map(|address| address.to_socket_addrs().ok()?.next());
    let address = address.ok_or_else(|| format!("{} is no address", listen.text()))?;
    let address = reachable(address);
    let answer = exchange(address, path).map_err(|error| format!("http://{address}{path}: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(body.into()),
        _ => Err(format!(
            "http://{address}{path} answers {}: {body}",
            head.lines().next().unwrap_or("nothing")
        )),
    }
}

/// Who listens on all addresses is asked on this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

fn exchange(address: SocketAddr, path: &str) -> io::Result<String> {
    let end = Instant::now() + TIME;
    let connect = |address| TcpStream::connect_timeout(&address, TIME);
    // A machine without IPv6 listens on the IPv4 addresses.
    let stream =
        connect(address).or_else(|error| match address.ip().is_ipv6() && address.ip().is_loopback() {
            true => connect(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port())),
            false => Err(error),
        });
    let mut stream = stream?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let (mut answer, mut piece) = (Vec::new(), [0; 1024]);
    while answer.len() < MOST {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut piece)? {
            0 => break,
            read => answer.extend_from_slice(&piece[..read]),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
