//! The first command of a client: who it is, and which channels the server subscribes it to.

use super::asking::Asking;
use super::subscribe::{Plan, Wanted};
use super::tokens;
use crate::auth::BadToken;
use std::time::Duration;
use throng_tokio::core::protocol::{Connect, Connected, Disconnect, ErrorCode, Failure};
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
        Ok((connected, plans)) => {
            let ping = config.protocol.ping.0;
            // Between half of the time and all of it, so that clients which come at once are not asked at once.
            let first_ping = Duration::from_millis(ping * 500 + fastrand::u64(0..=ping * 500));
            peer.with(client, |state, now| state.conversation.connected(now, &connected, first_ping));
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

async fn admit(asking: &Asking<'_>, command: &Connect) -> Result<(Connected, Vec<Plan>), Refused> {
    let Asking { peer, client, config } = *asking;
    let claims = match command.token.as_str() {
        "" if config.protocol.anonymous => tokens::Connection::default(),
        "" => return Err(Refused::Close("no_token", Disconnect::PermissionDenied.close_because("no token"))),
        token => peer.server.tokens.check::<tokens::Connection>(token).await.map_err(|bad| match bad {
            BadToken::Expired => Refused::Reply(ErrorCode::TokenExpired.into()),
            // The SDK tries again.
            BadToken::KeysAway => Refused::Reply(ErrorCode::Internal.into()),
            bad => {
                tracing::debug!(client = %client.id(), "a client was refused: {bad}");
                Refused::Close(bad.label(), Disconnect::InvalidToken.close())
            }
        })?,
    };
    let ttl = claims.ttl();
    if ttl == Some(Duration::ZERO) {
        return Err(Refused::Reply(ErrorCode::TokenExpired.into()));
    }
    if !claims.sub.is_empty() {
        client.set_user(Some(&claims.sub)).map_err(|error| Refused::Close("user", not_set(&error)))?;
    }
    peer.with(client, |state, _| {
        state.user.clone_from(&claims.sub);
        state.info = claims.info();
    });
    let subs = claims.subs();
    let most = config.hub.rooms.per_client;
    if most.is_some_and(|most| subs.len() > most as usize) {
        return Err(Refused::Close("channels", Disconnect::ChannelLimit.close()));
    }
    let mut plans = Vec::new();
    for (channel, sub) in subs {
        let since = command.subs.get(&channel);
        let wanted = Wanted { since, info: sub.info(), data: sub.data, ..Wanted::default() };
        plans.push(Plan::new(asking, &channel, wanted).map_err(Refused::Reply)?);
    }
    let subs = plans.iter().map(|plan| (plan.channel.clone(), plan.subscribed.clone())).collect();
    let connected = Connected {
        client: client.id().to_string(),
        version: concat!("throng ", env!("CARGO_PKG_VERSION")).into(),
        ttl,
        data: None,
        subs,
        node: peer.server.uid.clone(),
    };
    Ok((connected, plans))
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
