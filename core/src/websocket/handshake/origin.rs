//! Which pages may open a WebSocket here (RFC 6455 section 10.2).
//!
//! A browser lets any page open a WebSocket to any server, with the cookies of that server, and says in the
//! Origin header which page it was: refusing foreign pages is the server's job.

use super::pattern::OriginPattern;
use super::refusal::{BadRequest, Forbidden, Refusal};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;
use http::{HeaderMap, HeaderValue, header, request::Parts, uri::Authority};

/// Decides about an Origin header and the request it came with.
pub type OriginFunction = Arc<dyn Fn(&str, &Parts) -> bool + Send + Sync>;

/// The origins that are allowed.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Origin {
    /// Host and port must be those of the Host header. A port that is not written is the default of the
    /// origin's scheme, on both sides: behind a proxy that ends TLS the server cannot know its own. The
    /// scheme is not compared, for the same reason.
    #[default]
    Same,
    /// Any: for a server that recognises its users by something that a browser does not send by itself.
    Any,
    /// Those of a [list](Self::list).
    List(Arc<[OriginPattern]>),
    /// Those for which the function says so.
    Function(OriginFunction),
}

impl Origin {
    /// Those of a list, each one of these:
    ///
    /// | entry | allows |
    /// | --- | --- |
    /// | `https://example.com`, `http://localhost:8080` | this origin; a port that is not written is the default of the scheme |
    /// | `https://*.example.com` | the origins of all its subdomains, however deep; not `https://example.com` itself |
    /// | `null` | pages without an origin of their own: in a sandboxed frame, from a `data:` URL, in many browsers from a file |
    /// | `file://` | pages from files, in those browsers and web views that say so |
    ///
    /// ```
    /// use throng_core::websocket::handshake::Origin;
    ///
    /// assert!(Origin::list(["https://example.com", "https://*.example.com", "null"]).is_ok());
    /// let error = Origin::list(["https://example.com", "https://shop*.example.com"]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "origin 2 of the list, \"https://shop*.example.com\": a `*` stands for whole subdomains, as in https://*.example.com"
    /// );
    /// ```
    ///
    /// # Errors
    /// [`BadOrigin`] names the first entry that is none of these; a list without entries, which would refuse every page, is an
    /// error too.
    pub fn list<S: AsRef<str>>(origins: impl IntoIterator<Item = S>) -> Result<Self, BadOrigin> {
        let parsed: Result<Vec<_>, _> =
            (1..).zip(origins).map(|(at, entry)| OriginPattern::parse(at, entry.as_ref())).collect();
        match parsed? {
            none if none.is_empty() => Err(BadOrigin::EmptyList),
            patterns => Ok(Self::List(patterns.into())),
        }
    }

    /// Those for which `function` says so, of the Origin header's value and the request.
    pub fn function(function: impl Fn(&str, &Parts) -> bool + Send + Sync + 'static) -> Self {
        Self::Function(Arc::new(function))
    }

    fn allows(&self, value: &str, host: &Host<'_>, request: &Parts) -> bool {
        match self {
            Self::Same => SerializedOrigin::parse(value).is_some_and(|origin| origin.is_at(host)),
            Self::Any => true,
            Self::List(patterns) => {
                let origin = SerializedOrigin::parse(value);
                patterns.iter().any(|pattern| pattern.matches(value, origin.as_ref()))
            }
            Self::Function(function) => function(value, request),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("Same"),
            Self::Any => f.write_str("Any"),
            Self::List(origins) => f.debug_tuple("List").field(origins).finish(),
            Self::Function(_) => f.write_str("Function"),
        }
    }
}

/// What to do with a request that has no Origin header: it does not come from a browser's page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AbsentOrigin {
    /// Allow it.
    #[default]
    Allow,
    /// Refuse it.
    Refuse,
}

/// A list of origins that cannot be.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadOrigin {
    /// The list has no entry: no page could open a WebSocket.
    EmptyList,
    /// An entry is no origin: it has no scheme, no host, or something behind its port.
    NotAnOrigin {
        /// Which entry, from 1 on.
        position: usize,
        /// The entry.
        entry: String,
    },
    /// An entry has a `*` somewhere else than in place of its subdomains.
    Wildcard {
        /// Which entry, from 1 on.
        position: usize,
        /// The entry.
        entry: String,
    },
}

impl fmt::Display for BadOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyList => {
                f.write_str("the list of origins is empty: name those whose pages may connect")
            }
            Self::NotAnOrigin { position, entry } => write!(
                f,
                "origin {position} of the list, {entry:?}: an origin is scheme://host or scheme://host:port, with nothing behind it"
            ),
            Self::Wildcard { position, entry } => write!(
                f,
                "origin {position} of the list, {entry:?}: a `*` stands for whole subdomains, as in https://*.example.com"
            ),
        }
    }
}

/// The same sentence: what `main` returns is printed by `Debug`.
impl fmt::Debug for BadOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for BadOrigin {}

/// Scheme, host and port (RFC 6454 section 4), in lower case and without what is default.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SerializedOrigin {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl SerializedOrigin {
    pub(super) fn parse(origin: &str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let scheme_char = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if scheme.is_empty() || !scheme.bytes().all(scheme_char) {
            return None;
        }
        let Host { name, port } = Host::parse(authority.as_bytes())?;
        let (scheme, host) = (scheme.to_ascii_lowercase(), name.to_ascii_lowercase());
        let port = port.or_else(|| default_port(&scheme));
        Some(Self { scheme, host, port })
    }

    fn is_at(&self, host: &Host<'_>) -> bool {
        self.host.eq_ignore_ascii_case(host.name)
            && self.port == host.port.or_else(|| default_port(&self.scheme))
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

/// A host and the port, if it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Host<'a> {
    name: &'a str,
    port: Option<u16>,
}

impl<'a> Host<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        Authority::try_from(bytes).ok()?;
        let text = core::str::from_utf8(bytes).ok()?;
        // The colons within brackets belong to an IPv6 address, and brackets to nothing else.
        let name_len = match text.strip_prefix('[') {
            Some(rest) => rest.find(']')? + 2,
            None => text.find([':', '[', ']']).unwrap_or(text.len()),
        };
        let (name, port) = text.split_at(name_len);
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            None => return None,
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
            Some(_) => return None,
        };
        (!name.is_empty() && !name.contains('@')).then_some(Self { name, port })
    }

    /// The one Host header of a request.
    pub(super) fn of(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        only(headers, &header::HOST)
            .and_then(|value| Self::parse(value.as_bytes()))
            .ok_or_else(|| BadRequest::Host.into())
    }
}

/// The value of a header that is there exactly once.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

pub(super) fn check_origin(
    origin: &Origin,
    absent: AbsentOrigin,
    host: &Host<'_>,
    request: &Parts,
) -> Result<(), Refusal> {
    if !request.headers.contains_key(header::ORIGIN) {
        return match absent {
            AbsentOrigin::Allow => Ok(()),
            AbsentOrigin::Refuse => Err(Refusal::Forbidden(Forbidden::NoOrigin)),
        };
    }
    let value = only(&request.headers, &header::ORIGIN).and_then(|value| value.to_str().ok());
    match value {
        Some(value) if origin.allows(value, host, request) => Ok(()),
        _ => Err(Refusal::Forbidden(Forbidden::Origin)),
    }
}
