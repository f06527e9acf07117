//! When a request opens a WebSocket, written down naively, and the target that holds the core against it.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderName, HeaderValue, Method, Version, header};
use throng_core::websocket::handshake::{
    AbsentOrigin, BadRequest, Forbidden, Origin, Policy, Protocol, Refusal, Upgrade, UpgradeRequired,
};

/// The origins of [`Origin::List`] here.
const LISTED: [&str; 2] = ["https://example.com", "http://localhost:8080"];
/// What else is on the list: all below a host, and what is said of pages without an origin.
const BELOW: &str = "https://*.example.org";
const WORDS: [&str; 2] = ["null", "file://"];
/// Base64 in which the bits of the last character that nobody uses may be anything (RFC 6455 section 4.1 has some).
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));
/// The subprotocols that are spoken here, most wanted first.
const SPOKEN: [&str; 3] = ["chat.v2", "chat", "!#$%&'*+-.^_`|~"];

/// The policy of a variant.
pub(super) fn policy(variant: u8) -> Policy {
    let mut policy = Policy::default();
    policy.origin = match variant & 3 {
        0 | 1 => Origin::Same,
        2 => Origin::Any,
        _ => Origin::list(LISTED.into_iter().chain([BELOW]).chain(WORDS)).expect("these are origins"),
    };
    if variant & 4 != 0 {
        policy.absent_origin = AbsentOrigin::Refuse;
    }
    policy.protocols = SPOKEN.iter().map(|name| Protocol::new(name).expect("a token")).collect();
    policy
}

/// What [`Upgrade::check`] must say under [`policy`], the checks in the order that its documentation promises.
pub(super) fn expected(parts: &Parts, variant: u8) -> Result<(), Refusal> {
    let one = |name: &HeaderName| {
        let values: Vec<_> = parts.headers.get_all(name).iter().collect();
        if values.len() == 1 { Some(values[0].as_bytes()) } else { None }
    };
    if parts.method != Method::GET {
        return Err(Refusal::MethodNotAllowed);
    }
    if parts.version != Version::HTTP_11 {
        return Err(BadRequest::Version.into());
    }
    let host = one(&header::HOST).and_then(Place::parse).ok_or(BadRequest::Host)?;
    // A target that names a host is what counts.
    let host = match parts.uri.authority() {
        Some(authority) => Place::parse(authority.as_str().as_bytes()).ok_or(BadRequest::Host)?,
        None => host,
    };
    if !lists(parts, &header::UPGRADE, "websocket") {
        return Err(Refusal::UpgradeRequired(UpgradeRequired::Upgrade));
    }
    if !lists(parts, &header::CONNECTION, "upgrade") {
        return Err(BadRequest::Connection.into());
    }
    let length = values(parts, &header::CONTENT_LENGTH)
        .all(|length| !length.is_empty() && length.iter().all(|digit| *digit == b'0'));
    if !length || parts.headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(BadRequest::Body.into());
    }
    match parts.headers.get_all(header::SEC_WEBSOCKET_VERSION).iter().count() {
        2.. => return Err(BadRequest::WebSocketVersion.into()),
        _ if one(&header::SEC_WEBSOCKET_VERSION) == Some(b"13") => {}
        _ => return Err(Refusal::UpgradeRequired(UpgradeRequired::Version)),
    }
    let key = one(&header::SEC_WEBSOCKET_KEY).and_then(|key| LENIENT.decode(key).ok());
    key.filter(|key| key.len() == 16).ok_or(BadRequest::Key)?;
    if !values(parts, &header::SEC_WEBSOCKET_PROTOCOL).all(|list| well_formed(list, is_token)) {
        return Err(BadRequest::Protocols.into());
    }
    if !values(parts, &header::SEC_WEBSOCKET_EXTENSIONS).all(|list| well_formed(list, is_extension)) {
        return Err(BadRequest::Extensions.into());
    }
    match (parts.headers.contains_key(header::ORIGIN), one(&header::ORIGIN)) {
        (false, _) if variant & 4 != 0 => Err(Refusal::Forbidden(Forbidden::NoOrigin)),
        (false, _) => Ok(()),
        (true, Some(origin)) if is_allowed(origin, &host, variant) => Ok(()),
        _ => Err(Refusal::Forbidden(Forbidden::Origin)),
    }
}

/// Only visible characters and blanks make a value that is looked into: others list nothing.
fn values<'a>(parts: &'a Parts, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    parts.headers.get_all(name).iter().map(HeaderValue::as_bytes)
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || (b' '..=b'~').contains(&byte)
}

fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&byte| byte == b',').map(trim).filter(|element| !element.is_empty())
}

/// Without the blanks around it.
fn trim(bytes: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let from = bytes.iter().position(|byte| !is_blank(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_blank(byte)).map_or(from, |last| last + 1);
    &bytes[from..end]
}

fn lists(parts: &Parts, name: &HeaderName, token: &str) -> bool {
    let readable = values(parts, name).filter(|list| list.iter().all(|&byte| is_text(byte)));
    readable.flat_map(elements).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
}

fn well_formed(list: &[u8], is_element: impl Fn(&[u8]) -> bool) -> bool {
    elements(list).next().is_some() && elements(list).all(is_element)
}

fn is_token(bytes: &[u8]) -> bool {
    const SEPARATORS: &[u8] = b"()<>@,;:\\\"/[]?={} \t";
    !bytes.is_empty() && bytes.iter().all(|byte| (b'!'..=b'~').contains(byte) && !SEPARATORS.contains(byte))
}

/// `extension-token *( ";" extension-param )`, a parameter being a token that may have a value (section 9.1).
fn is_extension(element: &[u8]) -> bool {
    let mut parts = element.split(|&byte| byte == b';').map(trim);
    parts.next().is_some_and(is_token)
        && parts.all(|parameter| match parameter.iter().position(|&byte| byte == b'=') {
            None => is_token(parameter),
            Some(at) => {
                let (name, value) = (trim(&parameter[..at]), trim(&parameter[at + 1..]));
                let unquoted = match value {
                    [b'"', inner @ .., b'"'] => inner,
                    bare => bare,
                };
                is_token(name) && is_token(unquoted)
            }
        })
}

/// Where a server is: a host in lower case, and a port if it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    host: String,
    port: Option<u16>,
}

impl Place {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(bytes).ok()?;
        let authority: Authority = text.parse().ok()?;
        let behind = text.strip_prefix(authority.host())?;
        let port = match behind.strip_prefix(':') {
            None if behind.is_empty() => None,
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
            _ => return None,
        };
        let host = authority.host().to_ascii_lowercase();
        // Brackets stand around an IPv6 address and nowhere else.
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
        if host.is_empty() || bare.contains(['[', ']']) { None } else { Some(Self { host, port }) }
    }

    /// With the port that is meant when none is written.
    fn of_scheme(&self, scheme: &str) -> Self {
        let default = match scheme {
            "http" | "ws" => Some(80),
            "https" | "wss" => Some(443),
            _ => None,
        };
        Self { host: self.host.clone(), port: self.port.or(default) }
    }
}

fn is_allowed(origin: &[u8], host: &Place, variant: u8) -> bool {
    if !origin.iter().all(|&byte| is_text(byte)) {
        return false;
    }
    let parse = |origin: &str| {
        let (scheme, rest) = origin.split_once("://")?;
        let is_scheme =
            |character: char| character.is_ascii_alphanumeric() || ['+', '-', '.'].contains(&character);
        if scheme.is_empty() || !scheme.chars().all(is_scheme) {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let place = Place::parse(rest.as_bytes())?.of_scheme(&scheme);
        Some((scheme, place))
    };
    let parsed = core::str::from_utf8(origin).ok().and_then(parse);
    match variant & 3 {
        0 | 1 => parsed.is_some_and(|(scheme, place)| place == host.of_scheme(&scheme)),
        2 => true,
        _ if WORDS.iter().any(|word| origin.eq_ignore_ascii_case(word.as_bytes())) => true,
        _ => parsed.is_some_and(|found| {
            let below = found.1.host.strip_suffix(".example.org").unwrap_or_default();
            let is_below = found.0 == "https" && found.1.port == Some(443) && !below.is_empty();
            is_below && !below.contains('*')
                || LISTED.iter().any(|listed| parse(listed).as_ref() == Some(&found))
        }),
    }
}

/// Headers of a request that is an upgrade but for what they say: lines of Host, Origin, Sec-WebSocket-Protocol and
/// Sec-WebSocket-Extensions in turn, an empty one for none. The last byte chooses the policy.
///
/// # Panics
/// If the core says something else than the naive rules, or negotiates what was not offered.
pub fn negotiation(input: &[u8]) {
    const NAMES: [HeaderName; 4] =
        [header::HOST, header::ORIGIN, header::SEC_WEBSOCKET_PROTOCOL, header::SEC_WEBSOCKET_EXTENSIONS];
    let (variant, lines) = input.split_last().map_or((0, input), |(&last, rest)| (last, rest));
    let mut request = http::Request::get("/")
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==");
    for (line, name) in lines.split(|&byte| byte == b'\n').zip(NAMES.iter().cycle()) {
        if let (false, Ok(value)) = (line.is_empty(), HeaderValue::from_bytes(line)) {
            request = request.header(name, value);
        }
    }
    let Ok(request) = request.body(()) else { return };
    let _ = check(&request.into_parts().0, variant);
}

/// The core against the naive rules, and what it negotiated against what was offered.
pub(super) fn check(parts: &Parts, variant: u8) -> Result<Upgrade, Refusal> {
    let upgrade = Upgrade::check(parts, &policy(variant));
    assert_eq!(upgrade.as_ref().map(|_| ()).map_err(Clone::clone), expected(parts, variant));
    if let Ok(upgrade) = &upgrade {
        let protocols: Vec<_> = values(parts, &header::SEC_WEBSOCKET_PROTOCOL).flat_map(elements).collect();
        let offered: Vec<_> = upgrade.offered_protocols().iter().map(str::as_bytes).collect();
        assert_eq!(offered, protocols);
        let chosen = SPOKEN.iter().find(|spoken| protocols.contains(&spoken.as_bytes()));
        assert_eq!(upgrade.protocol().map(Protocol::name), chosen.copied());
        check_extensions(parts, upgrade);
    }
    upgrade
}

/// What the offers say, written out again, is what was offered but for blanks, quotes and empty elements.
fn check_extensions(parts: &Parts, upgrade: &Upgrade) {
    let bare = |bytes: &[u8]| -> Vec<u8> {
        bytes.iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t' | b'"')).collect()
    };
    let offered: Vec<_> =
        values(parts, &header::SEC_WEBSOCKET_EXTENSIONS).flat_map(elements).map(bare).collect();
    let found = upgrade.offered_extensions().iter().map(|extension| {
        let mut written = extension.name().as_bytes().to_vec();
        for (name, value) in extension.parameters() {
            assert!(is_token(name.as_bytes()) && value.is_none_or(|value| is_token(value.as_bytes())));
            written.push(b';');
            written.extend_from_slice(name.as_bytes());
            if let Some(value) = value {
                written.push(b'=');
                written.extend_from_slice(value.as_bytes());
            }
        }
        written
    });
    assert_eq!(found.collect::<Vec<_>>(), offered);
}
