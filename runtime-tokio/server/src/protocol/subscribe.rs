//! Subscriptions: who may have one, where it begins, and how the client gets what it missed.
//!
//! A channel is a room. An SDK ignores publications that come before the reply to its `subscribe`, and misses none that comes after it:
//!
//! - In a channel without history the client joins the room before the reply.
//! - In a channel with history it joins after the reply, from the position in it: what is published in between is delivered as missed. If it cannot
//!   be delivered any more, the subscription is ended with 2500, and the SDK makes it again.

use super::asking::Asking;
use super::channel::Channel;
use super::info;
use super::peer::failure;
use super::renew::renew;
use super::tokens;
use crate::auth::BadToken;
use crate::config::protocol::Rules;
use crate::hooks::Allowed;
use serde_json::json;
use std::time::Duration;
use throng_tokio::Hub;
use throng_tokio::core::Position;
use throng_tokio::core::hub::{Order, Presence, Recover, Recovery, RoomConfig, Unrecoverable, Unrecovered};
use throng_tokio::core::protocol::{
    self, ClientInfo, Data, ErrorCode, Failure, Since, StartsAt, SubRefresh, Subscribe, Subscribed,
    UnsubscribeCode,
};
use throng_tokio::hub::{Policy, Refusal};

/// What a subscription is to have.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    /// The position of a client that returns.
    pub(super) since: Option<&'a Since>,
    /// Whether an error is wanted in place of a subscription that cannot recover.
    pub(super) rejects_unrecovered: bool,
    pub(super) join_leave: bool,
    /// How long its token is valid: the SDK brings another one in time.
    pub(super) ttl: Option<Duration>,
    /// How long it may be, as the back end says, which is asked again then.
    pub(super) lasts: Option<Duration>,
    pub(super) info: Option<Data>,
    pub(super) data: Option<Data>,
}

/// A subscription that may be made: how it is told, and how the client joins the room.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) channel: String,
    pub(super) subscribed: Subscribed,
    from: Option<Recover>,
    /// What presence shows; `None` in a room without presence.
    info: Option<Vec<u8>>,
    /// Set if subscribers are told who comes and goes.
    told: Option<ClientInfo>,
    wants_join_leave: bool,
    lasts: Option<Duration>,
}

pub(super) async fn subscribe(asking: &Asking<'_>, id: u32, command: &Subscribe) {
    let Asking { peer, client, .. } = *asking;
    let planned = allowed(asking, command).await.and_then(|rights| {
        let Subscribe { channel, recover, offset, epoch, join_leave, .. } = command;
        let mut since = Since::default();
        (since.recover, since.offset, since.epoch) = (*recover, *offset, epoch.clone());
        let rejects_unrecovered = command.rejects_unrecovered();
        let wanted = Wanted { since: Some(&since), rejects_unrecovered, join_leave: *join_leave, ..rights };
        let plan = Plan::new(asking, channel, wanted)?;
        plan.enter(asking)?;
        Ok(plan)
    });
    match planned {
        Ok(plan) => {
            peer.with(client, |state, now| {
                state.conversation.subscribed(now, id, &plan.channel, &plan.subscribed);
            });
            plan.join(asking);
        }
        Err(failure) => peer.refuse(client, id, &failure),
    }
}

/// A new token for a subscription.
pub(super) async fn sub_refresh(asking: &Asking<'_>, id: u32, command: &SubRefresh) {
    let Asking { peer, client, .. } = *asking;
    match by_token(asking, &command.channel, &command.token).await {
        Ok((ttl, _)) => peer.with(client, |state, now| {
            state.conversation.sub_refreshed(now, id, &command.channel, ttl);
        }),
        Err(failure) => peer.refuse(client, id, &failure),
    }
}

/// How long the client may be subscribed, and what is said of it.
async fn allowed(asking: &Asking<'_>, command: &Subscribe) -> Result<Wanted<'static>, Failure> {
    let (name, rules) = (&*command.channel, asking.rules(&command.channel)?);
    let channel = Channel::of(name);
    let has_keys = asking.config.auth.has_keys();
    if !command.token.is_empty() && (has_keys || !channel.is_left_to_the_back_end(rules)) {
        let (ttl, info) = by_token(asking, name, &command.token).await?;
        return Ok(Wanted { ttl, info, ..Wanted::default() });
    }
    if channel.is_left_to_the_back_end(rules) {
        let who = asking.peer.who(asking.client);
        let answer = asking.peer.server.hooks.subscribe(who, command).await;
        let Allowed { info, data, ttl } = answer.map_err(|denied| asking.denied(denied))?;
        return Ok(Wanted { info, data, lasts: ttl, ..Wanted::default() });
    }
    let user = asking.peer.with(asking.client, |state, _| state.user.clone());
    if channel.admits(&user, rules) {
        return Ok(Wanted::default());
    }
    let why = match channel.is_private {
        true => "a channel whose name begins with $ needs a token",
        false => "the channel's rules do not let this client subscribe without a token",
    };
    Err(Failure::new(ErrorCode::PermissionDenied, why))
}

async fn by_token(
    asking: &Asking<'_>,
    channel: &str,
    token: &str,
) -> Result<(Option<Duration>, Option<Data>), Failure> {
    let denied = |why: &str| Err(Failure::new(ErrorCode::PermissionDenied, why));
    let claims = match asking.peer.server.tokens.check::<tokens::Subscription>(token).await {
        Ok(claims) => claims,
        Err(BadToken::Expired) => return Err(ErrorCode::TokenExpired.into()),
        // The SDK tries again.
        Err(BadToken::KeysAway) => return Err(ErrorCode::Internal.into()),
        Err(bad) => {
            tracing::debug!(client = %asking.client.id(), "a token of a subscription is not valid: {bad}");
            return denied("the token is not valid");
        }
    };
    let is_own = asking.peer.with(asking.client, |state, _| state.user == claims.sub);
    if claims.channel != channel || !is_own {
        return denied("the token is for another channel or user");
    }
    match claims.ttl() {
        Some(Duration::ZERO) => Err(ErrorCode::TokenExpired.into()),
        ttl => Ok((ttl, claims.info())),
    }
}

impl Plan {
    /// # Errors
    /// The client may not be in the channel, or a limit is reached.
    pub(super) fn new(asking: &Asking<'_>, channel: &str, wanted: Wanted<'_>) -> Result<Self, Failure> {
        let rules = asking.rules(channel)?;
        let hub = asking.client.hub();
        check_limits(asking, &hub, channel)?;
        let mut subscribed = Subscribed { ttl: wanted.ttl, data: wanted.data, ..Subscribed::default() };
        let from = match hub.history_config(channel) {
            Some(_) => begin(asking, &hub, channel, rules, wanted.since, &mut subscribed)?,
            None => None,
        };
        if subscribed.was_recovering && !subscribed.recovered && wanted.rejects_unrecovered {
            return Err(ErrorCode::UnrecoverablePosition.into());
        }
        let shown = ClientInfo { chan_info: wanted.info, ..asking.info() };
        let info = match presence_of(asking, &hub, channel) {
            Some(presence) => Some(shown_bytes(&shown, presence)?),
            None => None,
        };
        let told = rules.join_leave && info.is_some();
        Ok(Self {
            channel: channel.into(),
            subscribed,
            from,
            info,
            told: told.then_some(shown),
            wants_join_leave: wanted.join_leave,
            lasts: wanted.lasts,
        })
    }

    /// The client joins the room of a channel without history. To be called before the subscription is told.
    ///
    /// # Errors
    /// The hub does not take it in.
    pub(super) fn enter(&self, asking: &Asking<'_>) -> Result<(), Failure> {
        if self.from.is_some() {
            return Ok(());
        }
        let (hub, id) = (asking.client.hub(), asking.client.id());
        let joined = match &self.info {
            Some(info) => hub.join_with_info(id, &self.channel, None, info),
            None => hub.join(id, &self.channel),
        };
        match joined {
            Err(error) if error.refusal() != Some(Refusal::AlreadyInRoom) => Err(failure(error)),
            _ => {
                self.watch(asking);
                Ok(())
            }
        }
    }

    fn watch(&self, asking: &Asking<'_>) {
        if self.wants_join_leave && self.told.is_some() {
            // An error means that it is in the room no more.
            let _ = asking.client.watch_presence(&self.channel);
        }
    }

    /// The client joins the room of a channel with history, and who is to be told of it is told. To be called when the subscription was told.
    pub(super) fn join(self, asking: &Asking<'_>) {
        let Asking { peer, client, .. } = *asking;
        let (hub, id) = (client.hub(), client.id());
        if let Some(from) = self.from {
            let joined = match &self.info {
                Some(info) => hub.join_with_info(id, &self.channel, Some(from), info),
                None => hub.join_from(id, &self.channel, from),
            };
            if !joined.as_ref().is_ok_and(|joined| !matches!(joined.recovery, Some(Recovery::Unrecovered(_))))
            {
                tracing::debug!(client = %id, ?joined, "a subscription ends: the client cannot join from the position that it was told");
                peer.with(client, |state, _| _ = state.lost.insert(self.channel.clone()));
                return peer.unsubscribe(client, Some(&self.channel), UnsubscribeCode::InsufficientState);
            }
            self.watch(asking);
        }
        let Self { channel, told, lasts, .. } = self;
        if let Some(shown) = told {
            let push = protocol::join(&channel, &shown);
            peer.with(client, |state, _| _ = state.told.insert(channel.clone(), shown));
            let _ = hub.send_to_watchers(&channel, push);
        }
        if lasts.is_some() {
            renew(asking, Some(channel), lasts);
        }
    }
}

/// Refuses in the reply what the hub would refuse after it.
fn check_limits(asking: &Asking<'_>, hub: &Hub, channel: &str) -> Result<(), Failure> {
    let limits = &asking.config.hub.rooms;
    if channel.is_empty() || channel.len() > limits.name_bytes as usize {
        let (bytes, most) = (channel.len(), limits.name_bytes);
        let why = format!("channel has {bytes} bytes, from 1 to {most} are allowed");
        return Err(Failure::new(ErrorCode::BadRequest, why));
    }
    let refuse = |refusal: Refusal| Err(failure(refusal.into()));
    match (limits.members, limits.per_client, limits.total) {
        (Some(limit), ..) if hub.member_count(channel) >= limit as usize => {
            refuse(Refusal::RoomFull { limit })
        }
        (_, Some(limit), _) if asking.client.room_count() >= limit as usize => {
            refuse(Refusal::TooManyRoomsOfClient { limit })
        }
        // An idle room makes way for another.
        (.., Some(limit))
            if hub.room_count() >= limit as usize
                && !hub.room_exists(channel)
                && hub.stats().idle_rooms == 0 =>
        {
            refuse(Refusal::TooManyRooms { limit })
        }
        _ => Ok(()),
    }
}

/// Where a subscription to a channel with history begins.
fn begin(
    asking: &Asking<'_>,
    hub: &Hub,
    channel: &str,
    rules: Rules,
    since: Option<&Since>,
    subscribed: &mut Subscribed,
) -> Result<Option<Recover>, Failure> {
    let top = position(hub, channel)?;
    if rules.recover {
        close_the_slow(hub, channel)?;
    }
    let was_lost = asking.peer.with(asking.client, |state, _| state.lost.remove(channel));
    let since = since.filter(|since| since.recover && rules.recover);
    let (mut start, mut recovered) = (top, false);
    if let Some(since) = since {
        match recoverable(asking, hub, channel, since, was_lost) {
            Ok(position) => (start, recovered) = (position, true),
            Err(unrecovered) => {
                subscribed.data = subscribed.data.take().or_else(|| Some(told(unrecovered)));
            }
        }
    }
    subscribed.was_recovering = since.is_some();
    subscribed.recovered = recovered;
    subscribed.recoverable = rules.recover;
    subscribed.positioned = rules.recover;
    subscribed.position = Some(StartsAt { offset: start.offset, epoch: start.epoch.to_string() });
    Ok(Some(Recover::Since(start)))
}

/// The position of the last publication of a channel with history, which begins now if it has not.
pub(super) fn position(hub: &Hub, channel: &str) -> Result<Position, Failure> {
    if !hub.room_exists(channel) {
        hub.configure_room(channel, RoomConfig::default()).map_err(failure)?;
    }
    hub.position(channel).ok_or_else(|| ErrorCode::Internal.into())
}

/// A member of the room that is too slow for a publication is closed with it, and recovers when it connects again. If it were only not given that
/// one, it could get later ones before it is closed, and would not ask for the one that it missed.
fn close_the_slow(hub: &Hub, channel: &str) -> Result<(), Failure> {
    let policy = Some(Policy::Disconnect);
    match hub.room_config(channel) {
        Some(config) if config.policy != policy => {
            hub.configure_room(channel, RoomConfig { policy, ..config }).map_err(failure)
        }
        _ => Ok(()),
    }
}

/// The position of a client that gets all that it missed.
fn recoverable(
    asking: &Asking<'_>,
    hub: &Hub,
    channel: &str,
    since: &Since,
    was_lost: bool,
) -> Result<Position, Unrecovered> {
    let nothing = |reason| Unrecovered { reason, oldest: 0, top: 0 };
    // An epoch that is missing is none, and matches none.
    let Ok(epoch) = since.epoch.parse() else { return Err(nothing(Unrecoverable::EpochChanged)) };
    let position = Position { epoch, offset: since.offset };
    let page = hub.history(channel, Some(position), 0, Order::OldestFirst)?;
    let count = page.top.offset - since.offset;
    let most = u64::from(asking.config.hub.history.recover_messages.min(asking.config.hub.outbox.messages));
    if count > most || was_lost {
        let (oldest, top) = (page.oldest, page.top.offset);
        return Err(Unrecovered { reason: Unrecoverable::OverLimit, oldest, top });
    }
    Ok(position)
}

/// Why a client does not get what it missed, for its application.
fn told(unrecovered: Unrecovered) -> Data {
    let Unrecovered { reason, oldest, top } = unrecovered;
    let told = json!({ "unrecovered": { "reason": reason.name(), "oldest": oldest, "top": top } });
    Data::new(&told.to_string(), 2).unwrap_or_else(|_| Data::null())
}

/// The presence that the room has, or will have by its name.
pub(super) fn presence_of(asking: &Asking<'_>, hub: &Hub, channel: &str) -> Option<Presence> {
    if hub.room_exists(channel) {
        return hub.presence_config(channel);
    }
    let by_prefix = asking.config.hub.presence.by_prefix.iter();
    let fitting = by_prefix.filter(|(prefix, _)| channel.starts_with(prefix.as_str()));
    fitting.max_by_key(|(prefix, _)| prefix.len()).map(|(_, presence)| *presence)
}

/// What presence shows of a client.
fn shown_bytes(shown: &ClientInfo, presence: Presence) -> Result<Vec<u8>, Failure> {
    let bytes = info::encode(shown.conn_info.as_ref(), shown.chan_info.as_ref());
    let (length, most) = (bytes.len(), presence.info_bytes);
    if length > most as usize {
        let why = format!("the info of the tokens has {length} bytes, at most {most} are allowed");
        return Err(Failure::new(ErrorCode::LimitExceeded, why));
    }
    Ok(bytes)
}
