//! The URL of a JWK set.

use http::Uri;
use std::fmt;
use std::net::IpAddr;
use tokio_rustls::rustls::pki_types::ServerName;

/// The URL of a JWK set. It is shown without its query, which may have a key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct JwksUrl {
    uri: Uri,
    host: String,
}

impl JwksUrl {
    /// Reads a URL: `https://HOST/PATH`, or `http` in place of `https`.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_user = uri.authority()?.as_str().contains('@');
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        ServerName::try_from(host.clone()).ok()?;
        (is_http && !has_user).then_some(Self { uri, host })
    }

    /// Whether it is fetched over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Whether somebody on the way could change the answer.
    pub(crate) fn is_open(&self) -> bool {
        let is_here = self.host == "localhost" || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        !self.is_https() && !is_here
    }

    pub(crate) const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The host and port as they were written.
    fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }
}

impl fmt::Display for JwksUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        write!(f, "{scheme}://{}{}", self.authority(), self.uri.path())
    }
}

impl fmt::Debug for JwksUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
