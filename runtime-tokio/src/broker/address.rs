//! Addresses of servers, as URLs.

use core::fmt;
use throng_runtime::cluster::BrokerError;

/// What a URL says of a server: `scheme://user:password@host:port/path`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) is_tls: bool,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) path: String,
}

/// The URLs that a broker takes.
pub(crate) struct Schemes {
    pub(crate) plain: &'static str,
    pub(crate) tls: &'static str,
    pub(crate) port: u16,
}

impl Address {
    /// Reads a URL. Without a scheme it is `host` or `host:port`. Errors do not repeat what could be a password.
    pub(crate) fn parse(url: &str, schemes: &Schemes) -> Result<Self, BrokerError> {
        let Schemes { plain, tls, port } = schemes;
        let (is_tls, rest) = match url.split_once("://") {
            None => (false, url),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case(plain) => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case(tls) => (true, rest),
            Some((scheme, _)) => {
                return Err(BrokerError::new(format_args!(
                    "URL with the scheme {scheme:?}: {plain}:// and {tls}:// are known"
                )));
            }
        };
        // The last `@`: a password may have one that is not encoded.
        let (login, place) = match rest.rsplit_once('@') {
            None => (None, rest),
            Some((login, place)) => (Some(login), place),
        };
        let (place, path) = place.split_once('/').unwrap_or((place, ""));
        let (host, port) = host_and_port(place, *port)?;
        let (mut user, mut password) = (None, None);
        if let Some(login) = login {
            let (name, secret) = match login.split_once(':') {
                None => (login, None),
                Some((name, secret)) => (name, Some(secret)),
            };
            user = Some(decoded(name)?).filter(|user| !user.is_empty());
            password = secret.map(decoded).transpose()?;
        }
        if is_tls && !cfg!(feature = "broker-tls") {
            return Err(BrokerError::new(format_args!(
                "{host} is to be reached by TLS: this needs the feature `broker-tls` of throng-tokio"
            )));
        }
        Ok(Self { host, port, is_tls, user, password, path: path.to_owned() })
    }

    /// The same way in, to another server.
    #[cfg(feature = "redis")]
    pub(crate) fn at(&self, host: String, port: u16) -> Self {
        Self { host, port, ..self.clone() }
    }
}

fn host_and_port(place: &str, default: u16) -> Result<(String, u16), BrokerError> {
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(|| {
            BrokerError::new(format_args!("address {place:?}: `]` is missing after the IPv6 address"))
        })?;
        (host, after.strip_prefix(':'))
    } else {
        match place.rsplit_once(':') {
            None => (place, None),
            Some((host, port)) => (host, Some(port)),
        }
    };
    if host.is_empty() {
        return Err(BrokerError::new(format_args!("address {place:?}: the host is missing")));
    }
    let port = match port {
        None => default,
        Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
            BrokerError::new(format_args!("address {place:?}: {port:?} is no port: 1 to 65535 are"))
        })?,
    };
    Ok((host.to_owned(), port))
}

/// Text with `%41` for `A`.
fn decoded(text: &str) -> Result<String, BrokerError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = after.get(..2).and_then(|digits| core::str::from_utf8(digits).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or_else(|| {
            BrokerError::new("user or password of a URL: `%` must be followed by two hexadecimal digits")
        })?;
        bytes.push(value);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| BrokerError::new("user or password of a URL: it is not UTF-8"))
}

/// Without secrets.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
