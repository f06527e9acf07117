//! Sessions: clients that survive the loss of their connection.
//!
//! A phone that changes from one network to another loses its connections, and so does a page that is reloaded. Without sessions its client
//! ends: it leaves its rooms, and what is sent meanwhile never reaches it. With a session the client goes **away**: it stays in its rooms,
//! what is sent to it waits, and when its peer connects again in time, the same client goes on.
//!
//! ```
//! use std::time::Duration;
//! use throng_tokio::{Config, Hub};
//!
//! let mut config = Config::default();
//! config.sessions.grace = Some(Duration::from_secs(30));
//! let builder = Hub::builder()
//!     .config(config)
//!     .before_connect(|connecting| {
//!         // A real application authenticates here, or makes the name by `session::Tokens`.
//!         if let Some(session) = connecting.request().query("session") {
//!             connecting.set_session(session);
//!         }
//!         connecting.join("lobby");
//!         Ok(())
//!     })
//!     .on_connect(|client| _ = client.send("welcome"))
//!     .on_away(|client, away| println!("{} is away: {}", client.id(), away.code))
//!     .on_resumed(|client, _| _ = client.send("welcome back"))
//!     .on_disconnect(|client, _| println!("{} has left", client.id()));
//! # builder.build().unwrap();
//! ```
//!
//! The example `chat` does this: `cargo run --release --example chat`. A page of it that is reloaded, or loses its network, returns with its signed token
//! and goes on as the same client, and the others see it as away meanwhile.
//!
//! Where people meet in rooms under an id of the application's, as in a game, [participants](super::participants) have sessions without a name to
//! choose or to keep secret.
//!
//! # Naming a session
//!
//! [`Connecting::set_session`] names the session in [`before_connect`](Handler::before_connect), before the 101;
//! [`Authenticating::set_session`] (without a user) or [`Authenticating::identify`] (with one) after the upgrade; and [`Client::set_session`] names
//! that of a client that is open already, so that it can return later. A connection with the session of a client continues that client if
//! both have the same user, or both have none. If their users differ it is refused. A session that no client has opens a new client. Continued, a client keeps
//!
//! - its id, user, rooms and [values](Client::get), and the handlers that `before_connect` gave it;
//! - the messages that wait for it, which are written first, and the counters of [`Disconnected`].
//!
//! The rooms, values and handlers that `before_connect` sets for the new connection then have no effect. [`Client::request`] is the new request. What belongs
//! to a connection is new: the subprotocol, compression, the address and its limits. [`Builder::per_user`] is not asked.
//!
//! # Hooks
//!
//! | what happens | hooks |
//! | --- | --- |
//! | the connection is lost | [`away`](Handler::away) |
//! | the client returns | [`resumed`](Handler::resumed), with the time for which it was away |
//! | another connection comes with its session while it has one | `resumed`; the older connection is closed with 1008, [`Cause::Replaced`] |
//! | the same while the older connection still [authenticates](Handler::authenticate) | none; the older connection is ended, at the latest when its hook returns |
//! | the grace is over | [`left`](Handler::left) for each room, [`disconnected`](Handler::disconnected), once |
//!
//! [`connected`](Handler::connected) is called once in the life of a client. Hooks of one client run one at a time across its connections: a hook that runs when the
//! connection is lost goes on, `away` and `resumed` wait for it, and so do the messages that come on the new connection. The new connection
//! is written to at once. Hooks of different clients have no order: whoever comes with the session of a client that has ended is a new client, and its `connected`
//! may be called before `disconnected` of the other. ([Participants](super::participants) have such an order.) The stream [`Hub::events`] tells the same as [`HubEvent::Away`] and [`HubEvent::Resumed`].
//!
//! [`Client::is_away`], [`Client::session`], [`Hub::find_session`] and [`Hub::client`] see clients that are away; they count in
//! [`Hub::client_count`], in rooms and as clients of their user. Sending to them, joining, leaving and closing work as for others.
//!
//! # What may be lost, and what may come twice
//!
//! | a message that | arrives |
//! | --- | --- |
//! | waited in the outbox when the connection was lost, or was sent later | once, in order, unless the outbox is full |
//! | was written in part when the connection was lost, or was being written when another connection took over | at least once: it is written again, first, and the peer may have it already |
//! | the operating system had taken | perhaps: nobody can know whether the peer got it |
//! | was sent when the outbox of the client was full (`sessions.messages`, `sessions.bytes`) | as `outbox.policy` says; [`dropped`](Handler::dropped) is told |
//!
//! The last messages before a loss are therefore in doubt, and only those. Where that matters, number the messages; a room's
//! [history](super::histories) does this for you: the peer says the last number that it has, and gets what is missing. A [receipt](Client::send_with_receipt) says that the
//! system took a message, once, also if it was written on a later connection.
//!
//! Messages **from** a peer are not repeated by throng: what the peer sent and the server had not read when the connection was lost is lost.
//!
//! A [question](super::messages#questions-and-replies) without a reply is asked again on the new connection, or fails, by its own choice.
//!
//! # When a client ends at once
//!
//! A client does not go away, but ends, if the application closes it, if it breaks the protocol, if a limit or an idle deadline closes it, if
//! its peer says goodbye, if its [authorisation ends](super::clients#until-when-a-client-is-authorised), and if the hub drains or shuts down. A goodbye is a close frame with 1000, without a code, or with 3000 to 4999; a
//! browser that reloads a page sends 1001: that is no goodbye, so its client goes away. A drain ends the clients that are away, too.
//!
//! # Settings
//!
//! | field of `sessions` | default | meaning |
//! | --- | --- | --- |
//! | `grace` | none: sessions are off | how long a client may be away |
//! | `messages`, `bytes` | 64, 256 KiB | what is queued for an away client, at most; what waited before it went away stays, within `outbox` |
//! | `total` | 100,000 | away clients in all; one more ends with its connection |
//! | `per_user` | 16 | away clients of one user, likewise |
//! | `per_address` | none | away clients whose last connection came from one address, likewise |
//! | `ended_by` | `normal_close` | which close frames of the peer are a goodbye: `any_close`, `normal_close` or `no_close` |
//! | `second` | `takes_over` | a second connection of a session: it gets the client, or is `refused` with 409 |
//! | `name_bytes` | 255 | the longest name; a longer or empty one is refused with 400, after the upgrade with 1008 |
//!
//! Without `grace` a name still makes a second connection take over the first.
//!
//! # Security
//!
//! The name of a session is a secret. Whoever knows it, and is authenticated as its user (or, if it has none, comes without one), **becomes the client**: it gets the messages that wait and all
//! later ones, sends in the client's name, and takes the connection from the client's own peer, which is closed with 1008.
//!
//! - A session belongs to the user of its client. Anybody who is not authenticated as that user is refused (403 before the upgrade, 1008
//!   after it; counted as `session_of_another_user` in [`Stats::refusals`](crate::Stats::refusals)). So give clients a user where you can.
//! - Names of clients without a user must not be guessable. `throng_tokio::session::Tokens` (feature `session-tokens`) makes names of 128 random bits
//!   with a signature, and refuses those that it did not make before they reach the hub.
//! - Keep names out of URLs, which proxies and servers log: name the session after the upgrade, by [`Handler::authenticate`]. throng does not log
//!   names; a [recording](Builder::record) has them.
//! - Unexpected takeovers show in `throng_replaced_total`.
//!
//! # What to watch
//!
//! `throng_away_clients` and `throng_away_total`, `throng_resumed_total`, `throng_replaced_total`, `throng_not_returned_total`,
//! `throng_away_refused_total`: see [`observe`]. If few of those who go away return, the grace is too short, or peers do not
//! send their session; if `throng_away_refused_total` grows, a limit is too low.
use crate::*;
