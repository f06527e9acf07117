//! `throng health`: asks a running program for its health, for containers without a shell.
//!
//! | file | what |
//! | --- | --- |
//! | `timed` | a connection whose reads and writes end at one moment |
//! | `secure` | TLS to the program's own listener |

mod secure;
mod timed;

use crate::config::Config;
use crate::proxies::{OWN_CONNECTION, is_trusted};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::time::Instant;
use timed::{TIME, Timed};

/// More is not read of an answer.
const MOST: usize = 16 << 10;

/// What the program answers.
pub(crate) struct Health {
    pub(crate) text: String,
    /// What is wrong although the program lives.
    pub(crate) warning: Option<String>,
}

/// Asks the program that runs with this config, over TLS if the config has a certificate.
///
/// # Errors
/// It does not answer, or not with 200.
pub(crate) fn ask(config: &Config, path: &str) -> Result<Health, String> {
    let listen = config.listen();
    let address = listen.addresses().iter().find_map(|address| address.to_socket_addrs().ok()?.next());
    let address = address.ok_or_else(|| format!("{} is no address", listen.text()))?;
    if address.port() == 0 {
        return Err(format!(
            "the config listens on {}, a port that the system chooses: name the port with `--listen HOST:PORT`",
            listen.text()
        ));
    }
    let address = reachable(address);
    let url = format!("{}://{address}{path}", if config.is_secure() { "https" } else { "http" });
    let (answer, warning) = exchange(config, address, path).map_err(|why| format!("{url}: {why}"))?;
    let answer = String::from_utf8_lossy(&answer);
    let first = answer.lines().next().unwrap_or_default();
    if !first.starts_with("HTTP/1.") {
        return Err(format!(
            "{url} does not answer in HTTP: does the program there run with `tls.certificate`?"
        ));
    }
    let Some((_, body)) = answer.split_once("\r\n\r\n") else {
        return Err(format!("{url}: the answer ends within its head"));
    };
    match first.split(' ').nth(1) {
        Some("200") => Ok(Health { text: body.into(), warning }),
        _ => Err(format!("{url} answers {first}: {body}")),
    }
}

/// A program that listens on all addresses is asked on the loopback address.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

fn exchange(config: &Config, address: SocketAddr, path: &str) -> Result<(Vec<u8>, Option<String>), String> {
    let mut stream = connect(address).map_err(|error| error.to_string())?;
    let own = stream.local_address().map_err(|error| error.to_string())?;
    if config.proxies.protocol && is_trusted(&config.proxies, own.ip()) {
        stream.write_all(&OWN_CONNECTION).map_err(|error| error.to_string())?;
    }
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    if !config.is_secure() {
        return Ok((answer(&mut stream, &request).map_err(|error| error.to_string())?, None));
    }
    let (mut stream, warning) = secure::begin(stream, address.ip(), &config.tls)?;
    Ok((answer(&mut stream, &request).map_err(|error| error.to_string())?, warning))
}

fn connect(address: SocketAddr) -> io::Result<Timed> {
    let end = Instant::now() + TIME;
    Timed::connect(address, end).or_else(|error| match address.ip().is_ipv6() && address.ip().is_loopback() {
        // A machine without IPv6 listens on the IPv4 addresses.
        true => Timed::connect(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()), end),
        false => Err(error),
    })
}

fn answer(stream: &mut (impl Read + Write), request: &str) -> io::Result<Vec<u8>> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let (mut answer, mut piece) = (Vec::new(), [0; 1024]);
    while answer.len() < MOST {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(piece.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The end without TLS' goodbye, or without what is left of the request being read.
            Err(error) if is_end(&error) && !answer.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(answer)
}

fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}
