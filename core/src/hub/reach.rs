//! The targets of a publish, after their names and ids were looked up.

/// A target that exists, with the index of its client, user or room.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reach {
    Client(u32),
    User(u32),
    Room(u32),
    /// The members that watch the presence of this room.
    Watchers(u32),
    All,
}
