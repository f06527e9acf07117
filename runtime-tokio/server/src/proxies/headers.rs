//! X-Forwarded-For, and Forwarded of RFC 7239: the addresses in the order of the hops. `None` stands for one that cannot be read.

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};
use std::net::{IpAddr, SocketAddr};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

pub(super) fn x_forwarded_for(headers: &HeaderMap) -> Vec<Option<SocketAddr>> {
    let mut hops = Vec::new();
    for value in headers.get_all(X_FORWARDED_FOR) {
        match value.to_str() {
            Ok(list) => hops.extend(list.split(',').map(|node| address(node.trim()))),
            Err(_) => hops.push(None),
        }
    }
    hops
}

/// The parameters `for`. An element without one, or with an obfuscated name, is a hop that is not known.
pub(super) fn forwarded(headers: &HeaderMap) -> Vec<Option<SocketAddr>> {
    let mut hops = Vec::new();
    for value in headers.get_all(FORWARDED) {
        match value.to_str() {
            Ok(list) => hops.extend(split(list, ',').into_iter().map(element)),
            Err(_) => hops.push(None),
        }
    }
    hops
}

fn element(element: &str) -> Option<SocketAddr> {
    let pairs = split(element, ';');
    let mut of_for = pairs.iter().filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    });
    let node = of_for.next()?;
    // A parameter must not occur twice.
    if of_for.next().is_some() {
        return None;
    }
    address(node.strip_prefix('"').and_then(|node| node.strip_suffix('"')).unwrap_or(node))
}

/// Splits at a separator that is not in a quoted string.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(|letter: char| {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        letter == at && !is_quoted
    })
    .collect()
}

/// An address with or without a port. IPv6 with a port is in brackets.
fn address(node: &str) -> Option<SocketAddr> {
    if let Ok(address) = node.parse() {
        return Some(address);
    }
    let bare = node.strip_prefix('[').and_then(|node| node.strip_suffix(']')).unwrap_or(node);
    bare.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0))
}
