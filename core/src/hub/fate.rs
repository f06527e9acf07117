//! The decision about the other clients of a user when one more is placed.

use crate::id::ClientId;

/// An open client of the user for which [`Event::Place`](super::Event::Place) places another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Incumbent {
    /// The client that is already there.
    pub client: ClientId,
    /// Whether it stays.
    pub fate: Fate,
}

/// Whether a client stays when another client of its user is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// The client stays.
    Stays,
    /// The hub closes the client and counts it as evicted.
    Goes,
}
