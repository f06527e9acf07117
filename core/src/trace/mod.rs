//! Record and replay: a log of every `(now, event)` is the whole run.
//!
//! A [`Recorder`] stands between a host and its hub. It writes each event to a log before the hub handles it, and
//! hashes all output: the outcome, the leases and the actions. [`replay`] passes the log to a fresh hub, on any machine and
//! under any hash key, and gets the same [hash](Recorder::hash); [`Replay`] does it step by step. A [`RecordedHub`] is a
//! hub with its recorder, and has the hub's typed methods.
//!
//! **What is in a log.** Names (of rooms and users, and the reasons of close frames), the bytes that are given with joins for the
//! [presence](crate::hub::Presence) of rooms, ids, addresses, sizes, times, and
//! the config without its hash key. Of a ping only the length is written, and of a frame (and its deflated variant) its
//! kind, lengths, place and offset, unless payloads are [kept](Payloads::Kept). Payloads never enter the hash, so that a
//! log without them has the same hash.
//!
//! **Checkpoints.** After every 1,000 events, by default, the log has the hash so far. A replay compares its own hash and
//! stops at the first checkpoint that [differs](TraceError::Diverged), which shows between which events the runs diverge.
//!
//! # The flight recorder
//!
//! A whole log grows without end. [`Recorder::ring`] keeps the end of a run in a fixed amount of memory, so that a
//! failure can be replayed. Events alone cannot be replayed without the state before them. So the ring is divided into
//! *segments*, each of which begins with a *state*, the complete hub: its config, connections, clients, users, rooms, memberships,
//! outboxes with the lengths of their frames, timers in their order, rate buckets, ids with their generations, and the
//! order in which free slots are used again. When the ring is full, the oldest segment is overwritten as a whole, and
//! [counted](Recorder::overwritten). The remaining window is a log like any other: a replay begins with its first state
//! and continues exactly as the hub did. Event numbers are those of the run.
//!
//! - A segment is as long as a quarter of the ring, and at least twice its state: states are at most half of the
//!   bytes written.
//! - A state is written in one call, under the hub's lock if it has one: O(connections + memberships + frames), some 0.1 µs
//!   and 50 to 90 bytes for each connection.
//! - A state that needs more than a quarter of the recorder's memory is left out. The segment then begins with
//!   [`Entry::WithoutState`]: it can be listed, and a replay begins with the next state, or
//!   [fails](TraceError::WithoutState) if there is none.
//! - Of queued pongs, a state has only the lengths, even if payloads are kept.
//!
//! # Cost
//!
//! A publish takes 0.15 µs more, however many recipients it has; a lease and its return take some 16 ns more for each
//! recipient, most of it for the hash. `cargo bench -p throng-tests --bench trace` measures that, and `tests/instructions`
//! counts it. A server spends most of its time on sending: the target is that with a flight recorder it delivers at most
//! 5 % less in a second of processor time. The latest measurement and its command are in the project's
//! `tests/peers/README.md`.
//!
//! # Format
//!
//! A log grows only at its end, so that it can be [taken](Recorder::take) and stored piece by piece. All integers are
//! varints (LEB128) unless a width is given.
//!
//! ```text
//! log    = magic "throngtr", version (2 bytes, little-endian), record of the config, other records
//! record = length of body, check of the length (2 bytes), checksum of the body (4 bytes), body
//! body   = tag (1 byte), content
//! ```
//!
//! The check of a length is the upper 16 bits of its product with 0x9e3779b97f4a7c15 modulo 2^64. The checksum of a body is
//! the lower half of its SipHash-1-3 with a key of zeros. Both are little-endian.
//!
//! | tag | content |
//! | --- | --- |
//! | 0 | the config, field by field; only as the first record |
//! | 1 to 63 | an event: nanoseconds since the event before it, then its fields |
//! | 64 | the beginning of a window: time, number and hash of the last event before it; then the state of the hub |
//! | 65 | the beginning of a window, without the state |
//! | 128 | a checkpoint: the number of the last event, the hash (8 bytes, little-endian) |
//! | 129 to 255 | other notes; a reader skips those it does not know |
//!
//! A record that the end of the log cuts short, or a damaged record with only zeros behind it, is a *torn tail*: the writer
//! crashed. It is cut off, and [counted](Reader::cut). Damage anywhere else is an [error](TraceError::Corrupt), and so is a
//! damaged length with more behind it, since the next record cannot be found. A state can be read only by the
//! release that wrote it; for another one it may be [malformed](TraceError::Malformed).

mod checkpoint;
mod config;
mod error;
mod event;
mod frames;
mod hash;
mod head;
mod owned;
mod payloads;
mod place;
mod publish;
mod read;
mod record;
mod recorded;
mod replay;
mod ring;
mod state;
mod written;

#[cfg(test)]
mod tests;

pub use checkpoint::Checkpoint;
pub use error::TraceError;
pub use hash::ActionHash;
pub use owned::OwnedEvent;
pub use payloads::Payloads;
pub use read::{Entry, Reader, read};
pub use record::Recorder;
pub use recorded::RecordedHub;
pub use replay::{Replay, Replayed, Step, replay};
pub use ring::Overwritten;
pub use state::{Beginning, HubState};

const MAGIC: [u8; 8] = *b"throngtr";
/// The version of the layout; `trace/tests/layout.rs` fails when it must change.
const VERSION: u16 = 6;
/// The tag of the record that holds the config.
const CONFIG: u8 = 0;
/// The tags of records that begin a window: with the hub's state, or without it.
const STATE: u8 = 64;
const WITHOUT_STATE: u8 = 65;
/// The first tag of records that a reader may skip.
const FIRST_NOTE: u8 = 128;
/// The tag of a checkpoint.
const CHECKPOINT: u8 = 128;
/// The longest payload that a reader rebuilds, in bytes, so that a log cannot make its reader allocate without bound.
const LONGEST_PAYLOAD: u32 = 64 << 20;
/// The longest payload of a ping or pong, in bytes (RFC 6455 section 5.5).
const LONGEST_PING: usize = 125;
