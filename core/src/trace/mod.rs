//! Record and replay: a log of every `(now, event)` is the whole run.
//!
//! A [`Recorder`] stands between a host and its hub. It writes each event to a log before the hub handles it, and
//! hashes all that comes out: the outcome, the leases, the actions. [`replay`] takes the log through a fresh hub, on any
//! machine and under any hash key, to the same [hash](Recorder::hash); [`Replay`] does it step by step. A [`RecordedHub`] is
//! a hub with its recorder, and has the hub's typed methods.
//!
//! **What is in a log.** Names (of rooms and users, and the reasons of close frames), ids, addresses, sizes, times, and
//! the config without its hash key. Of a ping only the length is written, and of a frame (and its deflated variant) its
//! kind, lengths, place and offset, unless payloads are [kept](Payloads::Kept). Payloads never enter the hash, so that a log
//! without them leads to the same.
//!
//! **Checkpoints.** Every so many events a note says what the hash is. A replay compares itself and stops at the first
//! that it does not [agree](TraceError::Diverged) with, so that it is known between which events it departs.
//!
//! # The flight recorder
//!
//! A whole log grows without end. [`Recorder::ring`] keeps the last of a run in a fixed amount of memory, for the day on which
//! something goes wrong. Events alone would not do: without what was before them they mean nothing. So the ring is cut into
//! *segments*, each of which begins with a *state*: all that the hub is, its config, connections, users, rooms, memberships,
//! outboxes with the lengths of their frames, timers in their order, rate buckets, ids with their generations, even the order in
//! which free places are used again. When the ring is full the oldest segment is overwritten as a whole, and
//! [counted](Recorder::overwritten). Thus a window is a log like any other: a replay begins with the state it finds first, and
//! goes on exactly as the hub did. Event numbers are those of the run.
//!
//! - A segment is as long as a quarter of the ring, and no shorter than twice its state: at most half of what is written are
//!   states.
//! - A state is written in one go, under the hub's lock if it has one: O(connections + memberships + frames), some 0.1 µs and
//!   60 to 100 bytes for each connection.
//! - A state that needs more than a quarter of the recorder's memory is left out. The segment
//!   [says so](Entry::WithoutState): it can be listed, and a replay begins with the next state, or if there is none
//!   [fails](TraceError::WithoutState).
//! - Of pongs that wait, a state has only the lengths, also if payloads are kept.
//!
//! # Cost
//!
//! A publish takes 0.15 µs more, however many it reaches; a lease and its return take some 16 ns more a recipient, most of it
//! for the hash. `cargo bench -p throng-tests --bench trace` measures that, and `tests/instructions` counts it. Of a server most
//! time goes into sending: the target is that with a flight recorder it delivers at most 5 % less in a second of processor time.
//! What was measured last, and the command that measures it again, is in the project's `tests/peers/README.md`.
//!
//! # Format
//!
//! A log only ever grows at its end, so that it can be [taken](Recorder::take) and stored piece by piece. All integers
//! are varints (LEB128) unless a width is given.
//!
//! ```text
//! log    = magic "throngtr", version (2 bytes, little-endian), record of the config, other records
//! record = length of body, check of the length (2 bytes), checksum of the body (4 bytes), body
//! body   = tag (1 byte), content
//! ```
//!
//! The check of a length is its product with 0x9e3779b97f4a7c15 modulo 2^64, of which the upper 16 bits; the checksum of a
//! body is the lower half of its SipHash-1-3 with a key of zeros. Both are little-endian.
//!
//! | tag | content |
//! | --- | --- |
//! | 0 | the config, field by field; the first record and no other |
//! | 1 to 63 | an event: nanoseconds since the event before it, then its fields |
//! | 64 | where a window of the run begins: time, number and hash of the last event before it; then the state of the hub |
//! | 65 | the same without the state |
//! | 128 | a checkpoint: the number of the last event, the hash (8 bytes, little-endian) |
//! | 129 to 255 | other notes: a reader that does not know one passes over it |
//!
//! A record that the end of the log cuts short, or that is damaged and has nothing but zeros behind it, is a *torn tail*: a
//! crash while it was written. It is cut, and [counted](Reader::cut). Damage anywhere else is an [error](TraceError::Corrupt),
//! and so is a damaged length wherever it is, as nobody knows what is behind it. A state is for the release that wrote it:
//! another one may find that it makes [no sense](TraceError::Malformed).

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
pub use state::{Beginning, State};

const MAGIC: [u8; 8] = *b"throngtr";
/// Another for each layout: a test of the layout says when.
const VERSION: u16 = 6;
/// The tag of the record that holds the config.
const CONFIG: u8 = 0;
/// The tags of records that a window begins with: the hub's state, or that it is missing.
const STATE: u8 = 64;
const WITHOUT_STATE: u8 = 65;
/// The first tag of records that a reader may pass over.
const FIRST_NOTE: u8 = 128;
/// A note of what the run had come to.
const CHECKPOINT: u8 = 128;
/// The longest payload that a reader builds again: a log must not make its reader allocate at will.
const LONGEST_PAYLOAD: u32 = 64 << 20;
/// Of a ping's payload a pong can hold no more (RFC 6455 section 5.5).
const LONGEST_PING: usize = 125;
