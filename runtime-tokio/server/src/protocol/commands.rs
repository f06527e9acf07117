//! The commands of clients: who may do what, and what is answered.

use super::asking::Asking;
use super::connect::{connect, refresh};
use super::peer::{Peer, failure};
use super::queries::{history, presence, presence_stats};
use super::subscribe::{sub_refresh, subscribe};
use crate::config::hooks::Hooks;
use crate::config::protocol::Who;
use crate::frames::Content;
use std::sync::Arc;
use throng_tokio::core::protocol::{
    Command, Disconnect, ErrorCode, Failure, Publish as Publishing, Reply, Request, Rpc, Send,
};
use throng_tokio::hub::{Refusal, Target};
use throng_tokio::{Client, Message, Publish, SendError};

/// A message of a client has arrived.
pub(crate) async fn message(peer: &Arc<Peer>, client: &Client, message: Message) {
    let Message::Text(text) = message else {
        return peer.close(client, Disconnect::BadRequest.close_because("a binary message"));
    };
    let is_busy = peer.with(client, |state, _| {
        state.conversation.handle_frame(&text);
        state.is_busy
    });
    // If so, the commands have their turn there.
    if !is_busy {
        carry_out_all(peer, client).await;
    }
}

/// Carries out the commands that wait; in a task as soon as the back end may have to be asked, so that pongs are heard meanwhile.
async fn carry_out_all(peer: &Arc<Peer>, client: &Client) {
    while let Some(request) = next(peer, client) {
        if !asks(&request.command, &peer.server.live.config().hooks) {
            carry_out(peer, client, request).await;
            // Many commands may stand in one message; others have their turn between them.
            tokio::task::yield_now().await;
            continue;
        }
        peer.with(client, |state, _| state.is_busy = true);
        let (peer, client) = (Arc::clone(peer), client.clone());
        tokio::spawn(async move {
            let work = async {
                carry_out(&peer, &client, request).await;
                while let Some(request) = next(&peer, &client) {
                    carry_out(&peer, &client, request).await;
                }
            };
            tokio::select! {
                () = work => {}
                () = client.ended() => {}
            }
        });
        return;
    }
}

/// The next command that waits.
fn next(peer: &Peer, client: &Client) -> Option<Request> {
    let request = peer.with(client, |state, _| {
        let request = state.conversation.poll_request();
        // In one step with the look, so that no command is left behind.
        state.is_busy &= request.is_some();
        request
    })?;
    metrics::counter!("throng_protocol_commands_total", "command" => request.command.name()).increment(1);
    Some(request)
}

/// Whether the back end may have to be asked.
const fn asks(command: &Command, hooks: &Hooks) -> bool {
    let question = match command {
        Command::Connect(_) => &hooks.connect,
        Command::Subscribe(_) => &hooks.subscribe,
        Command::Publish(_) => &hooks.publish,
        Command::Rpc(_) => &hooks.rpc,
        Command::Send(_) => &hooks.message,
        _ => return false,
    };
    question.url.is_some()
}

/// Carries out a command and answers it.
async fn carry_out(peer: &Arc<Peer>, client: &Client, request: Request) {
    let config = peer.server.live.config();
    let (id, asking) = (request.id, Asking { peer, client, config: &config });
    let answered = match request.command {
        Command::Connect(command) => return connect(&asking, id, &command).await,
        Command::Subscribe(command) => return subscribe(&asking, id, &command).await,
        Command::Refresh(command) => return refresh(&asking, id, &command.token).await,
        Command::SubRefresh(command) => return sub_refresh(&asking, id, &command).await,
        Command::Unsubscribe(of) => {
            peer.leave(client, &of.channel);
            return peer.with(client, |state, _| state.conversation.unsubscribed(id, &of.channel));
        }
        Command::Publish(command) => publish(&asking, &command).await,
        Command::Presence(of) => presence(&asking, &of.channel),
        Command::PresenceStats(of) => presence_stats(&asking, &of.channel),
        Command::History(command) => history(&asking, &command),
        Command::Rpc(command) => call(&asking, &command).await,
        Command::Send(command) => return send(&asking, command).await,
        _ => Err(ErrorCode::MethodNotFound.into()),
    };
    match answered {
        Ok(reply) => peer.with(client, |state, _| state.conversation.reply(id, &reply)),
        Err(failure) => peer.refuse(client, id, &failure),
    }
}

async fn publish(asking: &Asking<'_>, command: &Publishing) -> Result<Reply, Failure> {
    let channel = &*command.channel;
    let Some(data) = &command.data else { return Err(ErrorCode::BadRequest.into()) };
    let hub = asking.client.hub();
    let mut content = Content::Json(data.clone());
    if asking.rules(channel)?.publish == Who::Hook {
        let who = asking.peer.who(asking.client);
        let has_history = hub.history_config(channel).is_some();
        let answer = asking.peer.server.hooks.publish(who, channel, data, has_history).await;
        content = answer.map_err(|denied| asking.denied(denied))?.unwrap_or(content);
    } else {
        asking.check(channel, "publish", |rules| rules.publish)?;
    }
    let told = asking.peer.with(asking.client, |state, _| state.told.get(channel).cloned());
    let info = told.unwrap_or_else(|| asking.info());
    let target = [Target::Room(channel)];
    let frame = content.to_channel(&hub, channel, Some(&info));
    match frame.and_then(|frame| asking.client.publish(&Publish::to(&target), frame)) {
        Ok(_) => Ok(Reply::Published),
        // Nobody is there: the message has reached everybody that it should.
        Err(error) if error.refusal() == Some(Refusal::NoSuchRoom) => Ok(Reply::Published),
        Err(SendError::Hub(error)) => Err(failure(error)),
        Err(error) => Err(Failure::new(ErrorCode::Internal, error.to_string())),
    }
}

async fn call(asking: &Asking<'_>, command: &Rpc) -> Result<Reply, Failure> {
    if asking.config.hooks.rpc.url.is_none() {
        let why = format!("{:?}: no back end answers calls, `hooks.rpc.url` is not set", command.method);
        return Err(Failure::new(ErrorCode::MethodNotFound, why));
    }
    let who = asking.peer.who(asking.client);
    let answer = asking.peer.server.hooks.call(who, command).await;
    answer.map(Reply::Rpc).map_err(|denied| asking.denied(denied))
}

async fn send(asking: &Asking<'_>, command: Send) {
    let who = asking.peer.who(asking.client);
    let is_handed_over = match command.data {
        Some(data) => asking.peer.server.hooks.sent(asking.client, who, &data).await,
        None => false,
    };
    if !is_handed_over {
        // There is nobody to whom it could go, and no reply: it is counted.
        metrics::counter!("throng_server_messages_ignored_total").increment(1);
    }
}
