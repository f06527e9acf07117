//! The commands of a client.

use super::data::Data;
use super::json::{object, objects};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use serde::{Deserialize, Deserializer};

/// What a client asks for, to be answered with the command's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The number of the command, which its reply has. [`Command::Send`] has no reply, and may have the number 0.
    pub id: u32,
    /// The command.
    pub command: Command,
}

/// A command that the host carries out. What the [`Conversation`](super::Conversation) can answer by itself is not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// The client's first command. Boxed, as it is larger than all others and comes once.
    Connect(Box<Connect>),
    /// Subscribe to a channel.
    Subscribe(Subscribe),
    /// End a subscription.
    Unsubscribe(OfChannel),
    /// Publish to a channel.
    Publish(Publish),
    /// The clients in a channel.
    Presence(OfChannel),
    /// How many clients and users are in a channel.
    PresenceStats(OfChannel),
    /// The last publications of a channel.
    History(History),
    /// A call of the application's back end.
    Rpc(Rpc),
    /// A message to the application's back end, without a reply.
    Send(Send),
    /// A new token for the connection.
    Refresh(Refresh),
    /// A new token for a subscription.
    SubRefresh(SubRefresh),
}

/// The parameters of `connect`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Connect {
    /// The connection token; empty if the client has none.
    #[serde(deserialize_with = "or_default")]
    pub token: String,
    /// What the application's code gave to the SDK.
    pub data: Option<Data>,
    /// The positions in the channels that the server had subscribed the client to.
    #[serde(deserialize_with = "objects")]
    pub subs: BTreeMap<String, Since>,
    /// The name of the SDK.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// The version of the application.
    #[serde(deserialize_with = "or_default")]
    pub version: String,
}

/// A position, as a client sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Since {
    /// Whether the client wants what it missed.
    #[serde(deserialize_with = "or_default")]
    pub recover: bool,
    /// The offset of the last publication that it had.
    #[serde(deserialize_with = "or_default")]
    pub offset: u64,
    /// The epoch of the history. An empty one matches none.
    #[serde(deserialize_with = "or_default")]
    pub epoch: String,
}

/// The parameters of `subscribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Subscribe {
    /// The channel.
    #[serde(deserialize_with = "or_default")]
    pub channel: String,
    /// The subscription token; empty if there is none.
    #[serde(deserialize_with = "or_default")]
    pub token: String,
    /// What the application's code gave to the SDK.
    pub data: Option<Data>,
    /// Whether the client wants what it missed.
    #[serde(deserialize_with = "or_default")]
    pub recover: bool,
    /// The offset of the last publication that it had.
    #[serde(deserialize_with = "or_default")]
    pub offset: u64,
    /// The epoch of the history. An empty one matches none.
    #[serde(deserialize_with = "or_default")]
    pub epoch: String,
    /// Whether the client wants its position checked.
    #[serde(deserialize_with = "or_default")]
    pub positioned: bool,
    /// Whether the client wants to be able to recover.
    #[serde(deserialize_with = "or_default")]
    pub recoverable: bool,
    /// Whether the client wants to be told who comes and goes.
    #[serde(deserialize_with = "or_default")]
    pub join_leave: bool,
    /// Bits; with 2 the client wants an error if it cannot recover.
    #[serde(deserialize_with = "or_default")]
    pub flag: u64,
    /// Compression by differences, which is not available.
    #[serde(deserialize_with = "or_default")]
    pub(super) delta: String,
    /// A filter by tags, which is not available.
    pub(super) tf: Option<Data>,
    /// Kinds of subscriptions other than to a stream, which are not available.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub(super) kind: i64,
}

impl Subscribe {
    /// Whether the client wants error 112 in place of a subscription that could not recover.
    #[must_use]
    pub const fn rejects_unrecovered(&self) -> bool {
        self.flag & 2 != 0
    }
}

/// The parameters of a command that has only a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OfChannel {
    /// The channel.
    #[serde(deserialize_with = "or_default")]
    pub channel: String,
}

/// The parameters of `publish`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Publish {
    /// The channel.
    #[serde(deserialize_with = "or_default")]
    pub channel: String,
    /// The message, which may be `null`.
    #[serde(deserialize_with = "given")]
    pub data: Option<Data>,
}

/// The parameters of `history`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct History {
    /// The channel.
    #[serde(deserialize_with = "or_default")]
    pub channel: String,
    /// How many publications: 0 for only the position, -1 for as many as the server gives.
    #[serde(deserialize_with = "or_default")]
    pub limit: i64,
    /// The position to begin at.
    #[serde(deserialize_with = "object")]
    pub since: Option<Since>,
    /// Whether the newest come first.
    #[serde(deserialize_with = "or_default")]
    pub reverse: bool,
}

/// The parameters of `rpc`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Rpc {
    /// The method.
    #[serde(deserialize_with = "or_default")]
    pub method: String,
    /// Its parameters.
    #[serde(deserialize_with = "given")]
    pub data: Option<Data>,
}

/// The parameters of `send`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Send {
    /// The message.
    #[serde(deserialize_with = "given")]
    pub data: Option<Data>,
}

/// The parameters of `refresh`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Refresh {
    /// The new token.
    #[serde(deserialize_with = "or_default")]
    pub token: String,
}

/// The parameters of `sub_refresh`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SubRefresh {
    /// The channel.
    #[serde(deserialize_with = "or_default")]
    pub channel: String,
    /// The new token.
    #[serde(deserialize_with = "or_default")]
    pub token: String,
}

/// An object of a frame.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Incoming {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: u32,
    #[serde(deserialize_with = "object")]
    connect: Option<Box<Connect>>,
    #[serde(deserialize_with = "object")]
    subscribe: Option<Subscribe>,
    #[serde(deserialize_with = "object")]
    unsubscribe: Option<OfChannel>,
    #[serde(deserialize_with = "object")]
    publish: Option<Publish>,
    #[serde(deserialize_with = "object")]
    presence: Option<OfChannel>,
    #[serde(deserialize_with = "object")]
    presence_stats: Option<OfChannel>,
    #[serde(deserialize_with = "object")]
    history: Option<History>,
    #[serde(deserialize_with = "object")]
    rpc: Option<Rpc>,
    #[serde(deserialize_with = "object")]
    send: Option<Send>,
    #[serde(deserialize_with = "object")]
    refresh: Option<Refresh>,
    #[serde(deserialize_with = "object")]
    sub_refresh: Option<SubRefresh>,
    #[serde(deserialize_with = "object")]
    ping: Option<Ping>,
}

#[derive(Debug, Default, Deserialize)]
struct Ping {}

/// What an object of a frame says.
#[derive(Debug)]
pub(super) enum Said {
    Command(Command),
    /// A `ping` of the client, which is answered at once.
    Ping,
    /// None of the commands that are known.
    Nothing,
    /// Several commands.
    TooMuch,
}

impl Incoming {
    /// Whether it has neither a number nor a command: it is a pong.
    pub(super) const fn is_empty(&self) -> bool {
        let Self { id, connect, subscribe, unsubscribe, publish, presence, presence_stats, .. } = self;
        let Self { history, rpc, send, refresh, sub_refresh, ping, .. } = self;
        let is_first = *id == 0 && connect.is_none() && subscribe.is_none() && unsubscribe.is_none();
        let is_next =
            publish.is_none() && presence.is_none() && presence_stats.is_none() && history.is_none();
        let is_last = rpc.is_none() && send.is_none() && refresh.is_none() && sub_refresh.is_none();
        is_first && is_next && is_last && ping.is_none()
    }

    pub(super) fn said(self) -> Said {
        let Self { connect, subscribe, unsubscribe, publish, presence, presence_stats, .. } = self;
        let Self { history, rpc, send, refresh, sub_refresh, ping, .. } = self;
        let mut all = [
            connect.map(Command::Connect),
            subscribe.map(Command::Subscribe),
            unsubscribe.map(Command::Unsubscribe),
            publish.map(Command::Publish),
            presence.map(Command::Presence),
            presence_stats.map(Command::PresenceStats),
            history.map(Command::History),
            rpc.map(Command::Rpc),
            send.map(Command::Send),
            refresh.map(Command::Refresh),
            sub_refresh.map(Command::SubRefresh),
        ]
        .into_iter()
        .flatten();
        match (all.next(), all.next(), ping) {
            (None, _, None) => Said::Nothing,
            (None, _, Some(_)) => Said::Ping,
            (Some(command), None, None) => Said::Command(command),
            _ => Said::TooMuch,
        }
    }
}

impl Command {
    /// The channel that the command is about.
    #[must_use]
    pub fn channel(&self) -> Option<&str> {
        match self {
            Self::Subscribe(Subscribe { channel, .. })
            | Self::Unsubscribe(OfChannel { channel })
            | Self::Publish(Publish { channel, .. })
            | Self::Presence(OfChannel { channel })
            | Self::PresenceStats(OfChannel { channel })
            | Self::History(History { channel, .. })
            | Self::SubRefresh(SubRefresh { channel, .. }) => Some(channel),
            Self::Connect(_) | Self::Rpc(_) | Self::Send(_) | Self::Refresh(_) => None,
        }
    }

    /// The name of the command on the wire, for metrics and logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Subscribe(_) => "subscribe",
            Self::Unsubscribe(_) => "unsubscribe",
            Self::Publish(_) => "publish",
            Self::Presence(_) => "presence",
            Self::PresenceStats(_) => "presence_stats",
            Self::History(_) => "history",
            Self::Rpc(_) => "rpc",
            Self::Send(_) => "send",
            Self::Refresh(_) => "refresh",
            Self::SubRefresh(_) => "sub_refresh",
        }
    }
}

/// Reads a field that may be null, as some SDKs write what was not given.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(field: D) -> Result<T, D::Error> {
    Option::deserialize(field).map(Option::unwrap_or_default)
}

/// Reads a field whose null is a value.
fn given<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Data>, D::Error> {
    Data::deserialize(field).map(Some)
}
