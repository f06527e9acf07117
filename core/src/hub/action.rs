//! What leaves the hub besides frames: what the host must do, and what the application should know.

use crate::close::{CloseCode, ClosedBy};
use crate::id::{ClientId, Name};
use crate::outbox::Dropped;
use core::time::Duration;

/// Something the host must do, or tell the application. Never one per recipient of a publish.
///
/// One event leads to a bounded number of actions: what it means for very many clients is told and done in slices, see
/// [`host.slice`](crate::hub::Host::slice).
///
/// Per client the order is: `Connected`, then anything, then `Left` for each room it was in (`RoomClosed` for one that was
/// closed and of which it was not told), then `Disconnected`, and after that at most one `Abort`. A handshake that comes to nothing is named by at most one
/// `Abort` and nothing else. No event after [`Event::Gone`] leads to an action about that id. When a newcomer
/// evicts a client, that client's `Disconnected` stands before the newcomer's `Connected`.
///
/// [`Event::Gone`]: crate::hub::Event::Gone
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// A client is open.
    Connected {
        /// Who.
        client: ClientId,
    },
    /// A client is out of a room because it ended. (A leave that was asked for is told by its outcome.)
    Left {
        /// Who.
        client: ClientId,
        /// Which room.
        room: Name,
    },
    /// A client has ended: it is in no room and gets no message any more. Its transport may live a little
    /// longer, until the close frames are exchanged.
    Disconnected {
        /// Who.
        client: ClientId,
        /// The code of the first close frame, [`CloseCode::ABNORMAL`] if there was none.
        code: CloseCode,
        /// Who ended it.
        by: ClosedBy,
        /// The reason in that close frame.
        reason: Option<Name>,
    },
    /// Frames for a client were dropped since the last such action.
    Dropped {
        /// For whom.
        client: ClientId,
        /// What.
        dropped: Dropped,
    },
    /// Messages of a client were over its rate and were dropped since the last such action.
    OverRate {
        /// Whose.
        client: ClientId,
        /// How many.
        messages: u32,
    },
    /// Half of an outbox is free again that had refused a frame under [`Policy::Wait`].
    ///
    /// [`Policy::Wait`]: crate::outbox::Policy::Wait
    OutboxLow {
        /// Whose.
        client: ClientId,
    },
    /// Reading from a client that was paused may go on.
    Resume {
        /// Whose.
        client: ClientId,
    },
    /// The transport is to be ended now, without waiting for anything; then the host says
    /// [`Event::Gone`](super::Event::Gone).
    Abort {
        /// Whose.
        client: ClientId,
    },
    /// A drain or a shutdown is done: no connection is left that was admitted. (After a drain a handshake may
    /// still be open; it is refused when it asks for a client, or ends at its deadline.)
    Stopped,
    /// The host stood still for so long: an event came that much later than the hub had asked for one. That time does not
    /// count for any deadline. See [`Deadlines::standstill`](super::Deadlines::standstill).
    StoodStill {
        /// How long.
        time: Duration,
    },
    /// A client is out of a room because the room was closed.
    RoomClosed {
        /// Who.
        client: ClientId,
        /// Which room.
        room: Name,
    },
}

const _: () = assert!(size_of::<Action>() <= 32, "actions are small");
