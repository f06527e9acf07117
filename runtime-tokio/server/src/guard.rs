//! Who may see the pages for operators: requests with the key, and peers of this machine.

use crate::config::Pages;
use crate::config::api_keys::ApiKey;
use crate::config::value::Secret;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, StatusCode, header};
use std::net::{IpAddr, SocketAddr};
use subtle::ConstantTimeEq;

/// The header that has a key.
pub(crate) const KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Headers that a proxy adds. The peer of a proxied request is the proxy, wherever the request is from.
const OF_PROXIES: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// Refuses a request that may not see a page.
///
/// A request of a peer of this machine must name this machine as its host, too: a page of the web whose name leads to this machine
/// (DNS rebinding) could read the answer otherwise.
pub(crate) fn check(pages: &Pages, peer: SocketAddr, headers: &HeaderMap) -> Result<(), Box<Response>> {
    const WHY: &str = "This page is for peers of this machine that use its address or \"localhost\", and for requests with the \
        header X-API-Key and the value of the config's `pages.key`. `pages.open` opens it to everybody.\n";
    if pages.open || pages.key.as_ref().is_some_and(|key| has_key(headers, [key])) {
        return Ok(());
    }
    if is_local(peer, headers) {
        return Ok(());
    }
    Err(Box::new((StatusCode::FORBIDDEN, WHY).into_response()))
}

/// Whether the request is of a peer of this machine, which names it as its host, and came without a proxy.
pub(crate) fn is_local(peer: SocketAddr, headers: &HeaderMap) -> bool {
    let is_direct = !OF_PROXIES.iter().any(|name| headers.contains_key(*name));
    is_direct && peer.ip().to_canonical().is_loopback() && names_this_machine(headers)
}

/// Whether the request has one of these keys. The time that this takes tells nothing about a key but its length.
pub(crate) fn has_key<'a>(headers: &HeaderMap, keys: impl IntoIterator<Item = &'a Secret>) -> bool {
    let Some(given) = given(headers) else { return false };
    keys.into_iter().fold(false, |found, key| found | bool::from(key.bytes().ct_eq(given)))
}

/// The entry of `api.keys` whose key the request has. All keys are compared, so that the time does not tell which one it is.
pub(crate) fn caller<'a>(headers: &HeaderMap, keys: &'a [ApiKey]) -> Option<&'a ApiKey> {
    let given = given(headers)?;
    keys.iter().fold(
        None,
        |found, entry| {
            if bool::from(entry.key.bytes().ct_eq(given)) { Some(entry) } else { found }
        },
    )
}

fn given(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(KEY).map_or_else(|| of_authorization(headers), |value| Some(value.as_bytes()))
}

/// The key of `Authorization: apikey KEY`.
fn of_authorization(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, key) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"apikey ").then_some(key)
}

fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::Setting;

    type Case<'a> = (&'a Pages, &'a str, &'a [(&'static str, &'static str)], bool);

    fn headers(of: &[(&'static str, &'static str)]) -> HeaderMap {
        of.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_pages_are_for_this_machine_or_a_key() {
        let key = Secret::read(&"hunter2".into()).ok();
        let guarded = Pages { key, open: false };
        let (here, mapped, there) = ("127.0.0.1:1", "[::ffff:127.0.0.1]:1", "192.0.2.1:1");
        let host = ("host", "localhost:8080");
        let cases: &[Case<'_>] = &[
            (&guarded, here, &[host], true),
            (&guarded, here, &[("host", "127.0.0.1")], true),
            (&guarded, here, &[("host", "[::1]:8080")], true),
            (&guarded, mapped, &[host], true),
            (&guarded, there, &[host], false),
            (&guarded, here, &[], false),
            // A page of the web whose name leads here.
            (&guarded, here, &[("host", "evil.example:8080")], false),
            // From wherever, by a proxy on this machine.
            (&guarded, here, &[host, ("x-forwarded-for", "127.0.0.1")], false),
            (&guarded, here, &[host, ("forwarded", "for=127.0.0.1")], false),
            (&guarded, there, &[host, ("x-api-key", "hunter2")], true),
            (&guarded, there, &[host, ("authorization", "apikey hunter2")], true),
            (&guarded, there, &[host, ("authorization", "ApiKey hunter2")], true),
            (&guarded, there, &[host, ("authorization", "Bearer hunter2")], false),
            (&guarded, there, &[host, ("x-api-key", "hunter")], false),
            (&guarded, there, &[host, ("x-api-key", "hunter22")], false),
            (&guarded, there, &[host, ("x-api-key", "")], false),
            (&Pages { key: None, open: false }, there, &[("x-api-key", "")], false),
            (&Pages { key: None, open: true }, there, &[], true),
        ];
        for (pages, peer, with, may) in cases {
            let answer = check(pages, peer.parse().unwrap(), &headers(with));
            assert_eq!(answer.is_ok(), *may, "{peer} {with:?}");
        }
        assert!(!has_key(&headers(&[("x-api-key", "")]), []));
    }
}
