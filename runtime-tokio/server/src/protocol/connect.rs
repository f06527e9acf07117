//! The first command of a client: who it is, and which channels the server subscribes it to.

use super::asking::Asking;
use super::renew::renew;
use super::subscribe::{Plan, Wanted};
use super::tokens;
use crate::auth::BadToken;
use crate::hooks::{Allowed, Came, Denied, Meta};
use std::time::Duration;
use throng_tokio::core::protocol::{Connect, Connected, Data, Disconnect, ErrorCode, Failure};
use throng_tokio::hub::Refusal;
use throng_tokio::{CloseFrame, SetUserError};

/// How a client that may not connect is told.
enum Refused {
    /// With the reason by which it is counted.
    Close(&'static str, CloseFrame),
    Reply(Failure),
}

pub(super) async fn connect(asking: &Asking<'_>, id: u32, command: &Connect) {
    let Asking { peer, client, config } = *asking;
    match admit(asking, command).await {
        Ok(Admitted { connected, plans, lasts }) => {
            let ping = config.protocol.ping.0;
            // Between half of the time and all of it, so that clients which come at once are not asked at once.
            let first_ping = Duration::from_millis(ping * 500 + fastrand::u64(0..=ping * 500));
            peer.with(client, |state, now| state.conversation.connected(now, &connected, first_ping));
            // The conversation takes the time only now that it is open.
            if lasts.is_some() {
                renew(asking, None, lasts);
            }
            for plan in plans {
                plan.join(asking);
            }
        }
        Err(Refused::Reply(failure)) => peer.refuse(client, id, &failure),
        Err(Refused::Close(reason, close)) => {
            let (path, why) = (config.protocol.path.text(), &close.reason);
            peer.server.records.refused(reason, &format!("a client at {path}: {why}"));
            peer.close(client, close);
        }
    }
}

/// A client that may connect.
struct Admitted {
    connected: Connected,
    plans: Vec<Plan>,
    /// How long it may stay, as the back end says.
    lasts: Option<Duration>,
}

async fn admit(asking: &Asking<'_>, command: &Connect) -> Result<Admitted, Refused> {
    let Asking { peer, client, config } = *asking;
    let who = who(asking, command).await?;
    if !who.user.is_empty() {
        client.set_user(Some(&who.user)).map_err(|error| Refused::Close("user", not_set(&error)))?;
    }
    let most = config.hub.rooms.per_client;
    if most.is_some_and(|most| who.subs.len() > most as usize) {
        return Err(Refused::Close("channels", Disconnect::ChannelLimit.close()));
    }
    peer.with(client, |state, _| (state.user, state.info, state.meta) = (who.user, who.info, who.meta));
    let mut plans = Vec::new();
    for (channel, sub) in who.subs {
        let since = command.subs.get(&channel);
        let Allowed { info, data, ttl } = sub;
        let wanted = Wanted { since, info, data, lasts: ttl, ..Wanted::default() };
        let plan = Plan::new(asking, &channel, wanted).and_then(|plan| plan.enter(asking).map(|()| plan));
        match plan {
            Ok(plan) => plans.push(plan),
            Err(failure) => {
                plans.iter().for_each(|plan| peer.leave(client, &plan.channel));
                return Err(Refused::Reply(failure));
            }
        }
    }
    let subs = plans.iter().map(|plan| (plan.channel.clone(), plan.subscribed.clone())).collect();
    let connected = Connected {
        client: client.id().to_string(),
        version: concat!("throng ", env!("CARGO_PKG_VERSION")).into(),
        ttl: who.ttl,
        data: who.data,
        subs,
        node: peer.server.uid.clone(),
    };
    Ok(Admitted { connected, plans, lasts: who.lasts })
}

/// Who a client is, by its token or as the back end says.
#[derive(Default)]
struct Known {
    user: String,
    info: Option<Data>,
    meta: Option<Meta>,
    data: Option<Data>,
    subs: Vec<(String, Allowed)>,
    /// How long its token is valid: the SDK brings another one in time.
    ttl: Option<Duration>,
    /// How long it may stay, as the back end says, which is asked again then.
    lasts: Option<Duration>,
}

async fn who(asking: &Asking<'_>, command: &Connect) -> Result<Known, Refused> {
    let Asking { peer, config, .. } = *asking;
    // As with Centrifugo, a token that can be checked here spares the question.
    if config.hooks.connect.url.is_some() && (command.token.is_empty() || !config.auth.has_keys()) {
        return by_hook(asking, command).await;
    }
    match command.token.as_str() {
        "" if config.protocol.anonymous => Ok(Known::default()),
        "" => Err(Refused::Close("no_token", Disconnect::PermissionDenied.close_because("no token"))),
        token => {
            let claims = peer.server.tokens.check::<tokens::Connection>(token).await;
            by_token(asking, claims)
        }
    }
}

async fn by_hook(asking: &Asking<'_>, command: &Connect) -> Result<Known, Refused> {
    let Asking { peer, client, .. } = *asking;
    let headers = peer.with(client, |state, _| std::mem::take(&mut state.headers));
    let answer = peer.server.hooks.connect_command(peer.who(client), command, headers).await;
    let Came { user, info, data, subs, ttl, meta } = answer.map_err(|denied| match denied {
        Denied::Error(failure) => Refused::Reply(failure),
        Denied::Close(close) => Refused::Close("hook", close),
    })?;
    Ok(Known { user, info, meta, data, subs, ttl: None, lasts: ttl })
}

fn by_token(asking: &Asking<'_>, claims: Result<tokens::Connection, BadToken>) -> Result<Known, Refused> {
    let claims = claims.map_err(|bad| match bad {
        BadToken::Expired => Refused::Reply(ErrorCode::TokenExpired.into()),
        // The SDK tries again.
        BadToken::KeysAway => Refused::Reply(ErrorCode::Internal.into()),
        bad => {
            tracing::debug!(client = %asking.client.id(), "a client was refused: {bad}");
            Refused::Close(bad.label(), Disconnect::InvalidToken.close())
        }
    })?;
    let ttl = claims.ttl();
    if ttl == Some(Duration::ZERO) {
        return Err(Refused::Reply(ErrorCode::TokenExpired.into()));
    }
    let of_sub = |sub: tokens::Sub| Allowed { info: sub.info(), data: sub.data, ttl: None };
    let subs = claims.subs().into_iter().map(|(channel, sub)| (channel, of_sub(sub))).collect();
    Ok(Known { info: claims.info(), user: claims.sub, subs, ttl, ..Known::default() })
}

fn not_set(error: &SetUserError) -> CloseFrame {
    match error.refusal() {
        Some(Refusal::TooManyOfUser { .. }) => Disconnect::ConnectionLimit.close(),
        Some(_) => Disconnect::InvalidToken.close_because("the token's user is not a valid name"),
        None => Disconnect::ServerError.close(),
    }
}

/// A new token for the connection.
pub(super) async fn refresh(asking: &Asking<'_>, id: u32, token: &str) {
    let Asking { peer, client, .. } = *asking;
    match peer.server.tokens.check::<tokens::Connection>(token).await {
        Ok(claims) => {
            let is_same = peer.with(client, |state, now| {
                let is_same = state.user == claims.sub;
                if is_same {
                    if let Some(info) = claims.info() {
                        state.info = Some(info);
                    }
                    state.conversation.refreshed(now, id, claims.ttl());
                }
                is_same
            });
            if !is_same {
                peer.close(client, Disconnect::InvalidToken.close_because("the token is of another user"));
            }
        }
        Err(BadToken::Expired) => peer.refuse(client, id, &ErrorCode::TokenExpired.into()),
        Err(BadToken::KeysAway) => peer.refuse(client, id, &ErrorCode::Internal.into()),
        Err(bad) => {
            tracing::debug!(client = %client.id(), "a new token is not valid: {bad}");
            peer.close(client, Disconnect::InvalidToken.close());
        }
    }
}
