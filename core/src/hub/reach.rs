//! Resolved targets.

/// A target that exists.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reach {
    Client(u32),
    User(u32),
    Room(u32),
    All,
}
