//! Which pages may open a WebSocket here (RFC 6455 section 10.2).
//!
//! A browser lets any page open a WebSocket to any server, with the cookies of that server, and says in the
//! Origin header which page it was: refusing foreign pages is the server's job.

use super::authority::{Host, SerializedOrigin, only};
use super::pattern::{BadOrigin, OriginPattern};
use super::refusal::{Forbidden, Refusal};
use alloc::{sync::Arc, vec::Vec};
use core::fmt;
use http::{header, request::Parts};

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
