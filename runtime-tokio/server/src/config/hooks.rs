//! The settings of hooks: what the back end is asked and told by HTTP.

use super::ca_file::CaFile;
use super::value::{Secret, Setting, Span, Whole, words};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderName, Uri};
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// What the back end is asked and told.
#[derive(Clone, Debug)]
pub(crate) struct Hooks {
    pub(crate) connect: Question,
    pub(crate) refresh: Question,
    pub(crate) message: Question,
    pub(crate) subscribe: Question,
    pub(crate) publish: Question,
    pub(crate) sub_refresh: Question,
    pub(crate) rpc: Question,
    pub(crate) notices: Notices,
    pub(crate) secrets: Vec<SigningKey>,
    pub(crate) headers: Vec<Forwarded>,
    pub(crate) timeout: Span<10, 60_000>,
    pub(crate) concurrency: Whole<1, 10_000>,
    pub(crate) answer_bytes: Whole<128, 0x400_0000>,
    pub(crate) ca_file: Option<CaFile>,
}

/// A question to the back end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Question {
    pub(crate) url: Option<HookUrl>,
    pub(crate) fail: Fail,
}

/// What the back end is told.
#[derive(Clone, Debug)]
pub(crate) struct Notices {
    pub(crate) url: Option<HookUrl>,
    pub(crate) events: Vec<NoticeEvent>,
    pub(crate) queue_bytes: Whole<1024, 0x4000_0000>,
    pub(crate) keep: Span<1_000, 86_400_000>,
    pub(crate) timeout: Span<10, 600_000>,
}

impl Default for Hooks {
    fn default() -> Self {
        Self {
            connect: Question::default(),
            refresh: Question::default(),
            message: Question::default(),
            subscribe: Question::default(),
            publish: Question::default(),
            sub_refresh: Question::default(),
            rpc: Question::default(),
            notices: Notices::default(),
            secrets: Vec::new(),
            headers: Vec::new(),
            timeout: Span(Duration::from_secs(1)),
            concurrency: Whole(64),
            answer_bytes: Whole(64 << 10),
            ca_file: None,
        }
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self {
            url: None,
            events: NoticeEvent::ALL.to_vec(),
            queue_bytes: Whole(8 << 20),
            keep: Span(Duration::from_secs(300)),
            timeout: Span(Duration::from_secs(10)),
        }
    }
}

impl Hooks {
    /// Whether a back end is asked or told.
    pub(super) fn is_on(&self) -> bool {
        let of_all = [&self.connect, &self.refresh, &self.message];
        let of_protocol = [&self.subscribe, &self.publish, &self.sub_refresh, &self.rpc];
        let mut questions = of_all.into_iter().chain(of_protocol);
        self.notices.url.is_some() || questions.any(|question| question.url.is_some())
    }

    /// What is wrong with the section beside the rest of the config: each with its key.
    pub(super) fn errors(&self, hub: &throng_tokio::hub::Config) -> Vec<String> {
        let mut errors = Vec::new();
        let timeout = self.timeout.0;
        let handshake = hub.deadlines.handshake.mul_f64(0.9);
        let limits = [
            (&self.message, hub.hooks.message, "hub.hooks.message"),
            (&self.connect, Some(hub.hooks.authentication), "hub.hooks.authentication"),
            (&self.connect, Some(handshake), "nine tenths of hub.deadlines.handshake"),
        ];
        for (question, limit, name) in limits {
            if let Some(limit) = limit.filter(|limit| question.url.is_some() && timeout >= *limit) {
                errors.push(format!(
                    "hooks.timeout: {timeout:?} is not allowed: must be less than {name}, {limit:?}, within which the answer must have come"
                ));
            }
        }
        errors
    }
}

/// What follows if a question has no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fail {
    #[default]
    Closed,
    Open,
}

words!(Fail { "closed" => Closed, "open" => Open });

/// What the back end is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoticeEvent {
    Disconnect,
    Unsubscribe,
    Away,
    Resumed,
    Occupied,
    Vacated,
}

words!(NoticeEvent {
    "disconnect" => Disconnect,
    "unsubscribe" => Unsubscribe,
    "away" => Away,
    "resumed" => Resumed,
    "occupied" => Occupied,
    "vacated" => Vacated,
});

impl NoticeEvent {
    const ALL: [Self; 6] =
        [Self::Disconnect, Self::Unsubscribe, Self::Away, Self::Resumed, Self::Occupied, Self::Vacated];

    /// The word in the config, in notices and in metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Disconnect => "disconnect",
            Self::Unsubscribe => "unsubscribe",
            Self::Away => "away",
            Self::Resumed => "resumed",
            Self::Occupied => "occupied",
            Self::Vacated => "vacated",
        }
    }
}

/// Where the back end is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HookUrl(Uri);

impl fmt::Debug for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write().fmt(f)
    }
}

impl HookUrl {
    pub(crate) const fn uri(&self) -> &Uri {
        &self.0
    }
}

impl Setting for HookUrl {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str =
            "must be a URL, as \"https://backend.example/throng\", without a user name and a fragment";
        let text = value.as_str().filter(|text| !text.contains('#')).ok_or(ALLOWED)?;
        let url: Uri = text.parse().map_err(|_| ALLOWED)?;
        let is_http = matches!(url.scheme_str(), Some("http" | "https"));
        let is_plain = url
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@') && !authority.host().is_empty());
        if is_http && is_plain { Ok(Self(url)) } else { Err(ALLOWED.into()) }
    }

    /// The query may have a key of the back end.
    fn write(&self) -> Value {
        let text = self.0.to_string();
        text.split_once('?').map_or_else(|| text.as_str().into(), |(start, _)| format!("{start}?***").into())
    }
}

/// A key with which requests are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SigningKey {
    written: Secret,
    bytes: KeyBytes,
}

#[derive(Clone, PartialEq, Eq)]
struct KeyBytes(Vec<u8>);

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl SigningKey {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes.0
    }
}

impl Setting for SigningKey {
    const IS_SECRET: bool = true;

    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str =
            "must be a text of at least 16 letters, or \"whsec_\" and at least 16 bytes in base64";
        let written = Secret::read(value).map_err(|_| ALLOWED)?;
        let text = written.bytes();
        let bytes = match text.strip_prefix(b"whsec_") {
            Some(encoded) => BASE64_STANDARD.decode(encoded).map_err(|_| ALLOWED)?,
            None => text.to_vec(),
        };
        if bytes.len() < 16 {
            return Err(ALLOWED.into());
        }
        Ok(Self { written, bytes: KeyBytes(bytes) })
    }

    fn write(&self) -> Value {
        self.written.write()
    }
}

/// A header of clients' requests that the back end gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forwarded(HeaderName);

impl Forwarded {
    pub(crate) const fn name(&self) -> &HeaderName {
        &self.0
    }
}

impl Setting for Forwarded {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str = "must be the name of a header, as \"Cookie\"";
        /// Those of the connection, and those that the program sets.
        const OWN: [&str; 11] = [
            "connection",
            "content-length",
            "content-type",
            "expect",
            "host",
            "keep-alive",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "user-agent",
        ];
        let name: HeaderName = value.as_str().and_then(|text| text.parse().ok()).ok_or(ALLOWED)?;
        let text = name.as_str();
        let begins = ["proxy-", "sec-websocket-", "webhook-"].iter().any(|start| text.starts_with(start));
        if begins || OWN.contains(&text) {
            return Err("must not be a header of the connection, or one that the program sets itself".into());
        }
        Ok(Self(name))
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Loaded, Origin, load};

    fn of(flags: &[(&str, &str)]) -> Result<Loaded, Vec<String>> {
        let flag = |(path, value): &(&str, &str)| ((*path).into(), (*value).into(), "--set".into());
        load(&Origin { flags: flags.iter().map(flag).collect(), ..Origin::default() })
    }

    #[test]
    fn a_bad_value_is_an_error_with_its_path() {
        for (path, value, part) in [
            ("hooks.connect.url", "backend.example", "must be a URL"),
            ("hooks.connect.url", "ftp://backend.example", "must be a URL"),
            ("hooks.connect.url", "/connect", "must be a URL"),
            ("hooks.message.url", "http://backend.example/#top", "must be a URL"),
            ("hooks.refresh.url", "https://ann:hunter2@backend.example", "the value is not allowed"),
            ("hooks.notices.url", "http://", "must be a URL"),
            ("hooks.connect.fail", "ajar", r#"must be one of "closed" "open""#),
            ("hooks.notices.events", "[disconnect, connect]", "must be one of"),
            ("hooks.notices.queue_bytes", "10", "must be a whole number"),
            ("hooks.notices.keep", "0s", "must be a time from 1s"),
            ("hooks.timeout", "1000", "must be a time from 10ms to 60s"),
            ("hooks.timeout", "2 days", "must be a time"),
            ("hooks.timeout", "99999999999999999999s", "must be a time"),
            ("hooks.concurrency", "0", "must be a whole number"),
            ("hooks.answer_bytes", "1", "must be a whole number"),
            ("hooks.headers", "[Host]", "must not be a header of the connection"),
            ("hooks.headers", "[webhook-signature]", "must not be a header of the connection"),
            ("hooks.headers", "['no header']", "must be the name of a header"),
            ("hooks.secrets", "[short]", "at least 16"),
            ("hooks.secrets", "[whsec_no-base64-at-all-in-here]", "at least 16"),
            ("hooks.ca_file", "/nowhere/ca.pem", "certificates in PEM"),
            ("hooks.ca_file", "/dev/null", "it has none"),
        ] {
            let errors = of(&[(path, value)]).unwrap_err();
            let error = errors.join("\n");
            assert!(error.contains(path) && error.contains(part), "{path} {value}: {error}");
            assert!(!error.contains("hunter2") && !error.contains("no-base64"), "{error}");
        }
    }

    #[test]
    fn what_does_not_fit_the_rest_of_the_config_is_an_error() {
        let url = "http://127.0.0.1:1";
        for (flags, part) in [
            (&[("hooks.message.url", url), ("hooks.timeout", "5s")][..], "hub.hooks.message"),
            (&[("hooks.connect.url", url), ("hooks.timeout", "5s")], "hub.hooks.authentication"),
            (&[("hooks.connect.url", url), ("hub.deadlines.handshake", "1s")], "hub.deadlines.handshake"),
        ] {
            let error = of(flags).unwrap_err().join("\n");
            assert!(error.contains(part), "{flags:?}: {error}");
        }
        assert!(
            of(&[("hooks.refresh.url", url), ("hooks.timeout", "20s")]).is_ok(),
            "it waits in a task of its own"
        );
        let in_wshub_mode = of(&[("hooks.connect.url", url), ("wshub.enabled", "true")]).unwrap();
        assert!(in_wshub_mode.notices.iter().any(|notice| notice.contains("hooks have no effect")));
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let config = of(&[
            ("hooks.connect.url", "https://backend.example/connect?key=hunter2"),
            ("hooks.secrets", "[a secret with letters]"),
        ]);
        let config = config.unwrap().config;
        for key in crate::config::keys::KEYS {
            let shown = (key.get)(&config).to_string();
            assert!(!shown.contains("hunter2") && !shown.contains("letters"), "{}: {shown}", key.path);
        }
        let debug = format!("{:?}", config.hooks);
        assert!(!debug.contains("letters") && !debug.contains("hunter2"), "{debug}");
    }
}
