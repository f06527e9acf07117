//! That a room has got its first member, or lost its last one.

/// Whether a room got its first member or lost its last one: for [`Handler::occupancy_changed`](crate::Handler::occupancy_changed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Occupancy {
    /// The room has its first member.
    Occupied,
    /// The room has lost its last member, or was closed.
    Vacated,
}
