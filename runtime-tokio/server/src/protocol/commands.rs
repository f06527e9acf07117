//! The commands of clients: who may do what, and what is answered.

use super::channel::{Channel, may};
use super::connect::{connect, refresh};
use super::frames::Content;
use super::peer::{Peer, failure};
use super::queries::{history, presence, presence_stats};
use super::subscribe::{sub_refresh, subscribe};
use crate::config::Config;
use crate::config::protocol::{Rules, Who};
use throng_tokio::core::protocol::{
    ClientInfo, Command, ErrorCode, Failure, Publish as Publishing, Reply, Request,
};
use throng_tokio::hub::{Refusal, Target};
use throng_tokio::{Client, Publish, SendError};

/// Carries out a command and answers it.
pub(super) fn carry_out(peer: &Peer, client: &Client, request: Request) {
    let config = peer.server.live.config();
    let (id, asking) = (request.id, Asking { peer, client, config: &config });
    let answered = match request.command {
        Command::Connect(command) => return connect(&asking, id, &command),
        Command::Subscribe(command) => return subscribe(&asking, id, command),
        Command::Refresh(command) => return refresh(&asking, id, &command.token),
        Command::SubRefresh(command) => return sub_refresh(&asking, id, &command),
        Command::Unsubscribe(of) => {
            peer.leave(client, &of.channel);
            return peer.with(client, |state, _| state.conversation.unsubscribed(id, &of.channel));
        }
        Command::Publish(command) => publish(&asking, &command),
        Command::Presence(of) => presence(&asking, &of.channel),
        Command::PresenceStats(of) => presence_stats(&asking, &of.channel),
        Command::History(command) => history(&asking, &command),
        Command::Rpc(command) => {
            let why = format!("{:?}: no back end answers calls", command.method);
            Err(Failure::new(ErrorCode::MethodNotFound, why))
        }
        Command::Send(_) => {
            // There is nobody to whom it could go, and no reply: it is counted.
            return metrics::counter!("throng_server_messages_ignored_total").increment(1);
        }
        _ => Err(ErrorCode::MethodNotFound.into()),
    };
    match answered {
        Ok(reply) => peer.with(client, |state, _| state.conversation.reply(id, &reply)),
        Err(failure) => peer.refuse(client, id, &failure),
    }
}

/// What carrying out a command needs.
pub(super) struct Asking<'a> {
    pub(super) peer: &'a Peer,
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

fn publish(asking: &Asking<'_>, command: &Publishing) -> Result<Reply, Failure> {
    let channel = &*command.channel;
    asking.check(channel, "publish", |rules| rules.publish)?;
    let Some(data) = &command.data else { return Err(ErrorCode::BadRequest.into()) };
    let told = asking.peer.with(asking.client, |state, _| state.told.get(channel).cloned());
    let info = told.unwrap_or_else(|| asking.info());
    let target = [Target::Room(channel)];
    let frame = Content::Json(data.clone()).to_channel(&asking.client.hub(), channel, Some(&info));
    match frame.and_then(|frame| asking.client.publish(&Publish::to(&target), frame)) {
        Ok(_) => Ok(Reply::Published),
        // Nobody is there: the message has reached everybody that it should.
        Err(error) if error.refusal() == Some(Refusal::NoSuchRoom) => Ok(Reply::Published),
        Err(SendError::Hub(error)) => Err(failure(error)),
        Err(error) => Err(Failure::new(ErrorCode::Internal, error.to_string())),
    }
}
