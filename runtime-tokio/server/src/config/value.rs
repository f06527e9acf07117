//! Values of the config: how each type is read, and what is allowed for it.

use serde_json::Value;
use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

/// A value of the config. The error of `read` says what is allowed: "must be …".
pub(crate) trait Setting: Sized {
    /// Whether no error may show a value, not even a wrong one.
    const IS_SECRET: bool = false;

    fn read(value: &Value) -> Result<Self, String>;
    fn write(&self) -> Value;
}

impl Setting for bool {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bool(flag) => Ok(*flag),
            _ => Err("must be true or false".into()),
        }
    }

    fn write(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Setting for String {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_str().map(Self::from).ok_or_else(|| "must be a text; put a number in quotes".into())
    }

    fn write(&self) -> Value {
        Value::String(self.clone())
    }
}

/// `null` and the word `none` are no value.
impl<T: Setting> Setting for Option<T> {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            Value::String(word) if word == "none" => Ok(None),
            value => match T::read(value) {
                Ok(value) => Ok(Some(value)),
                Err(allowed) => Err(format!("{allowed}, or \"none\"")),
            },
        }
    }

    fn write(&self) -> Value {
        self.as_ref().map_or_else(|| "none".into(), Setting::write)
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn read(value: &Value) -> Result<Self, String> {
        let items = value.as_array().ok_or("must be a list")?;
        let read = |(at, item)| {
            T::read(item).map_err(|allowed| match T::IS_SECRET {
                true => format!("item {at} of the list {allowed}"),
                false => format!("item {at} of the list, {}, {allowed}", shown(item)),
            })
        };
        (1..).zip(items).map(read).collect()
    }

    fn write(&self) -> Value {
        self.iter().map(Setting::write).collect()
    }
}

/// A whole number within bounds, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whole<const LEAST: u64, const MOST: u64>(pub(crate) u64);

impl<const LEAST: u64, const MOST: u64> Setting for Whole<LEAST, MOST> {
    fn read(value: &Value) -> Result<Self, String> {
        let number = value.as_u64().filter(|number| (LEAST..=MOST).contains(number));
        number.map(Self).ok_or_else(|| format!("must be a whole number from {LEAST} to {MOST}"))
    }

    fn write(&self) -> Value {
        self.0.into()
    }
}

/// A time as a text: `500ms`, `20s`, `5m`, `1h`. The bounds are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span<const LEAST: u64, const MOST: u64>(pub(crate) Duration);

impl<const LEAST: u64, const MOST: u64> Setting for Span<LEAST, MOST> {
    fn read(value: &Value) -> Result<Self, String> {
        let read = |text: &str| {
            let at = text.find(|letter: char| !letter.is_ascii_digit())?;
            let (number, unit) = text.split_at(at);
            let of_unit = match unit.trim() {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => return None,
            };
            let time = number.parse::<u64>().ok()?.checked_mul(of_unit)?;
            (LEAST..=MOST).contains(&time).then(|| Self(Duration::from_millis(time)))
        };
        let bound = |time| format!("{:?}", Duration::from_millis(time));
        value.as_str().and_then(read).ok_or_else(|| {
            format!(
                "must be a time from {} to {}, as \"500ms\", \"20s\" or \"5m\"",
                bound(LEAST),
                bound(MOST)
            )
        })
    }

    fn write(&self) -> Value {
        format!("{:?}", self.0).into()
    }
}

/// A key or password. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) const fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) const fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Setting for Secret {
    const IS_SECRET: bool = true;

    fn read(value: &Value) -> Result<Self, String> {
        match String::read(value)? {
            text if text.is_empty() => Err("must not be empty".into()),
            text => Ok(Self(text)),
        }
    }

    fn write(&self) -> Value {
        "***".into()
    }
}

/// An address to listen on, as `127.0.0.1:8080`, or `:8080` for all addresses of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listen(String);

impl Listen {
    /// The addresses to try, the first that the system has.
    pub(crate) fn addresses(&self) -> Vec<String> {
        match self.0.strip_prefix(':') {
            // IPv6 includes IPv4 on most systems; some have no IPv6.
            Some(port) => vec![format!("[{}]:{port}", Ipv6Addr::UNSPECIFIED), format!("0.0.0.0:{port}")],
            None => vec![self.0.clone()],
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Whether only peers of this machine reach the address.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.parse::<SocketAddr>() {
            Ok(address) => address.ip().to_canonical().is_loopback(),
            Err(_) => host_and_port(&self.0).is_some_and(|(host, _)| host.eq_ignore_ascii_case("localhost")),
        }
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self("127.0.0.1:8080".into())
    }
}

impl Setting for Listen {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str = "must be an address and a port, as \"127.0.0.1:8080\", \"[::1]:8080\" or \"localhost:8080\", or only a port, as \":8080\"";
        let text = value.as_str().ok_or(ALLOWED)?;
        let is_one = match host_and_port(text) {
            Some(("", _)) => true,
            Some((host, _)) => text.parse::<SocketAddr>().is_ok() || is_name(host),
            None => false,
        };
        if is_one { Ok(Self(text.into())) } else { Err(ALLOWED.into()) }
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}

/// The host and port of `host:port`. An IPv6 address is in brackets.
pub(crate) fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = !host.contains(':') || (host.starts_with('[') && host.ends_with(']'));
    let port = port.parse().ok().filter(|_| is_number && is_whole)?;
    Some((host, port))
}

/// Whether a text may be the name of a host. An IPv4 address looks like one, and a wrong one does, too: the last label of a name is no number.
pub(crate) fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.split('.').all(is_label) && last.parse::<u64>().is_err()
}

/// A value as an error shows it: as JSON, and not all of it.
pub(crate) fn shown(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Implements [`Setting`] for an enum that is a word in the config.
macro_rules! words {
    ($type:ty { $($word:literal => $variant:ident),+ $(,)? }) => {
        impl $crate::config::value::Setting for $type {
            fn read(value: &serde_json::Value) -> Result<Self, String> {
                match value.as_str() {
                    $(Some($word) => Ok(Self::$variant),)+
                    _ => Err(concat!("must be one of", $(" \"", $word, "\""),+).into()),
                }
            }

            fn write(&self) -> serde_json::Value {
                match self { $(Self::$variant => $word.into(),)+ }
            }
        }
    };
}

pub(crate) use words;
