//! The lists in which a client offers subprotocols and extensions (RFC 6455 sections 9.1 and 11.3.4).
//!
//! A list is checked once, in one pass over the bytes, and then read in place: an offer of thousands of names
//! costs no more memory than its header.

use super::refusal::BadRequest;
use alloc::vec::Vec;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Whether `bytes` is a token (RFC 9110 section 5.6.2).
pub(super) fn is_token(bytes: &[u8]) -> bool {
    let token_char = |&byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !bytes.is_empty() && bytes.iter().all(token_char)
}

/// Whether one of the headers of this name lists `token`, ignoring case.
pub(super) fn lists_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(elements).any(|element| element.eq_ignore_ascii_case(token))
}

/// The elements between commas, without empty ones (RFC 9110 section 5.6.1.2).
fn elements(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(trim).filter(|element| !element.is_empty())
}

/// The headers of this name; `None` if one is empty or has a malformed element. O(bytes).
fn parse_list(
    headers: &HeaderMap,
    name: &HeaderName,
    is_well_formed: impl Fn(&str) -> bool,
) -> Option<Vec<HeaderValue>> {
    let values = headers.get_all(name);
    for value in &values {
        let mut elements = elements(value.to_str().ok()?).peekable();
        elements.peek()?;
        if !elements.all(&is_well_formed) {
            return None;
        }
    }
    Some(values.iter().cloned().collect())
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The subprotocols that a client offers, in its order of preference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protocols(Vec<HeaderValue>);

impl Protocols {
    pub(super) fn parse(headers: &HeaderMap) -> Result<Self, BadRequest> {
        parse_list(headers, &header::SEC_WEBSOCKET_PROTOCOL, |element| is_token(element.as_bytes()))
            .map(Self)
            .ok_or(BadRequest::Protocols)
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|value| value.to_str().ok()).flat_map(elements)
    }

    /// Whether this name is offered. Case matters.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|offered| offered == name)
    }
}

/// The extensions that a client offers, in its order of preference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions(Vec<HeaderValue>);

/// One offered extension: `name; parameter; parameter=value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    name: &'a str,
    parameters: Option<&'a str>,
}

impl Extensions {
    pub(in crate::websocket) fn parse(headers: &HeaderMap) -> Result<Self, BadRequest> {
        parse_list(headers, &header::SEC_WEBSOCKET_EXTENSIONS, |element| {
            Extension::parse(element).is_well_formed()
        })
        .map(Self)
        .ok_or(BadRequest::Extensions)
    }

    /// The offers, in order. The same extension may be offered several times, with other parameters.
    pub fn iter(&self) -> impl Iterator<Item = Extension<'_>> {
        self.0.iter().filter_map(|value| value.to_str().ok()).flat_map(elements).map(Extension::parse)
    }
}

impl<'a> Extension<'a> {
    // A quoted value must be a token when unquoted. So it holds no comma or semicolon, and splitting at them is
    // correct.
    fn parse(element: &'a str) -> Self {
        match element.split_once(';') {
            Some((name, parameters)) => Self { name: trim(name), parameters: Some(parameters) },
            None => Self { name: element, parameters: None },
        }
    }

    /// The extension's name.
    #[must_use]
    pub const fn name(self) -> &'a str {
        self.name
    }

    /// The parameters, in order, each with its value if it has one.
    pub fn parameters(self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        self.parameters.into_iter().flat_map(|parameters| parameters.split(';')).map(|parameter| {
            match parameter.split_once('=') {
                Some((name, value)) => (trim(name), Some(unquote(trim(value)))),
                None => (trim(parameter), None),
            }
        })
    }

    fn is_well_formed(self) -> bool {
        is_token(self.name.as_bytes())
            && self.parameters().all(|(name, value)| {
                is_token(name.as_bytes()) && value.is_none_or(|value| is_token(value.as_bytes()))
            })
    }
}

fn unquote(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}
