//! The protocol of Centrifugo's SDKs: who may do what in which channel.

use super::hooks::Hooks;
use super::types::UrlPath;
use super::value::{Setting, Whole, words};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// Clients that speak the protocol.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    pub(crate) enabled: bool,
    pub(crate) path: UrlPath,
    pub(crate) anonymous: bool,
    pub(crate) ping: Whole<0, 86_400>,
    pub(crate) pong: Whole<1, 86_400>,
    pub(crate) grace: Whole<0, 86_400>,
    pub(crate) subscriptions: Whole<1, 100_000>,
    pub(crate) frame_bytes: Whole<1_024, 0x1000_0000>,
    /// For channels without a namespace.
    pub(crate) channels: Rules,
    pub(crate) namespaces: Namespaces,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            enabled: true,
            path: UrlPath::new("/connection/websocket"),
            anonymous: false,
            ping: Whole(25),
            pong: Whole(8),
            grace: Whole(25),
            subscriptions: Whole(128),
            frame_bytes: Whole(64 << 10),
            channels: Rules::default(),
            namespaces: Namespaces::default(),
        }
    }
}

impl Protocol {
    /// What the state machine of a connection has to know.
    pub(crate) fn options(&self, name_bytes: u32) -> throng_tokio::core::protocol::Options {
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        throng_tokio::core::protocol::Options {
            frame_bytes: number(self.frame_bytes.0),
            channels: number(self.subscriptions.0),
            name_bytes,
            ping: Duration::from_secs(self.ping.0),
            pong: Duration::from_secs(self.pong.0),
            grace: Duration::from_secs(self.grace.0),
            ..throng_tokio::core::protocol::Options::default()
        }
    }
}

impl Protocol {
    /// The rules in which something is left to the back end, although the config does not say where that is asked about it: each with its key.
    pub(super) fn errors(&self, hooks: &Hooks) -> Vec<String> {
        let mut errors = Vec::new();
        let namespaces = self.namespaces.0.iter().map(|(name, rules)| (format!("namespaces.{name}"), rules));
        for (name, rules) in [("channels".to_owned(), &self.channels)].into_iter().chain(namespaces) {
            let left = [
                ("subscribe", rules.subscribe, &hooks.subscribe.url),
                ("publish", rules.publish, &hooks.publish.url),
            ];
            for (what, _, _) in left.iter().filter(|(_, who, url)| *who == Who::Hook && url.is_none()) {
                errors.push(format!(
                    "protocol.{name}: {what} is \"hook\", and hooks.{what}.url is not set: nobody could be asked"
                ));
            }
        }
        errors
    }
}

/// Who may do something in a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Who {
    /// For a subscription: clients with a token for it.
    #[default]
    Nobody,
    Subscribers,
    /// Clients with a user.
    Users,
    Everybody,
    /// Those of whom the back end says so, which is asked each time.
    Hook,
}

words!(Who {
    "nobody" => Nobody,
    "subscribers" => Subscribers,
    "users" => Users,
    "everybody" => Everybody,
    "hook" => Hook,
});

/// Who may do what in the channels of a namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// To subscribe without a token for it.
    pub(crate) subscribe: Who,
    pub(crate) publish: Who,
    /// To see who is there.
    pub(crate) presence: Who,
    pub(crate) history: Who,
    /// Whether subscribers get what they missed when they come back.
    pub(crate) recover: bool,
    /// Whether subscribers are told who comes and goes.
    pub(crate) join_leave: bool,
}

const RULES: &str = "must be a table with any of subscribe (\"nobody\", \"users\", \"everybody\", \"hook\"), publish (these and \"subscribers\"), presence, history (\"nobody\", \"subscribers\", \"users\", \"everybody\"), recover, join_leave (true or false)";

impl Setting for Rules {
    fn read(value: &Value) -> Result<Self, String> {
        let mut rules = Self::default();
        for (key, value) in value.as_object().ok_or(RULES)? {
            let in_key = |allowed| format!("{RULES}; {key} {allowed}");
            let who = || Who::read(value).map_err(in_key);
            let is = || bool::read(value).map_err(in_key);
            match key.as_str() {
                "subscribe" => rules.subscribe = who()?,
                "publish" => rules.publish = who()?,
                "presence" => rules.presence = who()?,
                "history" => rules.history = who()?,
                "recover" => rules.recover = is()?,
                "join_leave" => rules.join_leave = is()?,
                other => return Err(format!("{RULES}; there is no key {other:?}")),
            }
        }
        match rules {
            Self { subscribe: Who::Subscribers, .. } => Err(format!(
                "{RULES}; subscribe must be one of \"nobody\", \"users\", \"everybody\", \"hook\""
            )),
            Self { presence: Who::Hook, .. } | Self { history: Who::Hook, .. } => {
                Err(format!("{RULES}; the back end is not asked about presence and history"))
            }
            _ => Ok(rules),
        }
    }

    fn write(&self) -> Value {
        let all = [
            ("subscribe", self.subscribe.write()),
            ("publish", self.publish.write()),
            ("presence", self.presence.write()),
            ("history", self.history.write()),
            ("recover", self.recover.into()),
            ("join_leave", self.join_leave.into()),
        ];
        all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
    }
}

/// The rules of namespaces, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Namespaces(pub(crate) BTreeMap<String, Rules>);

impl Setting for Namespaces {
    fn read(value: &Value) -> Result<Self, String> {
        let table = value.as_object().ok_or("must be a table of namespaces")?;
        let read = |(name, rules): (&String, &Value)| {
            let is_name = !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            if !is_name {
                return Err(format!(
                    "the namespace {name:?} must have letters, digits, and \"-\", \"_\" or \".\""
                ));
            }
            let rules = Rules::read(rules).map_err(|allowed| format!("the namespace {name:?} {allowed}"))?;
            Ok((name.clone(), rules))
        };
        table.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    fn write(&self) -> Value {
        self.0.iter().map(|(name, rules)| (name.clone(), rules.write())).collect::<Map<_, _>>().into()
    }
}
