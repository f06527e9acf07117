//! The unfinished work of closed rooms: actions to report and clients to disconnect.

use crate::close::CloseCode;
use crate::id::{ClientId, Name};
use alloc::vec;
use alloc::vec::Vec;

/// Members of a closed room whose `Action::RoomClosed` is not polled yet.
#[derive(Clone, Debug)]
pub(super) struct Untold {
    pub(super) room: Name,
    pub(super) members: vec::IntoIter<ClientId>,
}

/// Members of a closed room that are to be disconnected, in slices.
#[derive(Clone, Debug)]
pub(super) struct Dispersal {
    /// The clients, the next one last.
    pub(super) clients: Vec<ClientId>,
    pub(super) code: CloseCode,
    pub(super) reason: Name,
}

impl Untold {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }
}
