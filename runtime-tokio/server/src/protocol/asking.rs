//! A client that asks for something: what it may do.

use super::channel::{Channel, may};
use super::peer::Peer;
use crate::config::Config;
use crate::config::protocol::{Rules, Who};
use crate::hooks::Denied;
use std::sync::Arc;
use throng_tokio::Client;
use throng_tokio::core::protocol::{ClientInfo, ErrorCode, Failure};

/// What carrying out a command needs.
pub(super) struct Asking<'a> {
    pub(super) peer: &'a Arc<Peer>,
    pub(super) client: &'a Client,
    pub(super) config: &'a Config,
}

impl Asking<'_> {
    /// The rules for a channel.
    pub(super) fn rules(&self, channel: &str) -> Result<Rules, Failure> {
        let channel = Channel::of(channel);
        channel.rules(&self.config.protocol).ok_or_else(|| {
            let namespace = channel.namespace.unwrap_or_default();
            let why = format!("there is no namespace {namespace:?} in the config's `protocol.namespaces`");
            Failure::new(ErrorCode::UnknownChannel, why)
        })
    }

    /// # Errors
    /// The client may not do `what` in the channel.
    pub(super) fn check(&self, channel: &str, what: &str, who: fn(&Rules) -> Who) -> Result<(), Failure> {
        let who = who(&self.rules(channel)?);
        let is_allowed = self
            .peer
            .with(self.client, |state, _| may(who, &state.user, state.conversation.is_subscribed(channel)));
        if is_allowed {
            return Ok(());
        }
        let why = format!("the channel's rules do not let this client {what}");
        Err(Failure::new(ErrorCode::PermissionDenied, why))
    }

    /// What a client is answered to whom the back end says no. If it wants the client's end, the answer comes too late for it.
    pub(super) fn denied(&self, denied: Denied) -> Failure {
        match denied {
            Denied::Error(failure) => failure,
            Denied::Close(close) => {
                self.peer.close(self.client, close);
                ErrorCode::PermissionDenied.into()
            }
        }
    }

    /// The client as others see it, beside what is said of it in one channel.
    pub(super) fn info(&self) -> ClientInfo {
        self.peer.with(self.client, |state, _| ClientInfo {
            user: state.user.clone(),
            client: self.client.id().to_string(),
            conn_info: state.info.clone(),
            chan_info: None,
        })
    }
}
