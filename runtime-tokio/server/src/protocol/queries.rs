//! What is there: the clients in a channel, and its last publications.

use super::asking::Asking;
use super::info::shown;
use super::subscribe::{position, presence_of};
use crate::frames::object_of;
use std::collections::BTreeMap;
use throng_tokio::core::Position;
use throng_tokio::core::hub::Order;
use throng_tokio::core::protocol::{ErrorCode, Failure, History, Options, Reply};

pub(super) fn presence(asking: &Asking<'_>, channel: &str) -> Result<Reply, Failure> {
    asking.check(channel, "see its presence", |rules| rules.presence)?;
    let hub = asking.client.hub();
    let limits = &asking.config.hub;
    let Some(page) = hub.presence(channel, None, limits.presence.page) else {
        check_presence(asking, channel)?;
        return Ok(Reply::Presence(BTreeMap::new()));
    };
    let bytes = page.members.iter().map(|member| member.info.len() + 100).sum::<usize>();
    if page.next.is_some() || bytes > limits.outbox.message_bytes as usize {
        let why =
            format!("{} clients are too many for one answer: ask for presence_stats", page.counts.clients);
        return Err(Failure::new(ErrorCode::LimitExceeded, why));
    }
    let nesting = Options::default().nesting;
    let clients = page.members.iter().map(|member| {
        let (client, user) = (member.client.to_string(), member.user.as_deref().unwrap_or_default());
        (client.clone(), shown(client, user.into(), &member.info, nesting))
    });
    Ok(Reply::Presence(clients.collect()))
}

pub(super) fn presence_stats(asking: &Asking<'_>, channel: &str) -> Result<Reply, Failure> {
    asking.check(channel, "see its presence", |rules| rules.presence)?;
    match asking.client.hub().presence_counts(channel) {
        Some(counts) => {
            Ok(Reply::PresenceStats { clients: counts.clients.into(), users: counts.users.into() })
        }
        None => {
            check_presence(asking, channel)?;
            Ok(Reply::PresenceStats { clients: 0, users: 0 })
        }
    }
}

fn check_presence(asking: &Asking<'_>, channel: &str) -> Result<(), Failure> {
    match presence_of(asking, &asking.client.hub(), channel) {
        Some(_) => Ok(()),
        None => Err(Failure::new(ErrorCode::NotAvailable, "the channel has no presence")),
    }
}

pub(super) fn history(asking: &Asking<'_>, command: &History) -> Result<Reply, Failure> {
    let channel = &*command.channel;
    asking.check(channel, "see its history", |rules| rules.history)?;
    let hub = asking.client.hub();
    if hub.history_config(channel).is_none() {
        return Err(Failure::new(ErrorCode::NotAvailable, "the channel has no history"));
    }
    position(&hub, channel)?;
    let unrecoverable = |why: String| Failure::new(ErrorCode::UnrecoverablePosition, why);
    let since = match &command.since {
        // An SDK that has no position yet.
        Some(since) if since.epoch.is_empty() && since.offset == 0 => None,
        Some(since) => {
            let epoch = since.epoch.parse().map_err(|_| unrecoverable(format!("epoch {:?}", since.epoch)))?;
            Some(Position { epoch, offset: since.offset })
        }
        None => None,
    };
    let limits = &asking.config.hub;
    let most = limits.history.page;
    let limit = u32::try_from(command.limit).unwrap_or(most).min(most);
    let order = if command.reverse { Order::NewestFirst } else { Order::OldestFirst };
    let page = hub.history(channel, since, limit, order).map_err(|error| unrecoverable(error.to_string()))?;
    // What does not fit into one message is left out: the client asks for it from the last that it has.
    let mut left = (limits.outbox.message_bytes as usize).saturating_sub(1_024);
    let mut publications = Vec::new();
    for message in &page.messages {
        let Some(rest) = left.checked_sub(message.frame.size() as usize) else { break };
        left = rest;
        publications.push(object_of(channel, message.offset, &message.frame));
    }
    Ok(Reply::History { publications, offset: page.top.offset, epoch: page.top.epoch.to_string() })
}
