//! Histories and recovery: rooms that keep their last messages, and clients that return and get what they missed.
//!
//! A [session](super::sessions) carries a client over the loss of a connection, for the time of its grace. A history serves clients that
//! come from further away: after a restart of the page, an hour in a tunnel, or on another device. The room keeps its last messages and
//! numbers them. A peer says up to which number it has them; the hub sends the rest, or says that it cannot and why.
//!
//! ```
//! # #[cfg(feature = "json")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use throng_tokio::hub::{History, Recover, Recovery};
//! use throng_tokio::{Config, Hub, Json, Numbered};
//!
//! let mut config = Config::default();
//! // Rooms whose names begin with "news" keep 100 messages for ten minutes.
//! let history = History { messages: 100, age: Duration::from_secs(600), ..History::default() };
//! config.history.by_prefix.insert("news".into(), history);
//! let builder = Hub::builder()
//!     .config(config)
//!     .before_connect(|connecting| {
//!         // `?since=<epoch>.<offset>`: the position of the answer to the peer's last join, with the offset of the last message that it got.
//!         match connecting.request().query("since").and_then(|since| since.parse().ok()) {
//!             Some(since) => connecting.join_from("news", Recover::Since(since)),
//!             // Also if it is no position: then the peer gets what comes from now on.
//!             None => connecting.join("news"),
//!         }
//!         Ok(())
//!     })
//!     .on_join(|client, room, joined| {
//!         // Where the peer is if no message follows; the epoch is the part before the dot.
//!         let position = joined.position.map(|position| position.to_string());
//!         let missed = match joined.recovery {
//!             Some(Recovery::Unrecovered(why)) => why.to_string(),
//!             _ => String::new(),
//!         };
//!         _ = client.send(Json((room.to_string(), position, missed)));
//!     })
//!     .on_message(|client, message| {
//!         let text = String::from_utf8_lossy(message.as_bytes());
//!         _ = client.send_to_room("news", Numbered::new("news", Json(text)));
//!     });
//! # builder.build()?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "json"))]
//! # fn main() {}
//! ```
//!
//! # Which rooms have a history
//!
//! `history.by_prefix` gives one to every room whose name begins with the prefix; of several, the longest counts. [`Hub::configure_room`] gives one to
//! a single room ([`RoomConfig::history`](hub::RoomConfig::history)), or takes it ([`History::OFF`](hub::History::OFF)). A room that gets a history by its name
//! comes to be by the first publish, with or without members, and outlives its members until `meta_age` after its last message.
//!
//! # Positions
//!
//! A [`Position`](crate::core::Position) is an **epoch** and an **offset**. The offset is the number of a message in its room: the first has 1, and there are
//! no gaps. The epoch is a random number that names the history. It changes whenever continuity is lost: when the process starts again,
//! when the history is [removed](Hub::remove_history) or taken and given again, and when the room ends. So a position of before is never taken for
//! one of now.
//!
//! How peers learn both is up to the application's protocol:
//!
//! - the epoch, and the offset of the last message, with the answer to a join: [`Joined::position`](hub::Joined::position);
//! - the offset of each message in the message itself. It is known only when the message is published, so the message is encoded with a place
//!   for it. [`Numbered`] does that, for JSON and for bytes; for formats of your own there is [`Frame::with_place`];
//! - offset and frame of each message of a page of [`Hub::history`], and [`Published::position`](hub::Published::position) for the publisher.
//!
//! In a text, for a query or cookie, a position is `epoch.offset`.
//!
//! # Recovery
//!
//! [`Client::join_from`], [`Hub::join_from`], and [`Connecting::join_from`] for first rooms, take [`Recover::Since`](hub::Recover::Since) a position, or
//! [`Recover::Latest`](hub::Recover::Latest) for rooms in which only the last value counts. [`Joined::recovery`](hub::Joined::recovery) is the answer:
//!
//! | answer | meaning |
//! | --- | --- |
//! | [`Recovered`](hub::Recovery::Recovered) | every message after the position is in the outbox of the client, behind what waits there and before all that is published later |
//! | [`Unrecovered`](hub::Recovery::Unrecovered) | **nothing** of what was missed was queued; the client gets what is published from now on |
//!
//! | reason | what has happened | what a peer does |
//! | --- | --- | --- |
//! | `epoch_changed` | the position is of another history, of another process, or was never given out | loads its state anew |
//! | `trimmed` | the messages made way for newer ones, or memory was short | the same, or reads what is left: [`Hub::history`] |
//! | `expired` | they became too old | the same |
//! | `over_limit` | more than `history.recover_messages` or `history.recover_bytes`, or than the client's outbox has room for | the same, or reads them in pages |
//! | `none_kept` | the room has no history | loads its state anew |
//!
//! The answer is never `Recovered` if a message is missing. The messages that were missed are queued at the moment of the join. What the
//! application sends as answer comes behind them: a peer keeps what it gets until the answer is there.
//!
//! The example `chat` does it all: `cargo run --release --example chat`. Its page keeps the position of each room, holds what comes until the answer
//! is there, passes over what it has, joins again from its position where it sees a hole, and shows what cannot be had as a gap.
//!
//! # Holes
//!
//! A message that is published while the client's outbox is full is dropped, as its [policy](hub::Policy) says, and so is one that a newer message
//! replaces under [`Policy::Conflate`]. In a room with a history that is a hole in the numbers.
//! [`Handler::dropped`] is told, with [`DropNotice::of_history`]: then let the client leave, and join from the last offset that its peer has. A peer
//! sees the hole by itself, since offsets have no gaps. [`Policy::Wait`] is refused in such rooms, and messages to a room with a history are for
//! that room only: another target beside it is an error, as the offset would be wrong there.
//!
//! With a session, messages wait for an away client in its outbox, also those of rooms with a history: it need not recover. If it is
//! away for longer than its grace, it ends, and its peer joins from its position as any other.
//!
//! # Messages that are sent twice
//!
//! [`Publish::key`] makes a publish idempotent: the same key in the same room within `history.key_age` sends nothing, and the outcome is that of the first, with
//! [`ignored`](hub::Published::ignored). [`Publish::version`] ignores a value that is not newer than the last one.
//!
//! The same helps peers. A peer that has lost its connection does not know whether its last message arrived: so it gives each message a random key, and
//! sends those again that have not come back to it. The example `chat` does.
//!
//! # Settings
//!
//! | field of `history` | default | meaning |
//! | --- | --- | --- |
//! | `by_prefix.<prefix>.messages`, `bytes` | 100, 1 MiB | the oldest messages over these bounds are discarded; 0 messages: no history |
//! | `by_prefix.<prefix>.age` | 5 min | messages that are older are discarded |
//! | `by_prefix.<prefix>.meta_age` | 24 h | so long after the last message the room, its epoch and its offsets are kept without members |
//! | `idle_rooms` | 100,000 | rooms without members that exist for their history; one more ends the one that was used longest ago |
//! | `recover_messages`, `recover_bytes` | 300, 1 MiB | what one join recovers at most |
//! | `page` | 1,000 | messages of a page of [`Hub::history`] |
//! | `keys`, `key_bytes`, `key_age` | 65,536, 255, 5 min | idempotency keys in all, the longest, and how long they are known |
//!
//! # Cost
//!
//! A message is stored once, whether it waits for clients, is kept, or both: its bytes count once in `outbox.hub_bytes`. When these are used up, histories
//! go first, the older half of the largest, and only then outboxes are shed. A publish costs the same for each recipient with and without a history. What a
//! client missed is one entry of its outbox, however many messages it is, and clients with the same position share what is written.
//! A history lives in the memory of one process: after a restart every position is answered `epoch_changed`.
//!
//! # Security
//!
//! Positions are no secret and need no signature: one that is forged, of another room, or too high is answered `epoch_changed`. **Who may read a
//! room may read its history**: let [`Handler::before_join`] decide for joins from a position as for others, and check before you answer a page of
//! [`Hub::history`]. Messages in a history are kept after their sender has left.
//!
//! # What to watch
//!
//! `throng_recoveries_total` by outcome: many `trimmed` or `expired` mean that histories are too short for the time that peers are gone, many
//! `over_limit` that `recover_messages` or the outboxes are small, many `epoch_changed` without a restart that peers mix up rooms.
//! `throng_history_discarded_total` with `evicted`: the memory is too small for the histories. `throng_messages_missed_total`: slow readers.
use crate::*;
