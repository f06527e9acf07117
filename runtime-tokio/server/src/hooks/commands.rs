//! Questions about what clients of the protocol ask for, in the shape of Centrifugo's proxies, and what follows from the answers.

use super::ask::Hooks;
use super::content::{content, data};
use super::question::{Answer, Connected, Meta, Question, Who};
use super::turns::Turns;
use crate::config::Config;
use crate::config::hooks::{Fail, Question as Settings};
use crate::frames::Content;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use throng_tokio::CloseFrame;
use throng_tokio::core::protocol::{self as protocol, Data, ErrorCode, Failure};
use tokio::sync::Semaphore;

/// Why a command is not carried out.
#[derive(Debug)]
pub(crate) enum Denied {
    Error(Failure),
    Close(CloseFrame),
}

/// A client that may come.
#[derive(Debug, Default)]
pub(crate) struct Came {
    pub(crate) user: String,
    pub(crate) info: Option<Data>,
    pub(crate) data: Option<Data>,
    /// The channels that it is subscribed to.
    pub(crate) subs: Vec<(String, Allowed)>,
    /// How long it may stay, if that has an end.
    pub(crate) ttl: Option<Duration>,
    pub(crate) meta: Option<Meta>,
}

/// A subscription that a client may have.
#[derive(Debug, Default)]
pub(crate) struct Allowed {
    pub(crate) info: Option<Data>,
    pub(crate) data: Option<Data>,
    /// How long it may have it, if that has an end.
    pub(crate) ttl: Option<Duration>,
}

/// May this client connect, and who is it?
#[derive(Debug, Serialize)]
struct Connect<'a> {
    #[serde(flatten)]
    who: Who,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Data>,
    /// The channels in which it has a position.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels: Vec<&'a str>,
}

/// May this client subscribe to the channel?
#[derive(Debug, Serialize)]
struct Subscribe<'a> {
    #[serde(flatten)]
    who: Who,
    channel: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Data>,
}

/// One of the subscriptions in the answer about a client that connects, or the answer about a subscription.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Subscribed {
    info: Option<Box<RawValue>>,
    b64info: Option<String>,
    data: Option<Box<RawValue>>,
    b64data: Option<String>,
    #[serde(deserialize_with = "super::question::or_default")]
    expire_at: u64,
    #[serde(rename = "override", deserialize_with = "super::question::or_default")]
    overrides: Map<String, Value>,
}

/// May this client publish the message?
#[derive(Debug, Serialize)]
struct Publish<'a> {
    #[serde(flatten)]
    who: Who,
    channel: &'a str,
    data: &'a Data,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Published {
    data: Option<Box<RawValue>>,
    b64data: Option<String>,
    #[serde(deserialize_with = "super::question::or_default")]
    skip_history: bool,
}

/// What is the answer to this call?
#[derive(Debug, Serialize)]
struct Rpc<'a> {
    #[serde(flatten)]
    who: Who,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Data>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answered {
    data: Option<Box<RawValue>>,
    b64data: Option<String>,
}

macro_rules! questions {
    ($($question:ident, $name:literal, $field:ident: $result:ident;)+) => {$(
        impl Question for $question<'_> {
            const NAME: &'static str = $name;
            type Result = $result;

            fn settings(config: &Config) -> &Settings {
                &config.hooks.$field
            }

            fn turns(turns: &Turns) -> &Semaphore {
                &turns.$field
            }
        }
    )+};
}

questions! {
    Connect, "connect", connect: Connected;
    Subscribe, "subscribe", subscribe: Subscribed;
    Publish, "publish", publish: Published;
    Rpc, "rpc", rpc: Answered;
}

impl Hooks {
    /// Asks about a client that connects.
    pub(crate) async fn connect_command(
        &self,
        who: Who,
        command: &protocol::Connect,
        headers: HeaderMap,
    ) -> Result<Came, Denied> {
        let protocol::Connect { name, version, token, data, .. } = command;
        let channels = command.subs.keys().map(String::as_str).collect();
        let question = Connect { who, name, version, token, data: data.as_ref(), channels };
        self.decide(&question, headers, came).await
    }

    /// Asks about a subscription.
    pub(crate) async fn subscribe(&self, who: Who, command: &protocol::Subscribe) -> Result<Allowed, Denied> {
        let protocol::Subscribe { channel, token, data, .. } = command;
        let question = Subscribe { who, channel, token, data: data.as_ref() };
        self.decide(&question, HeaderMap::new(), allowed).await
    }

    /// Asks about a message to a channel. The result is what is published in its place, if it is another one.
    ///
    /// `has_history`: whether the channel keeps what is published.
    pub(crate) async fn publish(
        &self,
        who: Who,
        channel: &str,
        data: &Data,
        has_history: bool,
    ) -> Result<Option<Content>, Denied> {
        let question = Publish { who, channel, data };
        let prepare = |Published { data, b64data, skip_history }| match skip_history && has_history {
            true => Err("skip_history in a channel with history is not supported".into()),
            false => content(data, None, b64data),
        };
        self.decide(&question, HeaderMap::new(), prepare).await
    }

    /// Hands a call over.
    pub(crate) async fn call(&self, who: Who, command: &protocol::Rpc) -> Result<Data, Denied> {
        let protocol::Rpc { method, data: parameters, .. } = command;
        let question = Rpc { who, method, data: parameters.as_ref() };
        let prepare = |Answered { data: json, b64data }| data("data", json, b64data);
        let answer = self.decide(&question, HeaderMap::new(), prepare).await?;
        Ok(answer.unwrap_or_else(Data::null))
    }

    /// Asks, and checks the result as a whole. Without a valid answer the default applies if the question fails open.
    async fn decide<Q: Question, R: Default>(
        &self,
        question: &Q,
        headers: HeaderMap,
        prepare: impl FnOnce(Q::Result) -> Result<R, String>,
    ) -> Result<R, Denied> {
        match self.ask(question, headers).await {
            Ok(Answer::Result(result)) => match prepare(result) {
                Ok(prepared) => return Ok(prepared),
                Err(why) => self.complain_of::<Q>(why),
            },
            Ok(Answer::Error(error)) => {
                let failure = Failure::of_application(error.code, error.message, error.temporary);
                return Err(Denied::Error(failure));
            }
            Ok(Answer::Disconnect(close)) => return Err(Denied::Close(close)),
            // Counted and logged where it was asked.
            Err(_) => {}
        }
        match Q::settings(&self.live.config()).fail {
            Fail::Open => Ok(R::default()),
            Fail::Closed => {
                Err(Denied::Error(Failure::new(ErrorCode::Internal, "the back end does not answer")))
            }
        }
    }
}

fn came(connected: Connected) -> Result<Came, String> {
    let Connected { user, session, expire_at, info, b64info, channels, meta, subs, .. } = connected;
    if !session.is_empty() {
        return Err("session is for clients without a protocol: those of the protocol have positions".into());
    }
    let mut all = Vec::new();
    for (channel, sub) in subs {
        if !sub.is_object() {
            return Err(format!("subs.{channel} must be an object"));
        }
        let sub: Subscribed =
            serde_json::from_value(sub).map_err(|error| format!("subs.{channel}: {error}"))?;
        let sub = allowed(sub).map_err(|why| format!("subs.{channel}: {why}"))?;
        all.push((channel, sub));
    }
    for channel in channels {
        if all.iter().all(|(other, _)| *other != channel) {
            all.push((channel, Allowed::default()));
        }
    }
    Ok(Came {
        user,
        info: data("info", info, b64info)?,
        data: data("data", connected.data, connected.b64data)?,
        subs: all,
        ttl: left(expire_at),
        meta: meta.map(|meta| Meta(meta.into())),
    })
}

fn allowed(subscribed: Subscribed) -> Result<Allowed, String> {
    let Subscribed { info, b64info, expire_at, overrides, .. } = subscribed;
    if !overrides.is_empty() {
        return Err("override is not supported: the rules of the channel's namespace hold".into());
    }
    Ok(Allowed {
        info: data("info", info, b64info)?,
        data: data("data", subscribed.data, subscribed.b64data)?,
        ttl: left(expire_at),
    })
}

/// How long it is until a time, in seconds since 1970; 0 is no end.
pub(super) fn left(expire_at: u64) -> Option<Duration> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (expire_at > 0).then(|| Duration::from_secs(expire_at).saturating_sub(now))
}
