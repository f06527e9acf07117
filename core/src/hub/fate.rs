//! What becomes of the other clients of a newcomer's user.

use crate::id::ClientId;

/// A client that a newcomer's user has already, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Incumbent {
    /// Who.
    pub client: ClientId,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a client when another one of its user comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It stays.
    Stays,
    /// It is closed: evicted.
    Goes,
}
