//! What follows from a room that was closed, and is not done yet.

use crate::close::CloseCode;
use crate::id::{ClientId, Name};
use alloc::vec;
use alloc::vec::Vec;

/// Who was in a room that was closed, and is not told yet.
#[derive(Clone, Debug)]
pub(super) struct Untold {
    pub(super) room: Name,
    pub(super) members: vec::IntoIter<ClientId>,
}

/// Who is to be disconnected, one slice after the other.
#[derive(Clone, Debug)]
pub(super) struct Dispersal {
    /// From the back.
    pub(super) clients: Vec<ClientId>,
    pub(super) code: CloseCode,
    pub(super) reason: Name,
}

impl Untold {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }
}
