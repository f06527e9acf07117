//! The rooms of all nodes: how many members each has, and who they are.
//!
//! Each node tells the others of its rooms, and each keeps what the others have told: a **roster** for each node, of **records**. The record of a
//! room has its numbers; a member of a room with presence has a record of its own.
//!
//! - **Changes** are collected for `Config::room_tick` and told to all nodes. A record in a change is the whole record, so
//!   it does not matter how often it comes. Each message of changes has the next *version* of the roster.
//! - The **digest** of a roster is the sum of the hashes of its records. It comes with changes and heartbeats. A node whose copy has another
//!   digest or an older version has lost something.
//! - It then **asks** for the roster, page by page in the order of the records, each page replacing what it has between two records. The
//!   one that is asked keeps no state, and answers with at most a message for each question.
//! - When a node is gone, its rooms leave in slices.

mod page;
mod record;
mod roster;
mod rosters;
mod sums;
mod syncing;
mod telling;

pub use page::{ClusterMember, ClusterPage, RoomCounts};
pub(super) use record::{Key, Record};
pub(super) use rosters::{OWN, Replica, Rosters};
pub(super) use syncing::Sync;
pub(super) use telling::{Asked, Changed, Telling};
