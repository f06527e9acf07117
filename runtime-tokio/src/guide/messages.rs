//! What comes, what is sent, to whom, and what happens when somebody is slow.
//!
//! # What comes
//!
//! [`Handler::message`], or [`Builder::on_message`], is given a client's messages one after another: while one is handled, that client
//! is not read, and only that one. Most services want more: a [`Router`](crate::Router) with a typed handler for each kind of message,
//! behind [`middleware`](crate::middleware); either is given to the builder in place of a handler for messages.
//!
//! # What is sent
//!
//! Anything that is [`IntoFrame`]: texts, bytes, a [`Message`] that came, [`Json`](struct@crate::Json). It is encoded once, outside of every
//! lock, and stored once, however many get it. To send the same again and again, encode it yourself:
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
//! // To everybody in either room, once, but not to those; and who is slow gets the latest.
//! let targets = [Target::Room("traders"), Target::Room("watchers")];
//! let publish = Publish::to(&targets).except(&[]).policy(Policy::Conflate(7));
//! assert!(hub.publish(&publish, tick).is_err(), "there are no such rooms");
//! # Ok(())
//! # }
//! ```
//!
//! What a client says is passed on by that client: [`Client::publish`], or [`Client::send_to_room`]. Both keep to what the room
//! [allows](crate::hub::Publishers), and refuse it once the client has ended, as when a rate has just closed it.
//! [`Hub::publish`](crate::Hub::publish) is the application's own word. `except` leaves clients out, `except_user` all clients of a user:
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
//! A send returns at once: it is queued for its recipients, in the order in which sends were made, and written soon. What it returns,
//! [`Published`], says for how many it was queued, dropped or refused. Whom no target names, the application may choose by what it knows
//! of each client: [`Hub::publish_where`](crate::Hub::publish_where).
//!
//! # Who is slow
//!
//! What waits for a client is bounded, in messages and bytes. When it is full, the [`Policy`] decides: of the hub, or of one
//! [`Publish`]. Nothing is lost in silence: what is dropped is counted ([`Stats`]) and told to [`Handler::dropped`], once for as many as
//! there were. In the meantime nobody else is kept waiting.
//!
//! Where a sender should wait instead, there is [`Client::send_wait`]: in a handler that answers, it holds up this client's own messages,
//! so that who does not read the answers is not listened to:
//!
//! ```
//! # use throng_tokio::Hub;
//! let builder = Hub::builder().on_message_async(|client, message| async move {
//!     let _ = client.send_wait(message).await; // an echo that loses nothing
//! });
//! # builder.build().unwrap();
//! ```
//!
//! To many within a time, and to hear who was not reached: [`Hub::publish_within`](crate::Hub::publish_within). To hear of
//! a single message when it was written, or why it was not: [`Client::send_with_receipt`]. Or not to wait for that, and to be told by
//! [`Handler::dropped`] which were dropped: [`ReceiptWait::detach`](crate::ReceiptWait::detach).
//!
//! # Who is fast
//!
//! Rates of [`Config::inbound`](crate::Config::inbound) bound what one client, and all clients of one user, may send: over them it is not read until it is
//! within them again, or its messages are dropped with notice ([`Handler::over_rate`]), or it is closed.
//! [`RateLimitLayer`](crate::middleware::RateLimitLayer) refuses single messages, with an answer that says so.
//!
//! The other way, [`Outbox::rate`](crate::hub::Outbox::rate) bounds how fast messages are written to one client: what is over it waits in
//! its outbox. Control frames do not.
//!
//! # In which order
//!
//! What is sent to one client comes in the order in which it was sent, whoever sent it and by whichever way: each message once, or
//! not at all. What one client says is handled in the order in which it said it. Between clients there is no order but that of the
//! hub's lock, which [`Hub::events`](crate::Hub::events) makes visible as one stream.

use crate::{Builder, Client, Handler, IntoFrame, Message, Policy, Publish, Published, Stats};
