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
//! To relay a client's message, publish it as that client, with [`Client::publish`] or [`Client::send_to_room`]. Both
//! obey the room's [`publishers`](crate::hub::Publishers), and refuse the message once the client has ended, for
//! example because a rate has just closed it. [`Hub::publish`](crate::Hub::publish) publishes as the application.
//! `except` leaves clients out, `except_user` all clients of a user:
//!
//! ```
//! use throng_tokio::{Client, Publish, SendError, Target};
//!
//! fn say(client: &Client, room: &str, text: &str) -> Result<(), SendError> {
//!     let (to, not_to) = ([Target::Room(room)], [client.id()]);
//!     client.publish(&Publish::to(&to).except(&not_to), text).map(drop)
//! }
//! ```
//!
//! A send returns at once: the message is queued for its recipients, in the order in which sends were made, and written soon. The
//! result, [`Published`], says for how many clients it was queued, dropped or refused. [`Hub::publish_where`](crate::Hub::publish_where) sends
//! to the clients for which a closure returns true.
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
//! # Order
//!
//! Messages to one client arrive in the order in which they were sent, by whatever sender: each once, or not at all.
//! Messages of one client are handled in the order in which it sent them. Between different clients the only order is
//! that of the hub's lock, which [`Hub::events`](crate::Hub::events) shows as one stream.

use crate::{Builder, Client, Handler, IntoFrame, Message, Policy, Publish, Published, Stats};
