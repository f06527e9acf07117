//! The entries of a list of origins.

use super::origin::{BadOrigin, SerializedOrigin};
use alloc::{format, string::String};
use core::net::Ipv4Addr;

/// An entry of [`Origin::List`](super::Origin::List), made by [`Origin::list`](super::Origin::list).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern(Pattern);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exactly(SerializedOrigin),
    /// The subdomains of the host.
    Below(SerializedOrigin),
    /// What a browser says word for word, as it is no origin: `null` or `file://`.
    Word(&'static str),
}

/// What browsers say of pages that have no origin (RFC 6454 section 6.1), and some of files.
const WORDS: [&str; 2] = ["null", "file://"];

impl OriginPattern {
    /// The entry at a position.
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

    /// Whether it allows the value of an Origin header, which is this origin if it is any.
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
