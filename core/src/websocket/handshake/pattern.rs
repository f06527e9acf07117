//! The entries of a list of origins, and the error for an invalid one.

use super::authority::SerializedOrigin;
use alloc::{format, string::String};
use core::fmt;
use core::net::Ipv4Addr;

/// An entry of [`Origin::List`](super::Origin::List), made by [`Origin::list`](super::Origin::list).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern(Pattern);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exactly(SerializedOrigin),
    /// The subdomains of the host.
    Below(SerializedOrigin),
    /// A literal that browsers send instead of an origin: `null` or `file://`.
    Word(&'static str),
}

/// What browsers send for pages without an origin (RFC 6454 section 6.1), and some for files.
const WORDS: [&str; 2] = ["null", "file://"];

impl OriginPattern {
    /// Parses the entry at a position, from 1, of the list.
    pub(super) fn parse(position: usize, entry: &str) -> Result<Self, BadOrigin> {
        let owned = || String::from(entry);
        if let Some(word) = WORDS.into_iter().find(|word| word.eq_ignore_ascii_case(entry)) {
            return Ok(Self(Pattern::Word(word)));
        }
        let Some((before, host)) = entry.split_once("://*.") else {
            return match SerializedOrigin::parse(entry) {
                _ if entry.contains('*') => Err(BadOrigin::Wildcard { position, entry: owned() }),
                None => Err(BadOrigin::NotAnOrigin { position, entry: owned() }),
                Some(origin) => Ok(Self(Pattern::Exactly(origin))),
            };
        };
        match SerializedOrigin::parse(&format!("{before}://{host}")) {
            None => Err(BadOrigin::NotAnOrigin { position, entry: owned() }),
            // Addresses have no subdomains.
            Some(origin)
                if host.contains('*') || host.starts_with('[') || origin.host.parse::<Ipv4Addr>().is_ok() =>
            {
                Err(BadOrigin::Wildcard { position, entry: owned() })
            }
            Some(origin) => Ok(Self(Pattern::Below(origin))),
        }
    }

    /// Whether the entry allows an Origin header of this value; `origin` is the value parsed, if it is an origin.
    pub(super) fn matches(&self, value: &str, origin: Option<&SerializedOrigin>) -> bool {
        match (&self.0, origin) {
            (Pattern::Word(word), _) => word.eq_ignore_ascii_case(value),
            (Pattern::Exactly(allowed), Some(origin)) => allowed == origin,
            (Pattern::Below(domain), Some(origin)) => {
                let below = origin.host.strip_suffix(domain.host.as_str());
                let name = below.and_then(|below| below.strip_suffix('.')).unwrap_or_default();
                !name.is_empty()
                    && !name.contains('*')
                    && (&origin.scheme, origin.port) == (&domain.scheme, domain.port)
            }
            _ => false,
        }
    }
}

/// An invalid list of origins.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadOrigin {
    /// The list has no entry: no page could open a WebSocket.
    EmptyList,
    /// An entry is not an origin: it lacks scheme or host, or has something behind its port.
    NotAnOrigin {
        /// The position of the entry, from 1.
        position: usize,
        /// The invalid entry.
        entry: String,
    },
    /// An entry has a `*` that does not stand for its subdomains.
    Wildcard {
        /// The position of the entry, from 1.
        position: usize,
        /// The invalid entry.
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
                "origin {position} of the list, {entry:?}: {}; an origin is scheme://host or scheme://host:port",
                fault(entry)
            ),
            Self::Wildcard { position, entry } => {
                write!(
                    f,
                    "origin {position} of the list, {entry:?}: a `*` stands for whole subdomains, as in https://*.example.com"
                )?;
                // Whoever writes this wants all origins.
                match entry.strip_prefix("https://").or(entry.strip_prefix("http://")).unwrap_or(entry) {
                    "*" => f.write_str("; to allow every origin, set `Origin::Any` in place of a list"),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// What is wrong with an entry that is no origin.
fn fault(entry: &str) -> &'static str {
    if entry.is_empty() {
        return "the entry is empty";
    }
    if entry.contains(char::is_whitespace) {
        return "leave out the white space";
    }
    if !entry.is_ascii() {
        return "write the host in ASCII, as browsers send it (xn--...)";
    }
    let Some((_, behind)) = entry.split_once("://") else {
        return "the scheme is missing, such as https://";
    };
    if behind.contains(['/', '?', '#']) {
        return "leave out what follows the host and the port";
    }
    if behind.contains('@') {
        return "leave out the user before the `@`";
    }
    // The colons within the brackets of an IPv6 address begin no port.
    let host_end = if behind.starts_with('[') { behind.find(']').unwrap_or(behind.len()) } else { 0 };
    match behind[host_end..].split_once(':') {
        Some((_, port)) if !port.is_empty() && port.parse::<u16>().is_err() => {
            "the port must be a number up to 65535"
        }
        _ => "the scheme or the host is missing or has an invalid character",
    }
}

/// Prints the same sentence as `Display`, since `main` prints the error that it returns by `Debug`.
impl fmt::Debug for BadOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for BadOrigin {}
