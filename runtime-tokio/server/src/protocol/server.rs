//! What the HTTP API does with clients of the protocol.

use super::asking::Asking;
use super::peer::Peer;
use super::subscribe::{Plan, Wanted};
use crate::config::Config;
use std::sync::Arc;
use throng_tokio::core::protocol::{Data, Failure, Since, UnsubscribeCode};
use throng_tokio::{Client, Hub};

/// A subscription that the server makes.
#[derive(Debug, Default)]
pub(crate) struct Subscription<'a> {
    /// The position from which on the client gets what was published.
    pub(crate) since: Option<&'a Since>,
    pub(crate) info: Option<Data>,
    pub(crate) data: Option<Data>,
}

/// The history of a channel has begun anew: its subscribers have positions that are not valid any more. They subscribe again. O(members).
pub(crate) fn history_removed(hub: &Hub, channel: &str) {
    for id in hub.members(channel) {
        let Some(client) = hub.client(id) else { continue };
        if let Some(peer) = Peer::of(&client) {
            peer.unsubscribe(&client, Some(channel), UnsubscribeCode::InsufficientState);
        }
    }
}

/// Subscribes a client to a channel. Nothing happens if it is subscribed, or has not connected yet.
///
/// # Errors
/// There is no such channel, or a limit is reached.
pub(crate) fn subscribe(
    peer: &Arc<Peer>,
    client: &Client,
    config: &Config,
    channel: &str,
    subscription: Subscription<'_>,
) -> Result<(), Failure> {
    let asking = Asking { peer, client, config };
    if peer
        .with(client, |state, _| !state.conversation.is_open() || state.conversation.is_subscribed(channel))
    {
        return Ok(());
    }
    let Subscription { since, info, data } = subscription;
    let plan = Plan::new(&asking, channel, Wanted { since, info, data, ..Wanted::default() })?;
    plan.enter(&asking)?;
    let is_new = peer.with(client, |state, now| state.conversation.subscribe(now, channel, &plan.subscribed));
    if is_new {
        plan.join(&asking);
    }
    Ok(())
}
