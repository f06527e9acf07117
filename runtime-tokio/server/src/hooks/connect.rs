//! The question about a client that comes: asked when its WebSocket is open and its client is not, so that the browser sees the code
//! and the reason with which the back end refuses it.

use super::ask::Hooks;
use super::content::content;
use super::failure::Failure;
use super::question::{Answer, Connect, Connected, Meta, Who};
use crate::config::Config;
use crate::config::hooks::{Fail, Forwarded};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, Uri};
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};
use throng_tokio::hub as throng;
use throng_tokio::{Authenticating, CloseCode, CloseFrame, Connecting, Expiry, Frame, Hub};

/// What the back end is told of a request. Stored with a connection that the back end is to be asked about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asking(Arc<Mutex<Option<Request>>>);

#[derive(Debug)]
struct Request {
    data: Map<String, Value>,
    headers: HeaderMap,
}

impl Asking {
    /// Has the back end asked about this connection as soon as its WebSocket is open.
    pub(crate) fn about(connecting: &mut Connecting, config: &Config, uri: &Uri, headers: &HeaderMap) {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let mut data = Map::new();
        for (name, value) in pairs {
            // The first value of a name counts, as everywhere in the program.
            data.entry(name.into_owned()).or_insert_with(|| Value::String(value.into_owned()));
        }
        let request = Request { data, headers: forwarded(config, headers) };
        connecting.insert(Self(Arc::new(Mutex::new(Some(request)))));
        connecting.authenticate();
    }

    /// The request, once: the client does not keep it.
    fn take(&self) -> Option<Request> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The headers of a client's request that the back end gets.
pub(crate) fn forwarded(config: &Config, headers: &HeaderMap) -> HeaderMap {
    let mut forwarded = HeaderMap::new();
    for name in config.hooks.headers.iter().map(Forwarded::name) {
        for value in headers.get_all(name) {
            forwarded.append(name.clone(), value.clone());
        }
    }
    forwarded
}

impl Hooks {
    /// Asks about a client that comes.
    ///
    /// # Errors
    /// The close frame of a client that may not come.
    pub(crate) async fn connect(&self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        let request = session.get::<Asking>().and_then(Asking::take);
        let Some(Request { data, headers }) = request else { return Err(CloseFrame::default()) };
        let question = Connect { who: Who::new(session.client_id(), None, None), data: &data };
        let connected = match self.ask(&question, headers).await {
            Ok(Answer::Result(connected)) => connected,
            Ok(Answer::Error(error)) => {
                let reason = format!("{} ({})", error.message, error.code);
                return Err(CloseFrame::new(CloseCode::POLICY, reason));
            }
            Ok(Answer::Disconnect(close)) => return Err(close),
            Err(_) => return self.without_answer(),
        };
        let prepared = prepare(&session.hub(), connected);
        match prepared {
            Ok(prepared) => prepared.apply(session).await,
            Err(why) => {
                self.complain_of::<Connect<'_>>(why);
                self.without_answer()
            }
        }
    }

    fn without_answer(&self) -> Result<(), CloseFrame> {
        match self.live.config().hooks.connect.fail {
            Fail::Open => Ok(()),
            Fail::Closed => Err(try_again_later()),
        }
    }

    /// Counts and logs an answer that cannot be followed.
    pub(super) fn complain_of<Q: super::question::Question>(&self, why: String) {
        metrics::counter!("throng_hooks_unusable_total", "hook" => Q::NAME).increment(1);
        self.complaints.log(Q::NAME, &Failure::Malformed(why));
    }
}

/// The close frame of a client whose back end gives no valid answer.
pub(super) fn try_again_later() -> CloseFrame {
    CloseFrame::new(CloseCode::TRY_AGAIN_LATER, "the back end does not answer, try again later")
}

/// A result that has been checked as a whole, before any of it applies.
struct Prepared {
    user: String,
    session: String,
    expire_at: u64,
    meta: Option<Meta>,
    first: Option<Frame>,
    /// Each with the information that the presence of the room shows.
    channels: Vec<(String, Option<Vec<u8>>)>,
}

fn prepare(hub: &Hub, connected: Connected) -> Result<Prepared, String> {
    let Connected { user, session, expire_at, info, b64info, data, b64data, channels, meta, subs } =
        connected;
    if !subs.is_empty() {
        return Err("subs is not supported: name the rooms in channels".into());
    }
    let info = match (info, b64info) {
        (Some(_), Some(_)) => return Err("info and b64info exclude each other".into()),
        (Some(info), None) => Some(info.get().as_bytes().to_vec()),
        (None, Some(text)) => {
            Some(BASE64_STANDARD.decode(&text).map_err(|error| format!("b64info is no base64: {error}"))?)
        }
        (None, None) => None,
    };
    let config = hub.config();
    let most = config.rooms.name_bytes as usize;
    if let Some(channel) = channels.iter().find(|channel| channel.is_empty() || channel.len() > most) {
        return Err(format!("channel {channel:.80?}: a name has 1 to {most} bytes, `hub.rooms.name_bytes`"));
    }
    let with_info = |channel: String| match (&info, presence_of(hub, &config, &channel)) {
        (Some(info), Some(presence)) if info.len() > presence.info_bytes as usize => Err(format!(
            "info has {} bytes, channel {channel:?} takes at most {}: `info_bytes` of its presence",
            info.len(),
            presence.info_bytes
        )),
        (Some(info), Some(_)) => Ok((channel, Some(info.clone()))),
        // Rooms without presence show none.
        _ => Ok((channel, None)),
    };
    // It is sent before there is a client, and so as it is: these clients speak no protocol.
    let first = content(data, None, b64data)?.map(|content| content.alone(hub)).transpose();
    Ok(Prepared {
        user,
        session,
        expire_at,
        meta: meta.map(|meta| Meta(meta.into())),
        first: first.map_err(|error| error.to_string())?,
        channels: channels.into_iter().map(with_info).collect::<Result<_, _>>()?,
    })
}

/// The presence that a room has, or will have when it is there.
fn presence_of(hub: &Hub, config: &throng::Config, channel: &str) -> Option<throng::Presence> {
    if hub.room_exists(channel) {
        return hub.presence_config(channel);
    }
    let fitting = config.presence.by_prefix.iter().filter(|(prefix, _)| channel.starts_with(prefix.as_str()));
    fitting.max_by_key(|(prefix, _)| prefix.len()).map(|(_, presence)| *presence)
}

impl Prepared {
    async fn apply(self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        let continued = match (&*self.user, &*self.session) {
            ("", "") => None,
            (user, "") => session.set_user(user).map(|()| None)?,
            ("", name) => session.set_session(name)?,
            (user, name) => session.identify(user, name)?,
        };
        let expiry = Some(self.expire_at).filter(|at| *at > 0).map(Expiry::at_unix_seconds);
        // A client that continues keeps what it has, but is authorised as the back end says now.
        match (continued.and_then(|client| session.hub().client(client)), expiry) {
            (Some(client), Some(expiry)) => client.set_expiry(expiry)?,
            (Some(client), None) => client.clear_expiry()?,
            (None, Some(expiry)) => session.set_expiry(expiry)?,
            (None, None) => {}
        }
        for (channel, info) in self.channels {
            match info {
                Some(info) => session.join_with_info(channel, None, info),
                None => session.join(channel),
            }
        }
        if let Some(meta) = self.meta {
            session.insert(meta);
        }
        // Sent last: a client that is refused gets nothing. It comes before everything that its rooms send.
        match self.first {
            Some(first) => session.send(&first).await.map_err(CloseFrame::from),
            None => Ok(()),
        }
    }
}
