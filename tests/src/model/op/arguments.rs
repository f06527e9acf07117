//! What operations are about: clients, connections, targets, sizes, and what becomes of a lease.

/// Which client: the `n`th of its kind, modulo how many there are, in the order of reserving. If there is none, the
/// operation does not take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// An open one.
    Client(u8),
    /// One that is admitted and not open yet.
    Reserved(u8),
    /// One that is closing.
    Closing(u8),
    /// One with a lease out.
    Leased(u8),
    /// One whose transport takes nothing.
    Blocked(u8),
    /// An open one whose transport has failed.
    Failed(u8),
    /// One that is away.
    Away(u8),
    /// Any.
    Anybody(u8),
    /// One that is gone: its id is stale.
    Stale(u8),
    /// Whoever has the number that is the id of the `n`th connection: it is of the other kind. Mostly nobody has it, or the
    /// client of another connection.
    AsConnection(u8),
}

/// Which connection: the `n`th of its kind, modulo how many there are, in the order of accepting. If there is none, the
/// operation does not take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// The connection of a client. Of one that is gone: the connection that it had.
    Of(Who),
    /// One without a client: its handshake is open, or its reservation was given up.
    Handshake(u8),
    /// One that the hub has asked to end.
    Aborted(u8),
    /// Any.
    Any(u8),
    /// One that is gone: its id is stale.
    Ended(u8),
    /// The one that has the number that is the id of the `n`th client: it is of the other kind.
    AsClient(u8),
}

/// From which connection a lease comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// The one that it was for.
    Its,
    /// The `n`th of all others that there are.
    Anothers(u8),
    /// The `n`th of those that are gone.
    Former(u8),
}

/// Whom a publish is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[allow(missing_docs, reason = "as the hub's targets")]
pub enum To {
    One(Who),
    User(u8),
    Room(u8),
    Everybody,
}

/// How large a frame is: its payload holds a number of four bytes, and this on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Size {
    /// So many bytes.
    Bytes(u8),
    /// What the outbox of the `n`th client has room for, and so many bytes more: limits are hit exactly.
    LeftOf(u8, i8),
}

/// What happens when an outbox is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[allow(missing_docs, reason = "as the hub's policies")]
pub enum Full {
    AsConfigured,
    DropNewest,
    DropOldest,
    Conflate(u8),
    Disconnect,
    Wait,
}

/// What becomes of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Whose.
    pub who: Who,
    /// From where it comes back.
    pub through: Through,
    /// How much was written.
    pub wrote: Wrote,
    /// What the transport says.
    pub then: Then,
}

/// How much of a lease was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// All of it.
    Whole,
    /// So many items, modulo how many there are, and so many bytes of the next one, modulo its size; never less than
    /// what was written before.
    Part(u8, u8),
    /// Likewise, and so many of the next ones are begun, modulo how many there are; the bytes are of all of these.
    Begun(u8, u8, u8),
}

/// What a transport says to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[allow(missing_docs, reason = "as the hub's transports")]
pub enum Then {
    Ready,
    Blocks,
    Fails,
}

/// How a client is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[allow(missing_docs, reason = "as the hub's `Flush` and `ClosedBy`")]
pub enum How {
    AfterFlush,
    AtOnce,
    ByHubAfterFlush,
    ByHubAtOnce,
}

/// Which messages of a room's history a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Since {
    /// The latest one.
    Latest,
    /// The last so many, modulo 12.
    Back(u8),
    /// Those after a position that is so far beyond the last message, and one more.
    Ahead(u8),
    /// Those after the `n`th of all positions that the hub has told, of any room and any time.
    Told(u8),
    /// Those after a position that nobody was told: its epoch is this number, and one more.
    Forged(u8),
    /// Those after the highest offset that there can be.
    Overflowing,
}

/// Which of a user's clients the application says that it has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Seen {
    /// Those that there are.
    All,
    /// All but the first.
    TooFew,
    /// One more, which is not the user's.
    TooMany,
}
