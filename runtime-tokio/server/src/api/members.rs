//! Clients and what becomes of them.

use super::error::{Code, Error};
use super::parameters::{Nothing, check_name, or_default, read, result};
use crate::config::Config;
use crate::protocol::{self, Peer, Subscription};
use crate::server::Server;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use throng_tokio::cluster::GlobalId;
use throng_tokio::core::Position;
use throng_tokio::core::hub::Recover;
use throng_tokio::core::protocol::{self as protocol_core, Data, Options, UnsubscribeCode};
use throng_tokio::{Client, ClientId, CloseCode, CloseFrame, Expiry, Hub, hub};

/// Which clients a command is for: all of a user, or one by its id or session.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Who {
    #[serde(deserialize_with = "or_default")]
    user: String,
    #[serde(deserialize_with = "or_default")]
    client: String,
    #[serde(deserialize_with = "or_default")]
    session: String,
}

/// The open clients that a command is for. That there are none is no error.
pub(super) fn clients_of(hub: &Hub, who: &Who) -> Result<Vec<Client>, Error> {
    let Who { user, client, session } = who;
    if user.is_empty() && client.is_empty() && session.is_empty() {
        return Err(Error::bad("user, client or session is missing"));
    }
    let mut clients: Vec<Client> = match (client.as_str(), session.as_str()) {
        ("", "") => hub.clients_of(user).into_iter().filter_map(|id| hub.client(id)).collect(),
        ("", session) => hub.find_session(session).into_iter().collect(),
        (client, _) => hub.client(id_of(hub, client)?).into_iter().collect(),
    };
    clients.retain(|found| {
        (user.is_empty() || found.user().as_deref() == Some(user))
            && (session.is_empty() || found.session().as_deref() == Some(session))
    });
    Ok(clients)
}

/// The id of a client of this node, as its hub has it or as a cluster does.
fn id_of(hub: &Hub, client: &str) -> Result<ClientId, Error> {
    if let (Some(node), Ok(id)) = (hub.cluster(), client.parse::<GlobalId>()) {
        if node.global_id(id.client).as_ref() == Some(&id) {
            return Ok(id.client);
        }
        let why = format!("client {client:?} is not one of this node: call the API of node {:?}", id.node);
        return Err(Error::bad(why));
    }
    client.parse().map_err(|bad| Error::bad(format!("client {client:?}: {bad}")))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Subscribe {
    #[serde(deserialize_with = "or_default")]
    channel: String,
    #[serde(deserialize_with = "or_default")]
    info: Option<Box<RawValue>>,
    #[serde(deserialize_with = "or_default")]
    b64info: Option<String>,
    #[serde(deserialize_with = "or_default")]
    data: Option<Box<RawValue>>,
    #[serde(deserialize_with = "or_default")]
    recover_since: Option<Since>,
    #[serde(deserialize_with = "or_default")]
    expire_at: u64,
    #[serde(deserialize_with = "or_default")]
    r#override: Option<Value>,
}

/// A position in a history.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Since {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) offset: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) epoch: String,
}

impl Since {
    /// The position. An epoch that is none is that of no history.
    pub(super) fn position(&self) -> Result<Position, Error> {
        let epoch = self.epoch.parse().map_err(|bad| Error::bad(format!("epoch {:?}: {bad}", self.epoch)))?;
        Ok(Position { epoch, offset: self.offset })
    }
}

pub(super) fn subscribe(server: &Server, config: &Config, body: &[u8]) -> Result<Value, Error> {
    let (who, parameters): (Who, Subscribe) = (read(body)?, read(body)?);
    let hub = &server.hub;
    let Subscribe { channel, info, b64info, data, recover_since, expire_at, r#override } = parameters;
    check_name(hub, &channel)?;
    for (what, is_given) in
        [("expire_at", expire_at > 0), ("override", r#override.is_some()), ("data", data.is_some())]
    {
        if is_given {
            return Err(Error::new(Code::NotAvailable, format!("{what} of a subscription is not supported")));
        }
    }
    let info = match (info, b64info) {
        (Some(_), Some(_)) => return Err(Error::bad("info and b64info exclude each other")),
        (Some(info), None) => Some(info.get().as_bytes().to_vec()),
        (None, Some(text)) => {
            let bytes = BASE64_STANDARD.decode(&text);
            Some(bytes.map_err(|error| Error::bad(format!("b64info is no base64: {error}")))?)
        }
        (None, None) => None,
    };
    let since = recover_since.as_ref().map(|since| {
        let mut position = protocol_core::Since::default();
        (position.recover, position.offset) = (true, since.offset);
        position.epoch.clone_from(&since.epoch);
        position
    });
    let from = recover_since.map(|since| since.position()).transpose()?.map(Recover::Since);
    for client in clients_of(hub, &who)? {
        if let Some(peer) = Peer::of(&client) {
            let info = info.as_deref().and_then(|info| std::str::from_utf8(info).ok());
            let info = info.and_then(|info| Data::new(info, Options::default().nesting).ok());
            let subscription = Subscription { since: since.as_ref(), info, data: None };
            protocol::subscribe(&peer, &client, config, &channel, subscription)?;
            continue;
        }
        let joined = match (&info, from) {
            (Some(info), from) => hub.join_with_info(client.id(), &channel, from, info),
            (None, Some(from)) => hub.join_from(client.id(), &channel, from),
            (None, None) => hub.join(client.id(), &channel),
        };
        tolerate(joined.map(drop), hub::Refusal::AlreadyInRoom)?;
    }
    Ok(result(json!({})))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Unsubscribe {
    #[serde(deserialize_with = "or_default")]
    channel: String,
}

/// Without a channel, from all of them.
pub(super) fn unsubscribe(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let (who, Unsubscribe { channel }): (Who, _) = (read(body)?, read(body)?);
    for client in clients_of(&server.hub, &who)? {
        if let Some(peer) = Peer::of(&client) {
            let channel = Some(channel.as_str()).filter(|channel| !channel.is_empty());
            peer.unsubscribe(&client, channel, UnsubscribeCode::Server);
            continue;
        }
        let left = match channel.as_str() {
            "" => server.hub.leave_all(client.id()).map(drop),
            channel => server.hub.leave(client.id(), channel),
        };
        tolerate(left, hub::Refusal::NotInRoom)?;
    }
    Ok(result(json!({})))
}

/// What the command wants is so already, or the client has ended meanwhile: that is no error.
fn tolerate(outcome: Result<(), hub::Error>, refusal: hub::Refusal) -> Result<(), Error> {
    match outcome {
        Err(error) if error.refusal().is_some_and(|given| given != refusal) => Err(error.into()),
        _ => Ok(()),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Disconnect {
    #[serde(deserialize_with = "or_default")]
    whitelist: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    disconnect: Option<With>,
}

/// The close frame that clients get.
#[derive(Deserialize)]
struct With {
    code: u16,
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
}

pub(super) fn disconnect(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let (who, Disconnect { whitelist, disconnect }): (Who, _) = (read(body)?, read(body)?);
    // Centrifugo's: its SDKs do not come back.
    let default = With { code: 3503, reason: "force disconnect".into() };
    let With { code, reason } = disconnect.unwrap_or(default);
    let code = CloseCode(code);
    if !code.may_be_sent() {
        let why = format!(
            "disconnect.code is {}: a close frame has 1000 to 1003, 1007 to 1014, or 3000 to 4999",
            code.0
        );
        return Err(Error::bad(why));
    }
    let spared = whitelist.iter().map(|client| id_of(&server.hub, client)).collect::<Result<Vec<_>, _>>()?;
    for client in clients_of(&server.hub, &who)? {
        if !spared.contains(&client.id()) {
            // An error means that it closes already.
            let _ = client.close(code, &reason);
        }
    }
    Ok(result(json!({})))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refresh {
    #[serde(deserialize_with = "or_default")]
    expired: bool,
    #[serde(deserialize_with = "or_default")]
    expire_at: u64,
    #[serde(deserialize_with = "or_default")]
    info: Option<Value>,
}

pub(super) fn refresh(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let (who, Refresh { expired, expire_at, info }): (Who, _) = (read(body)?, read(body)?);
    if info.is_some() {
        return Err(Error::new(Code::NotAvailable, "info of a connection is not supported"));
    }
    let close = CloseFrame::new(CloseCode(3005), "connection expired");
    for client in clients_of(&server.hub, &who)? {
        if let (Some(peer), false) = (Peer::of(&client), expired) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let ttl = (expire_at > 0).then(|| Duration::from_secs(expire_at).saturating_sub(now));
            peer.set_ttl(&client, ttl);
            continue;
        }
        // An error means that it has ended.
        let _ = match (expired, expire_at) {
            (true, _) => client.close(close.code, &close.reason),
            (false, 0) => client.clear_expiry(),
            (false, at) => client.set_expiry(Expiry::at_unix_seconds(at).close_with(close.clone())),
        };
    }
    Ok(result(json!({})))
}

/// Beyond Centrifugo's: the hub closes its clients, spread over time, and the program ends.
pub(super) fn drain(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    read::<Nothing>(body)?;
    tracing::info!("the API asks for a drain");
    crate::server::drain(&server.hub);
    Ok(result(json!({})))
}
