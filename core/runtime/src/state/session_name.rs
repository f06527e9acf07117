//! Names of the sessions of participants.

use alloc::format;
use alloc::string::String;

/// The first character of these names. An application cannot name a session so, and neither can a peer.
const RESERVED: char = '\0';

/// The name of the session that a participant of a room has. Two participants never share one: the length says where the room's name
/// ends.
pub(crate) fn of_participant(room: &str, id: &str) -> String {
    format!("{RESERVED}{}:{room}{id}", room.len())
}

/// Whether a session's name is one of a participant.
pub(crate) fn is_reserved(session: &str) -> bool {
    session.starts_with(RESERVED)
}
