//! Connections and subscriptions whose time the back end sets: when it is over, the back end is asked how they go on. The SDK knows nothing of it.

use super::asking::Asking;
use super::peer::{Peer, Task};
use crate::hooks::Renewal;
use std::sync::Arc;
use std::time::Duration;
use throng_tokio::Client;
use throng_tokio::core::protocol::{Disconnect, UnsubscribeCode};

/// The connection, or its subscription to a channel, lasts so long. `None`: it has no end.
pub(super) fn renew(asking: &Asking<'_>, channel: Option<String>, lasts: Option<Duration>) {
    let (peer, client) = (asking.peer, asking.client);
    set(peer, client, channel.as_deref(), lasts);
    let of = channel.clone();
    let task = lasts.map(|lasts| {
        let (peer, client) = (Arc::clone(peer), client.clone());
        let task = tokio::spawn(async move {
            tokio::select! {
                () = keep(&peer, &client, channel.as_deref(), lasts) => {}
                // It may have ended before the task was noted.
                () = client.ended() => {}
            }
        });
        Task(task.abort_handle())
    });
    // The earlier one ends.
    let _earlier = peer.with(client, |state, _| match task {
        Some(task) => state.renewals.insert(of, task),
        None => state.renewals.remove(&of),
    });
}

/// After this time, and `protocol.grace`, the conversation ends what has not been renewed.
fn set(peer: &Peer, client: &Client, channel: Option<&str>, lasts: Option<Duration>) {
    peer.with(client, |state, now| match channel {
        None => state.conversation.set_ttl(now, lasts),
        Some(channel) => state.conversation.set_subscription_ttl(now, channel, lasts),
    });
}

/// Asks each time that the time is over, until there is none.
async fn keep(peer: &Arc<Peer>, client: &Client, channel: Option<&str>, mut lasts: Duration) {
    loop {
        tokio::time::sleep(lasts).await;
        let grace = Duration::from_secs(peer.server.live.config().protocol.grace.0);
        let renewal = peer.server.hooks.renew(|| peer.who(client), channel, grace).await;
        match renewal {
            Some(Renewal::For(next, info)) => {
                if let (None, Some(info)) = (channel, info) {
                    peer.with(client, |state, _| state.info = Some(info));
                }
                set(peer, client, channel, next);
                match next {
                    Some(next) => lasts = next,
                    None => return,
                }
            }
            Some(Renewal::Ended) => match channel {
                None => return peer.close(client, Disconnect::Expired.close()),
                // This ends the task, too.
                Some(channel) => {
                    return peer.unsubscribe(client, Some(channel), UnsubscribeCode::Expired);
                }
            },
            Some(Renewal::Close(close)) => return peer.close(client, close),
            // The conversation ends it.
            None => return,
        }
    }
}
