//! Messages: receiving, sending, slow readers, fast senders, and order.
//!
//! # Receiving
//!
//! [`Handler::message`], or the closure of [`Builder::on_message`], is given a client's messages one after another. While it handles a
//! message, nothing more is read from that client; other clients are not affected. Most services use more than that: a
//! [`Router`](crate::router::Router) with a typed handler for each type of message, behind layers of [`middleware`](crate::middleware). Give either
//! to [`Builder::messages`](crate::Builder::messages).
//!
//! # Sending
//!
//! You can send anything that is [`IntoFrame`]: a text, bytes, a [`Message`] that was received, [`Json`](struct@crate::Json). It is encoded
//! once, outside of every lock, and stored once, whatever the number of recipients. To send the same message repeatedly, encode it
//! yourself:
//!
//! ```
//! use throng_tokio::{Hub, IntoFrame, Target, Publish, Policy};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub::builder().build()?;
//! let tick = "tick".into_frame()?;
//! let published = hub.broadcast(tick.clone())?; // a reference count
//! assert_eq!(published.queued, 0, "nobody is here");
//!
//! // To everybody in either room, once each. A slow reader gets only the latest of these messages.
//! let targets = [Target::Room("traders"), Target::Room("watchers")];
//! let publish = Publish::to(&targets).policy(Policy::Conflate(7));
//! assert!(hub.publish(&publish, tick).is_err(), "there are no such rooms");
//! # Ok(())
//! # }
//! ```
//!
//! A send returns at once: the message is queued for its recipients, in the order in which sends were made, and written soon. The
//! result, [`Published`], says for how many clients it was queued, dropped or refused. [`Hub::publish_where`](crate::Hub::publish_where) sends
//! to the clients for which a closure returns true.
//!
//! # Everybody but the sender
//!
//! To relay a client's message, publish it as that client, with [`Client::publish`] or [`Client::send_to_room`].
//! [`Publish::except`] leaves clients out, [`Publish::except_user`] all clients of a user:
//!
//! ```
//! use throng_tokio::{Client, Publish, SendError, Target};
//!
//! /// To the others in the room, among them the sender's own other devices.
//! fn say(client: &Client, room: &str, text: &str) -> Result<(), SendError> {
//!     let (to, not_to) = ([Target::Room(room)], [client.id()]);
//!     client.publish(&Publish::to(&to).except(&not_to), text).map(drop)
//! }
//!
//! /// To the other users in the room.
//! fn say_to_others(client: &Client, room: &str, text: &str) -> Result<(), SendError> {
//!     let (to, user) = ([Target::Room(room)], client.user());
//!     let publish = Publish::to(&to).except_user(user.as_deref().unwrap_or_default());
//!     client.publish(&publish, text).map(drop)
//! }
//! ```
//!
//! | the sender | [`Client::publish`] | [`Hub::publish`](crate::Hub::publish), as the application |
//! | --- | --- | --- |
//! | is a member of the room | sent, unless the room's [`publishers`](crate::hub::Publishers) are `Application` | sent |
//! | is a client, and not in the room, or has left it | sent by default; refused (`MayNotPublish`) if `publishers` are `Members` | sent |
//! | has ended, for example because a rate has just closed it | refused ([`NotOpen`](crate::hub::Error::NotOpen) or [`Gone`](crate::hub::Error::Gone)) | sent |
//!
//! In [`Handler::left`] and [`Handler::disconnected`] the client may have ended, so publish as the application there. Ids in `except`
//! that belong to no client any more are ignored:
//!
//! ```
//! use throng_tokio::Hub;
//!
//! let builder = Hub::builder().on_leave(|client, room, _left| {
//!     let name = client.user().unwrap_or_else(|| "somebody".into());
//!     let _ = client.hub().send_to_room(room, format!("{name} left")); // NoSuchRoom if it was the last member
//! });
//! # builder.build().unwrap();
//! ```
//!
//! # Slow readers
//!
//! The outbox of a client is bounded, in messages and bytes. When it is full, the [`Policy`] of the hub, or of a single [`Publish`],
//! decides. Nothing is lost silently: a dropped message is counted ([`Stats`]) and reported to [`Handler::dropped`], once for all that
//! were dropped meanwhile. A slow reader delays no other client.
//!
//! [`Client::send_wait`] waits for room instead. In a handler that answers its own client, that is backpressure: the client's next message
//! is not read before it has read the answers.
//!
//! ```
//! # use throng_tokio::Hub;
//! let builder = Hub::builder().on_message_async(|client, message| async move {
//!     let _ = client.send_wait(message).await; // an echo that loses nothing
//! });
//! # builder.build().unwrap();
//! ```
//!
//! | you want to | use |
//! | --- | --- |
//! | send to many within a time, and learn which clients were not reached | [`Hub::publish_within`](crate::Hub::publish_within) |
//! | learn when a single message was written, or why it was not | [`Client::send_with_receipt`] |
//! | only be told by [`Handler::dropped`] if it was dropped, without waiting | [`ReceiptWait::detach`](crate::ReceiptWait::detach) |
//!
//! # Fast senders
//!
//! The rates in [`Config::inbound`](crate::Config::inbound) limit what a client, and all clients of a user together, may send. For a client
//! over its rate the config decides: the hub does not read from it until it is within the rate again, or drops the messages and
//! reports them ([`Handler::over_rate`]), or closes it. [`RateLimitLayer`](crate::middleware::RateLimitLayer) refuses single messages,
//! with an error answer.
//!
//! In the other direction, [`Outbox::rate`](crate::hub::Outbox::rate) limits how fast messages are written to one client. Messages over the
//! rate wait in its outbox; control frames are not limited.
//!
//! # Questions and replies
//!
//! A **peer asks the server** by a message with an id, and the handler's reply carries the same id: see [`Builder::request_id`] and the
//! [`router`](crate::router#requests-and-their-answers). While the handler of one request runs, the next is not read, so there is nothing to bound.
//!
//! The **server asks a peer** with [`Client::ask`]: the message gets an id, and the future that the call returns is the peer's reply.
//!
//! ```
//! use std::time::Duration;
//! use throng_tokio::{AskError, Client, Hub};
//! use serde_json::{Value, json}; // the crate `serde_json` is a dependency of yours
//!
//! async fn confirm(client: &Client, order: u32) -> Result<bool, AskError> {
//!     let question = json!({ "type": "confirm", "order": order });
//!     let reply = client.ask(&question, Duration::from_secs(30)).await?;
//!     let reply: Value = serde_json::from_slice(reply.as_bytes()).unwrap_or_default();
//!     Ok(reply["confirmed"] == true)
//! }
//!
//! let builder = Hub::builder()
//!     .asks("ask", "reply")
//!     .on_connect(|client| {
//!         let client = client.clone();
//!         // Not in the hook itself: nothing is read from a client while its hook waits, so no reply could arrive.
//!         tokio::spawn(async move { println!("{:?}", confirm(&client, 5).await) });
//!     })
//!     .on_unmatched_reply(|client, reply| println!("{} replied to {}: too late?", client.id(), reply.ask));
//! # builder.build().unwrap();
//! ```
//!
//! | who | writes |
//! | --- | --- |
//! | the server | `{"ask":1,"type":"confirm","order":5}`: the object that was given, which must not have this field itself, with the id |
//! | the peer | `{"reply":1,"confirmed":true}`: any JSON object with this field |
//!
//! An application with a format of its own asks by [`Client::ask_with`], which is given the id, and finds the id in replies by
//! [`Builder::replies_by`], or in its own handler with [`Client::resolve`].
//!
//! | a question ends | with |
//! | --- | --- |
//! | when the peer replies | the message, as it came |
//! | at its deadline: that of the call, else [`asks.deadline`](crate::hub::Asks::deadline), 10 s. A standstill of the process delays it | [`AskError::Deadline`](crate::AskError::Deadline) |
//! | when the client ends | [`AskError::Ended`](crate::AskError::Ended), with code and side |
//! | when the client, which has a [session](super::sessions), gets another connection. [`AskOptions::again_on_resume`](crate::AskOptions::again_on_resume) asks once more instead, under the same id, unless the question still waits in the outbox. What is asked while the client is away waits for its return | [`AskError::Resumed`](crate::AskError::Resumed) |
//! | when the future is dropped, or by [`Client::cancel_ask`] | nothing, or [`AskError::Cancelled`](crate::AskError::Cancelled) |
//! | at once, if the client has ended, has [`asks.per_client`](crate::hub::Asks::per_client) questions open (64), or the message cannot be sent | [`AskError::Gone`](crate::AskError::Gone), [`TooMany`](crate::AskError::TooMany), [`NotSent`](crate::AskError::NotSent) |
//!
//! An id is given once in the life of a hub, and a reply counts only if its own client was asked that question: a forged, late or repeated reply matches nothing,
//! goes to [`Handler::unmatched_reply`], and is counted in `throng_refusals_total{reason="no_such_ask"}`. `throng_asks` and
//! `throng_asks_ended_total` show how questions fare.
//!
//! # Order
//!
//! Messages to one client arrive in the order in which they were sent, by whatever sender: each once, or not at all.
//! Messages of one client are handled in the order in which it sent them. Between different clients the only order is
//! that of the hub's lock, which [`Hub::events`](crate::Hub::events) shows as one stream.

use crate::{Builder, Client, Handler, IntoFrame, Message, Policy, Publish, Published, Stats};
