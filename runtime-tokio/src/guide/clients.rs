//! Who comes, who they are, what is kept with them, and how they go.
//!
//! A **connection** is a transport. It becomes a **client** when its WebSocket is open and nobody has refused it, and has a
//! [`ClientId`] that never means anybody else, not even after its end. A client may belong to a **user**, who may have several
//! clients; and it may be in **rooms**.
//!
//! # At the door
//!
//! [`Handler::before_connect`] sees the request (path, query, headers, address) and decides. What it sets holds from the client's
//! first moment on, all together: nothing can be said to a client that is not in its first rooms yet, and none of its messages
//! is handled before.
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
//!             Some(None) => return Err(Refusal::NotFound), // or any status and text: Refusal::Custom
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
//! [`Builder::before_connect_async`] may ask a database meanwhile, within its [time limit](Builder::hook_limit). The hub's own
//! limits are asked before and after: a refusal is an HTTP answer in each case.
//!
//! Browsers cannot set headers on a WebSocket. For who is not to have tokens in its query there is the exchange after the upgrade:
//! [`Connecting::authenticate`] asks for it, [`Handler::authenticate`] speaks with whoever is there. Until it returns there is no
//! client: it is in no room, and nothing is broadcast to it.
//!
//! # Several clients of one user
//!
//! [`Config::admission`](crate::Config::admission) says in [`per_user`](crate::hub::Admission::per_user) how many a user may have, and who goes
//! if there are more: the newcomer, who is refused, or the one that is there the longest, whose last hook is called before
//! the newcomer's first. [`Builder::per_user`] asks the application instead, with all clients of the user before it.
//!
//! # What is kept with a client
//!
//! Values by their type: [`Client::insert`], [`Client::get`], [`Client::remove`], from any thread. `get` copies, so keep what is
//! shared in an `Arc`. They are there until the last handle of the client goes, so that the last hook has them too.
//! [`Client::request`] is kept until [`connected`](Handler::connected) has returned, or as [`Builder::keep_requests`] says.
//!
//! # Rooms
//!
//! A room is there while somebody is in it; it is not made, and not ended. [`Client::join`] asks [`Handler::before_join`], for what
//! clients ask for; [`Hub::join`] does not, for what the application decides. Either way [`Handler::joined`] and, however it comes
//! about, [`Handler::left`] are told.
//!
//! # The end
//!
//! | who ends it | code | is told |
//! | --- | --- | --- |
//! | the peer | its own | `disconnected`, by [`ClosedBy::Peer`](crate::ClosedBy::Peer) |
//! | the application: [`Client::close`], [`Hub::close`] | your own, best of 4000 to 4999 | by `Application`; what is queued is written first |
//! | the hub: limits, deadlines, drains, evictions | 1000, 1001, 1008, 1011, 1013, or yours: [`Builder::close_code`](crate::Builder::close_code), [`Closes`](crate::hub::Closes) in a config file | by `Hub` |
//! | a breach of the protocol | 1002, 1007, 1008, 1009 | by `Hub` |
//! | the transport | 1006 | by `Transport` |
//!
//! A peer that sends a close frame, or only ends its sending direction, still gets what is queued for it, and the answers to what it
//! sent before: then our close frame, all within [`deadlines.close`](crate::hub::Deadlines::close). What a peer sent before it went
//! away is handled, even if nothing can be written to it any more, and its end is told by its close frame if it sent one.
//!
//! Then `left` for each of its rooms, and [`Handler::disconnected`]: code, reason, how long it was there, what it sent, what it was
//! sent and what it missed. From the close on it is in no room, of no user, and reached by nothing. Handles of it live on, and answer by
//! [`Error::Gone`](crate::hub::Error::Gone).

use crate::{Builder, Client, ClientId, Connecting, Handler, Hub};
