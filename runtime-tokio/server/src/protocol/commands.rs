//! The commands of clients: who may do what, and what is answered.

use super::asking::Asking;
use super::connect::{connect, refresh};
use super::frames::Content;
use super::peer::{Peer, failure};
use super::queries::{history, presence, presence_stats};
use super::subscribe::{sub_refresh, subscribe};
use throng_tokio::core::protocol::{
    Command, Disconnect, ErrorCode, Failure, Publish as Publishing, Reply, Request,
};
use throng_tokio::hub::{Refusal, Target};
use throng_tokio::{Client, Message, Publish, SendError};

/// A message of a client has arrived.
pub(crate) async fn message(peer: &Peer, client: &Client, message: Message) {
    match message {
        Message::Text(text) => peer.with(client, |state, _| state.conversation.handle_frame(&text)),
        Message::Binary(_) => {
            return peer.close(client, Disconnect::BadRequest.close_because("a binary message"));
        }
    }
    while let Some(request) = peer.with(client, |state, _| state.conversation.poll_request()) {
        metrics::counter!("throng_protocol_commands_total", "command" => request.command.name()).increment(1);
        carry_out(peer, client, request).await;
        // Many commands may stand in one message; others have their turn between them.
        tokio::task::yield_now().await;
    }
}

/// Carries out a command and answers it.
async fn carry_out(peer: &Peer, client: &Client, request: Request) {
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
