//! Clients behind proxies: whose a connection or a request is.
//!
//! | file | what |
//! | --- | --- |
//! | `headers` | X-Forwarded-For and Forwarded |
//! | `protocol` | the PROXY protocol, versions 1 and 2 |
//!
//! Only what a trusted peer says is believed. Every hop adds the address of its own peer at the end, so the list is read from its end: the
//! first address that is not a trusted proxy's is the client. What is before it the client may have written itself.

mod headers;
mod protocol;
#[cfg(test)]
mod tests;

pub(crate) use protocol::{OWN_CONNECTION, read};

use crate::config::Proxies;
use crate::config::proxies::ProxyHeader;
use http::request::Parts;
use std::net::{IpAddr, SocketAddr};

/// A longer list of proxies is not read to its end.
const MOST_HOPS: usize = 32;

/// Whether a peer is a trusted proxy.
pub(crate) fn is_trusted(proxies: &Proxies, ip: IpAddr) -> bool {
    // An IPv4 peer of an IPv6 listener has a mapped address.
    let ip = ip.to_canonical();
    proxies.trusted.iter().any(|network| network.contains(ip))
}

/// The client of a request whose peer is a trusted proxy. An address that cannot be read ends the list: the client is then the proxy that
/// has passed it on.
pub(crate) fn client(proxies: &Proxies, peer: SocketAddr, request: &Parts) -> SocketAddr {
    let hops = match proxies.header {
        ProxyHeader::XForwardedFor => headers::x_forwarded_for(&request.headers),
        ProxyHeader::Forwarded => headers::forwarded(&request.headers),
        ProxyHeader::None => return peer,
    };
    let mut client = peer;
    for hop in hops.iter().rev().take(MOST_HOPS) {
        let Some(address) = hop else {
            metrics::counter!("throng_server_proxy_headers_bad_total").increment(1);
            break;
        };
        client = *address;
        if !is_trusted(proxies, client.ip()) {
            break;
        }
    }
    client
}
