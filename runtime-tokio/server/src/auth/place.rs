//! Where in a request the token is.

use crate::config::types::TOKEN_SUBPROTOCOL;
use http::{HeaderMap, Uri, header};

/// The token of a request: in the query (`?token=TOKEN`), else in the header `Authorization: Bearer TOKEN`, else among the subprotocols, as
/// `throng.token.TOKEN`. The letters of a token need no escapes in any of them.
pub(crate) fn token_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    in_query(uri).or_else(|| in_authorization(headers)).or_else(|| in_subprotocols(headers))
}

fn in_query(uri: &Uri) -> Option<&str> {
    uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("token=")))
}

fn in_authorization(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn in_subprotocols(headers: &HeaderMap) -> Option<&str> {
    let offers =
        headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).find_map(|offer| offer.trim().strip_prefix(TOKEN_SUBPROTOCOL))
}
