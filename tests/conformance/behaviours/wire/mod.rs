//! What can be seen from outside: `/echo` echoes, every other path is a room.

pub(crate) mod closing;
pub(crate) mod crowd;
pub(crate) mod damage;
pub(crate) mod deflated_ends;
pub(crate) mod echo;
pub(crate) mod ends;
pub(crate) mod pings;
pub(crate) mod refusals;
pub(crate) mod rooms;
