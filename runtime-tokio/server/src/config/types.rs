//! Types of single settings.

use super::value::{Setting, host_and_port, is_name, words};
use serde_json::Value;
use throng_tokio::{Origin, Protocol};
use tracing_subscriber::filter::Targets;

/// What a subprotocol begins with whose rest is a token.
pub(crate) const TOKEN_SUBPROTOCOL: &str = "throng.token.";

/// The format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

words!(LogFormat { "text" => Text, "json" => Json });

/// Whether a part of the program is on. What `Auto` means depends on the rest of the config.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Switch {
    #[default]
    Auto,
    On,
    Off,
}

impl Setting for Switch {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bool(true) => Ok(Self::On),
            Value::Bool(false) => Ok(Self::Off),
            Value::String(word) if word == "auto" => Ok(Self::Auto),
            _ => Err("must be true, false or \"auto\"".into()),
        }
    }

    fn write(&self) -> Value {
        match self {
            Self::Auto => "auto".into(),
            Self::On => true.into(),
            Self::Off => false.into(),
        }
    }
}

/// The algorithm of tokens: HMAC with a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Algorithm {
    #[default]
    Hs256,
    Hs384,
    Hs512,
}

words!(Algorithm { "HS256" => Hs256, "HS384" => Hs384, "HS512" => Hs512 });

impl Algorithm {
    pub(crate) const fn of_library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::Hs384 => jsonwebtoken::Algorithm::HS384,
            Self::Hs512 => jsonwebtoken::Algorithm::HS512,
        }
    }
}

/// The oldest version of TLS that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TlsVersion {
    #[default]
    V12,
    V13,
}

words!(TlsVersion { "1.2" => V12, "1.3" => V13 });

/// Which lines are logged: `info`, or `info,throng=debug`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogFilter(String, Targets);

impl LogFilter {
    pub(crate) fn targets(&self) -> Targets {
        self.1.clone()
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".into(), Targets::new().with_default(tracing::Level::INFO))
    }
}

impl Setting for LogFilter {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str = "must be a level (error, warn, info, debug, trace or off), or levels by target, as \"info,throng=debug\"";
        let text = value.as_str().filter(|text| !text.is_empty()).ok_or(ALLOWED)?;
        // A word that is no level would be taken for a target, of which everything is logged.
        let is_level = |word: &str| {
            word.contains('=') || word.parse::<tracing_subscriber::filter::LevelFilter>().is_ok()
        };
        match text.parse() {
            Ok(targets) if text.split(',').all(|word| is_level(word.trim())) => {
                Ok(Self(text.into(), targets))
            }
            _ => Err(ALLOWED.into()),
        }
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}

/// The web pages that may open a WebSocket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origins {
    #[default]
    Same,
    Any,
    List(Vec<String>),
}

impl Origins {
    pub(crate) fn policy(&self) -> Origin {
        match self {
            Self::Same => Origin::Same,
            Self::Any => Origin::Any,
            // The list was read, so each entry is valid.
            Self::List(list) => Origin::list(list).unwrap_or_default(),
        }
    }
}

impl Setting for Origins {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str = "must be \"same\", \"any\", or a list of origins, as [\"https://example.com\", \"https://*.example.com\"]";
        match value {
            Value::String(word) if word == "same" => Ok(Self::Same),
            Value::String(word) if word == "any" => Ok(Self::Any),
            Value::Array(_) => {
                let list = Vec::<String>::read(value)?;
                Origin::list(&list).map_err(|error| format!("{ALLOWED}: {error}"))?;
                Ok(Self::List(list))
            }
            _ => Err(ALLOWED.into()),
        }
    }

    fn write(&self) -> Value {
        match self {
            Self::Same => "same".into(),
            Self::Any => "any".into(),
            Self::List(list) => list.write(),
        }
    }
}

/// A path of the server: `/ws`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UrlPath(String);

impl UrlPath {
    pub(crate) fn new(path: &str) -> Self {
        Self(path.into())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl Setting for UrlPath {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str = "must be a path of unreserved characters, as \"/ws\": with a slash at its beginning and none at its end";
        let text = value.as_str().ok_or(ALLOWED)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let mut segments = text.split('/');
        let begins = segments.next() == Some("");
        let is_path =
            begins && text.len() > 1 && segments.all(|part| !part.is_empty() && part.bytes().all(is_plain));
        if is_path { Ok(Self(text.into())) } else { Err(ALLOWED.into()) }
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}

/// A subprotocol of WebSockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subprotocol(String);

impl Default for Subprotocol {
    fn default() -> Self {
        Self("throng".into())
    }
}

impl Subprotocol {
    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// As the hub has it: the name was checked when it was read.
    pub(crate) fn protocol(&self) -> Option<Protocol> {
        Protocol::new(&self.0).ok()
    }
}

impl Setting for Subprotocol {
    fn read(value: &Value) -> Result<Self, String> {
        let name = value.as_str().ok_or("must be the name of a subprotocol, as \"chat\"")?;
        match Protocol::new(name) {
            Ok(_) if name.starts_with(TOKEN_SUBPROTOCOL) => {
                Err(format!("must not begin with {TOKEN_SUBPROTOCOL:?}: what follows would be a token"))
            }
            Ok(_) => Ok(Self(name.into())),
            Err(error) => Err(error.to_string()),
        }
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}

/// The host and port of a server that the program connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Remote {
    pub(crate) fn new(host: &str, port: u16) -> Self {
        Self { host: host.into(), port }
    }
}

impl Setting for Remote {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str = "must be a host and a port, as \"localhost:6379\"";
        let (host, port) = value.as_str().and_then(host_and_port).ok_or(ALLOWED)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match host {
            // As in WS-HUB, which is written in Go.
            "" => Ok(Self::new("localhost", port)),
            _ if bare.parse::<std::net::IpAddr>().is_ok() => Ok(Self::new(bare, port)),
            name if is_name(name) => Ok(Self::new(name, port)),
            _ => Err(ALLOWED.into()),
        }
    }

    fn write(&self) -> Value {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port).into(),
            false => format!("{}:{}", self.host, self.port).into(),
        }
    }
}
