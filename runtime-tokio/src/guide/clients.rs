//! Clients: from the request to the end of the connection; users, rooms, and values stored with a client.
//!
//! A **connection** is a transport, from its accept on, that has a WebSocket or is about to get one. A **client** is the member of the hub that a connection serves: it is
//! opened when the WebSocket is open and nothing has refused it. A client has a [`ClientId`], which is never used for another
//! client, not even after its end. (The connection has an id of its own, which only hosts and the span `connection` of the log
//! need.) A client may belong to a **user**, who may have several clients, and may be in **rooms**.
//!
//! # Before the connection
//!
//! [`Handler::before_connect`] sees the request (path, query, headers, address) and accepts or refuses it. The user, the values and
//! the rooms that it sets all exist when the client appears: no message reaches a client before it is in its first
//! rooms, and none of its own messages is handled before.
//!
//! ```
//! use throng_tokio::{Hub, Refusal};
//!
//! # fn name_in(token: &str) -> Option<String> { Some(token.to_owned()) }
//! #[derive(Clone)]
//! struct Profile {
//!     is_guest: bool,
//! }
//!
//! let builder = Hub::builder()
//!     .before_connect(|connecting| {
//!         let token = connecting.request().query("token");
//!         match token.as_deref().map(name_in) {
//!             Some(Some(name)) => {
//!                 connecting.set_user(name);
//!                 connecting.insert(Profile { is_guest: false });
//!             }
//!             Some(None) => return Err(Refusal::custom(401, "Unknown token: log in again.\n")),
//!             None => connecting.insert(Profile { is_guest: true }),
//!         }
//!         connecting.join("lobby");
//!         Ok(())
//!     })
//!     .on_connect(|client| {
//!         let is_guest = client.get::<Profile>().is_some_and(|profile| profile.is_guest);
//!         let _ = client.send(if is_guest { "Welcome, stranger." } else { "Welcome back." });
//!     });
//! # builder.build().unwrap();
//! ```
//!
//! The closure of [`Builder::before_connect_async`] may wait, for a database for example, within its [time
//! limit](Builder::hook_limit). The hub checks its own limits before and after. A refusal is an HTTP answer in each
//! case.
//!
//! Browsers cannot set headers on a WebSocket. To keep tokens out of URLs, authenticate after the upgrade:
//! [`Connecting::authenticate`] asks for it, and [`Handler::authenticate`] exchanges messages with the peer. Until that hook returns,
//! the client is not open: it is in no room, and no broadcast reaches it.
//!
//! # Until when a client is authorised
//!
//! A token expires, and the connection that it opened should not live on. [`Client::set_expiry`] says until when a client is authorised,
//! by a time of the system's clock or a duration; [`Connecting::set_expiry`] and [`Authenticating::set_expiry`](crate::Authenticating::set_expiry)
//! say it from the client's first moment on. Some time before it, [`Handler::expiring`] is called, which may set a later time, for example after
//! the peer has sent another token. At it the client ends, with a close code of your choice.
//!
//! ```
//! use std::time::Duration;
//! use throng_tokio::{CloseCode, CloseFrame, Expiry, Hub};
//!
//! let builder = Hub::builder()
//!     .before_connect(|connecting| {
//!         # let exp = 4_000_000_000;
//!         // `exp` is the claim of the token that was checked.
//!         let close = CloseFrame::new(CloseCode(4401), "token expired");
//!         connecting.set_expiry(Expiry::at_unix_seconds(exp).close_with(close));
//!         Ok(())
//!     })
//!     .on_expiring(|client, expiring| _ = client.send(format!("token expires in {:?}", expiring.left)))
//!     .on_message(|client, message| {
//!         # let is_good_token = |_: &[u8]| true;
//!         if is_good_token(message.as_bytes()) {
//!             let _ = client.set_expiry(Duration::from_secs(600));
//!         }
//!     });
//! # builder.build().unwrap();
//! ```
//!
//! | question | answer |
//! | --- | --- |
//! | when is `expiring` called? | once for each expiry that is set: [`deadlines.expiry_notice`](crate::hub::Deadlines::expiry_notice) before it, 25 s by default, or when half of the time is over, if that is later |
//! | which close code? | that of [`Expiry::close_with`](crate::Expiry::close_with), else [`Cause::Expired`](crate::Cause::Expired) of the config: 1008, "authorisation expired". Queued messages are written first |
//! | and a client that is away? | It is told and ends like any other; so nobody returns to a client whose authorisation has ended. If it returns before, it keeps its expiry, unless the new request sets another |
//! | does a drain change it? | no: whichever comes first ends the client |
//! | and time in which the process stood still? | It counts. A token is not valid for longer because the process was stopped. If the notice and the expiry pass meanwhile, the client ends without the notice |
//! | when the system's clock is put right? | An expiry that is set already does not move |
//!
//! `throng_expired_total` and `throng_expiry_notices_total` count ends and notices. The example `auth` does all of this with JSON web tokens.
//!
//! # Several clients of one user
//!
//! The config field [`admission.per_user`](crate::hub::Admission::per_user) limits how many clients a user may have. If one more
//! connects, the hub refuses it, or ends the client that has been connected for the longest time; the last hook of that client has
//! returned before the first hook of the new one is called. [`Builder::per_user`] asks the application instead: a closure is given all
//! clients of the user and decides.
//!
//! # Values stored with a client
//!
//! An application can store one value per type with a client: [`Client::insert`], [`Client::get`], [`Client::remove`],
//! from any thread. `get` clones, so store a large or shared value in an `Arc`. The values live as long as any handle
//! of the client, so the last hook can still read them. [`Client::request`] is kept until
//! [`connected`](Handler::connected) has returned, or as [`Builder::keep_requests`] says.
//!
//! # Rooms
//!
//! A room exists from the first join to the last leave: there is nothing to create or to delete. [`Hub::configure_room`] can make an
//! exception: a room that is *kept* exists before its first member and after its last one, until [`Hub::close_room`] closes it. That
//! also closes any other room: its members leave it, or are disconnected, as you choose.
//!
//! [`Client::join`] calls [`Handler::before_join`]: use it for a client's own wish. [`Hub::join`] does not: use it for
//! the application's decision. In both cases [`Handler::joined`] is called, and [`Handler::left`] for each leave,
//! whatever the cause. If the hub refuses a join, [`JoinError::refusal`](crate::JoinError::refusal) says why.
//!
//! # The end
//!
//! | ended by | close code | `disconnected` tells |
//! | --- | --- | --- |
//! | the peer | its own | [`ClosedBy::Peer`](crate::ClosedBy::Peer) |
//! | the application: [`Client::close`], [`Hub::close`] | your own, best of 4000 to 4999 | `Application`; queued messages are written first |
//! | the hub: limits, deadlines, drains, evictions | 1000, 1001, 1008, 1011, 1013, or yours: [`Builder::close_code`](crate::Builder::close_code), [`Closes`](crate::hub::Closes) in a config file | `Hub` |
//! | a protocol error | 1002, 1007, 1008, 1009 | `Hub` |
//! | the transport | 1006 | `Transport` |
//!
//! If a peer sends a close frame, or ends only its sending direction, it still gets its queued messages and the answers
//! to what it sent before, then our close frame, all within [`deadlines.close`](crate::hub::Deadlines::close). Messages
//! that a peer sent before it vanished are handled, even if nothing can be written to it any more. Its end is told by
//! its close frame, if it sent one.
//!
//! Then [`Handler::left`] is called for each of its rooms, and last [`Handler::disconnected`], with the code, the
//! reason, the duration of the connection, and counts of messages received, sent and dropped. From the close on the
//! client is in no room and gets no publish. Its handles remain valid, and tell its last [user](crate::Client::user). Sends and joins
//! return [`Error::NotOpen`](crate::hub::Error::NotOpen) while the connection closes, and [`Error::Gone`](crate::hub::Error::Gone) after
//! that. To tell a room of the end, [publish as the application](super::messages#everybody-but-the-sender).

use crate::{Builder, Client, ClientId, Connecting, Handler, Hub};
