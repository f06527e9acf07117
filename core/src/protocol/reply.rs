//! The host's answers, and their JSON.

use super::code::ErrorCode;
use super::data::Data;
use super::info::ClientInfo;
use super::json::text_of;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use serde::Serialize;

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code, by which the SDK decides what to do: that of an [`ErrorCode`], or one of the application's own.
    pub code: u32,
    /// The message that belongs to the code.
    pub message: String,
    /// What was wrong in this case, for a person; empty if the message says all.
    pub why: String,
    /// Whether the same command may succeed later: then the SDK tries again by itself.
    pub is_temporary: bool,
}

impl Failure {
    /// A failure with a reason.
    #[must_use]
    pub fn new(code: ErrorCode, why: impl Into<String>) -> Self {
        Self { why: why.into(), ..code.into() }
    }

    /// A failure with a code and a message of the application, as its back end has them.
    #[must_use]
    pub fn of_application(code: u32, message: impl Into<String>, is_temporary: bool) -> Self {
        Self { code, message: message.into(), why: String::new(), is_temporary }
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::of_application(code.number(), code.message(), code.is_temporary())
    }
}

/// The answer to a command that was carried out, but for those that change the state of the conversation:
/// [`Connected`], [`Subscribed`] and those that renew something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// To `publish`.
    Published,
    /// To `presence`: the clients by their ids.
    Presence(BTreeMap<String, ClientInfo>),
    /// To `presence_stats`.
    PresenceStats {
        /// The number of clients.
        clients: u64,
        /// The number of users.
        users: u64,
    },
    /// To `history`.
    History {
        /// The publications, each as its object in JSON.
        publications: Vec<Data>,
        /// The offset of the last publication of the channel.
        offset: u64,
        /// The epoch of the history.
        epoch: String,
    },
    /// To `rpc`.
    Rpc(Data),
}

/// A position that a subscription begins at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartsAt {
    /// The offset of the last publication before the first that is delivered.
    pub offset: u64,
    /// The epoch, which is never empty.
    pub epoch: String,
}

/// The answer to `connect`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connected {
    /// The id of the client.
    pub client: String,
    /// The name and version of the server.
    pub version: String,
    /// How long the client's token is valid, if that ends.
    pub ttl: Option<Duration>,
    /// What the application's code gets from the SDK.
    pub data: Option<Data>,
    /// The channels that the server has subscribed the client to.
    pub subs: BTreeMap<String, Subscribed>,
    /// The id of the node.
    pub node: String,
}

/// A subscription, for the answer to `subscribe` and for those that the server makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscribed {
    /// How long the subscription's token is valid, if that ends.
    pub ttl: Option<Duration>,
    /// Whether the client can recover what it missed when it comes back.
    pub recoverable: bool,
    /// Whether the server watches over the position of the client.
    pub positioned: bool,
    /// The position that the subscription begins at, in a channel with history.
    pub position: Option<StartsAt>,
    /// Whether the client asked for what it missed.
    pub was_recovering: bool,
    /// Whether it gets all of it.
    pub recovered: bool,
    /// What the application's code gets from the SDK.
    pub data: Option<Data>,
}

fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Serialize)]
struct Ttl {
    #[serde(skip_serializing_if = "is_false")]
    expires: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
}

impl Ttl {
    /// In whole seconds, at least one: an SDK takes 0 for no end.
    fn new(ttl: Option<Duration>) -> Self {
        Self { expires: ttl.is_some(), ttl: ttl.map(|ttl| ttl.as_secs().clamp(1, u64::from(u32::MAX))) }
    }
}

#[derive(Serialize)]
pub(super) struct SubscribedJson<'a> {
    #[serde(flatten)]
    ttl: Ttl,
    #[serde(skip_serializing_if = "is_false")]
    recoverable: bool,
    #[serde(skip_serializing_if = "is_false")]
    positioned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "is_false")]
    was_recovering: bool,
    #[serde(skip_serializing_if = "is_false")]
    recovered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Data>,
}

impl Subscribed {
    pub(super) fn json(&self) -> SubscribedJson<'_> {
        SubscribedJson {
            ttl: Ttl::new(self.ttl),
            recoverable: self.recoverable,
            positioned: self.positioned,
            epoch: self.position.as_ref().map(|position| &*position.epoch),
            offset: self.position.as_ref().map(|position| position.offset),
            was_recovering: self.was_recovering,
            recovered: self.recovered,
            data: self.data.as_ref(),
        }
    }
}

#[derive(Serialize)]
struct ConnectedJson<'a> {
    client: &'a str,
    version: &'a str,
    #[serde(flatten)]
    ttl: Ttl,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Data>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    subs: BTreeMap<&'a str, SubscribedJson<'a>>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    ping: Option<u64>,
    #[serde(skip_serializing_if = "is_false")]
    pong: bool,
    node: &'a str,
}

impl Connected {
    pub(super) fn text(&self, id: u32, ping: Duration) -> String {
        let json = ConnectedJson {
            client: &self.client,
            version: &self.version,
            ttl: Ttl::new(self.ttl),
            data: self.data.as_ref(),
            subs: self.subs.iter().map(|(channel, sub)| (&**channel, sub.json())).collect(),
            // An SDK counts in whole seconds.
            ping: (!ping.is_zero()).then(|| ping.as_secs().max(1)),
            pong: !ping.is_zero(),
            node: &self.node,
        };
        of(id, "connect", &json)
    }
}

/// A refreshed connection or subscription.
pub(super) fn refreshed(id: u32, name: &str, client: Option<(&str, &str)>, ttl: Option<Duration>) -> String {
    #[derive(Serialize)]
    struct Json<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        client: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<&'a str>,
        #[serde(flatten)]
        ttl: Ttl,
    }
    let (client, version) = client.unzip();
    of(id, name, &Json { client, version, ttl: Ttl::new(ttl) })
}

pub(super) fn failed(id: u32, failure: &Failure) -> String {
    #[derive(Serialize)]
    struct Json<'a> {
        code: u32,
        message: &'a str,
        #[serde(skip_serializing_if = "is_false")]
        temporary: bool,
    }
    let Failure { code, message, why, is_temporary } = failure;
    let whole = match why.as_str() {
        "" => message.clone(),
        why => format!("{message}: {why}"),
    };
    of(id, "error", &Json { code: *code, message: &whole, temporary: *is_temporary })
}

pub(super) fn empty(id: u32, name: &str) -> String {
    format!(r#"{{"id":{id},"{name}":{{}}}}"#)
}

impl Reply {
    pub(super) fn text(&self, id: u32) -> String {
        #[derive(Serialize)]
        struct Present<'a> {
            presence: &'a BTreeMap<String, ClientInfo>,
        }
        #[derive(Serialize)]
        struct Counts {
            num_clients: u64,
            num_users: u64,
        }
        #[derive(Serialize)]
        struct Page<'a> {
            publications: &'a [Data],
            offset: u64,
            epoch: &'a str,
        }
        #[derive(Serialize)]
        struct Answer<'a> {
            data: &'a Data,
        }
        match self {
            Self::Published => empty(id, "publish"),
            Self::Presence(presence) => of(id, "presence", &Present { presence }),
            Self::PresenceStats { clients, users } => {
                of(id, "presence_stats", &Counts { num_clients: *clients, num_users: *users })
            }
            Self::History { publications, offset, epoch } => {
                of(id, "history", &Page { publications, offset: *offset, epoch })
            }
            Self::Rpc(data) => of(id, "rpc", &Answer { data }),
        }
    }
}

fn of(id: u32, name: &str, json: &impl Serialize) -> String {
    format!(r#"{{"id":{id},"{name}":{}}}"#, text_of(json))
}
