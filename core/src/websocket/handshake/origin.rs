//! Decides which pages may open a WebSocket (RFC 6455 section 10.2).
//!
//! A browser lets any page open a WebSocket to any server, with that server's cookies, and names the page in the
//! Origin header. The server must refuse foreign pages.

use super::authority::{Host, SerializedOrigin, only};
use super::pattern::{BadOrigin, OriginPattern};
use super::refusal::{Forbidden, Refusal};
use alloc::{sync::Arc, vec::Vec};
use core::fmt;
use http::{header, request::Parts};

/// Returns whether a request with this value of the Origin header is allowed.
pub type OriginFunction = Arc<dyn Fn(&str, &Parts) -> bool + Send + Sync>;

/// The origins that are allowed.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Origin {
    /// The origin's host and port must be those of the Host header, or of the request's target if that names a host. A missing port is the default of the
    /// origin's scheme, on both sides, and the scheme is not compared: behind a proxy that ends TLS the
    /// server does not know its own.
    #[default]
    Same,
    /// Every origin is allowed. Only for a server that identifies users by something browsers do not send by themselves.
    Any,
    /// The origins of a [list](Self::list) are allowed.
    List(Arc<[OriginPattern]>),
    /// The origins for which the function returns `true` are allowed.
    Function(OriginFunction),
}

impl Origin {
    /// Allows the origins of a list, whose entries can be:
    ///
    /// | entry | allows |
    /// | --- | --- |
    /// | `https://example.com`, `http://localhost:8080` | this origin; a missing port is the default of the scheme |
    /// | `https://*.example.com` | the origins of all its subdomains, however deep; not `https://example.com` itself |
    /// | `null` | pages without an origin: in a sandboxed frame, from a `data:` URL, in many browsers from a file |
    /// | `file://` | pages from files, in browsers and web views that send this origin |
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
    /// [`BadOrigin`] names the first invalid entry. An empty list is an error too, as it would refuse every page.
    pub fn list<S: AsRef<str>>(origins: impl IntoIterator<Item = S>) -> Result<Self, BadOrigin> {
        let parsed: Result<Vec<_>, _> =
            (1..).zip(origins).map(|(at, entry)| OriginPattern::parse(at, entry.as_ref())).collect();
        match parsed? {
            none if none.is_empty() => Err(BadOrigin::EmptyList),
            patterns => Ok(Self::List(patterns.into())),
        }
    }

    /// Allows the origins for which `function` returns `true`, given the value of the Origin header and the request.
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

/// What to do with a request without an Origin header, which does not come from a browser's page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AbsentOrigin {
    /// Allow the request.
    #[default]
    Allow,
    /// Refuse the request with 403.
    Refuse,
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
