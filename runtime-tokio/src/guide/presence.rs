//! Presence: who is in a room, and members that are told who comes and goes.
//!
//! Without presence only [`Hub::members`] says who is in a room, by client id. A room with presence lists its members, each with a few bytes that the application gave
//! when the client joined, counts its clients and users, and tells the application what has changed, at most once for each room and *tick*
//! (100 ms by default), however many clients join and however many members watch.
//!
//! ```
//! use throng_tokio::hub::{Presence, PresenceChange, PresentAs};
//! use throng_tokio::{Config, Hub};
//!
//! let mut config = Config::default();
//! config.presence.by_prefix.insert("lobby".into(), Presence::default());
//!
//! /// The wire is the application's: here a line of text.
//! fn line(change: &PresenceChange) -> String {
//!     let Some(users) = &change.users else { return format!("{} users", change.counts.users) };
//!     let name = |who: &PresentAs| match who {
//!         PresentAs::User(name) => name.to_string(),
//!         _ => "a guest".to_owned(),
//!     };
//!     let came = users.appeared.iter().map(|one| format!("+{}", name(&one.who)));
//!     let left = users.disappeared.iter().map(|who| format!("-{}", name(who)));
//!     let changes: Vec<_> = came.chain(left).collect();
//!     let (since, version, cancelled) = (change.since, change.version, users.cancelled);
//!     format!("{since} to {version}, {cancelled} cancelled: {}", changes.join(" "))
//! }
//!
//! let builder = Hub::builder()
//!     .config(config)
//!     .before_connect(|connecting| {
//!         // A real application authenticates here, and sets the user.
//!         let name = connecting.request().query("name").unwrap_or_else(|| "guest".into());
//!         connecting.set_user(name.to_string());
//!         connecting.join_with_info("lobby", None, name.into_bytes());
//!         Ok(())
//!     })
//!     .on_connect(|client| {
//!         // First it watches, then it reads the list: no change falls between the two.
//!         let hub = client.hub();
//!         if client.watch_presence("lobby").is_ok()
//!             && let Some(page) = hub.presence("lobby", None, 100)
//!         {
//!             // The first 100 members: a larger room has more pages, from `page.next` on.
//!             let users = page.members.iter().filter_map(|one| one.user.as_ref());
//!             let names: Vec<_> = users.map(ToString::to_string).collect();
//!             let _ = client.send(format!("{}: {}", page.version, names.join(", ")));
//!         }
//!     })
//!     .on_presence_change(|hub, room, change| _ = hub.send_to_watchers(room, line(&change)));
//! # builder.build().unwrap();
//! ```
//!
//! # Who is present
//!
//! A client is present from its join until it leaves the room or ends. While it is [away](super::sessions) it stays present, so that a network
//! that is lost for a moment shows to nobody. A **user** is present while one of its clients is, with the bytes of the one that joined first
//! of those that are in the room; a client without a user counts as a user of its own.
//!
//! [`Client::join_with_info`], [`Connecting::join_with_info`] and [`Hub::join_with_info`] give the bytes: a name, an avatar's address, in a format of
//! the application's choice. The hub does not look into them. A client that joins otherwise has none. Bytes over `info_bytes` are refused
//! ([`Refusal::InfoTooLong`](hub::Refusal::InfoTooLong)), and so are bytes for a room without presence; nothing changes then. A client whose first room, in
//! `before_connect`, refuses its bytes is closed. All who watch see the bytes: check what comes from a peer.
//!
//! [`Hub::presence_counts`] is O(1). [`Hub::presence`] lists the members page by page, in the order in which they joined; members may come and go
//! between two pages, and each that is there all the time is in exactly one of them.
//!
//! # What is told
//!
//! [`Handler::presence_changed`] ([`Builder::on_presence_change`], [`HubEvent::PresenceChanged`]) gets a [`PresenceChange`](hub::PresenceChange) when a
//! tick is over: the users that appeared and disappeared, and the counts. A user that came and went within the tick is not listed, nor is one
//! that went and came back; the change is told all the same, perhaps without users. Send it, too: a peer that misses it must ask for the list. The hook makes one message and sends it to those who watch, by [`Hub::send_to_watchers`] or
//! [`Target::Watchers`]: 10,000 joins in a second are ten messages for each watcher (above `users` users with counts only). While nobody watches,
//! nothing is collected.
//!
//! The hook is one of the hub, not of a client: one call at a time, beside the hooks of clients. If it is slow, or the application lags with its
//! events, the changes of one room become one, so that no more than one waits for each room.
//!
//! Above `users` users in the room, or changed users in a tick, `PresenceChange::users` is `None`: only the counts are told.
//!
//! # Versions
//!
//! A list has a version, and each change says from which version to which it leads. A message for a watcher may be
//! [dropped](Handler::dropped), for a slow peer for example; the next one then does not continue the version that the watcher has. So send the versions along, and let
//! the peer do as [`PresenceChange::after`](hub::PresenceChange::after) says:
//!
//! The first row that fits counts:
//!
//! | the change | the peer |
//! | --- | --- |
//! | leads to no later version than the peer has | ignores it |
//! | begins at the peer's version, or before it | adds those who appeared, removes those who disappeared, and has the change's version |
//! | begins before the peer's version and has `cancelled` changes | asks for the list again: what was taken back may be in the list |
//! | begins after the peer's version | has missed something, and asks for the list again |
//! | has only counts | shows the counts, or asks for the list |
//!
//! Versions of one hub never repeat, not even in a room that ended and was made again. A client that leaves and joins again must watch and read the list again; one that returns from being away still watches.
//!
//! # Settings
//!
//! | field of `presence` | default | meaning |
//! | --- | --- | --- |
//! | `by_prefix` | none: no room has presence | the presence of rooms by the beginning of their names; [`Hub::configure_room`] gives one to a single room |
//! | `by_prefix.<prefix>.users` | 1,000 | with more users, or more changes in a tick, only the counts are told |
//! | `by_prefix.<prefix>.info_bytes` | 512 | the most bytes about a client; each member keeps its bytes in memory, beside `outbox.hub_bytes` |
//! | `by_prefix.<prefix>.tick` | 100 ms | how long changes are collected; zero: no presence |
//! | `page` | 1,000 | the most members in a page |
//!
//! Presence begins and ends for all members at once. In a room that has many of them [`Hub::configure_room`] refuses that
//! ([`Refusal::TooManyPresent`](hub::Refusal::TooManyPresent)): configure the room before they join.
//!
//! # What to watch
//!
//! `throng_present`, `throng_watchers`, `throng_presence_changes_total`, `throng_presence_told_total`, `throng_presence_cancelled_total`: see [`observe`].
use crate::*;
