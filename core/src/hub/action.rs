//! What leaves the hub besides frames: tasks for the host and notices for the application.

use super::ask::{AskEnd, AskId};
use super::presence::{PresenceChange, PresenceMember};
use crate::close::{CloseCode, ClosedBy};
use crate::id::{ClientId, ConnectionId, Name};
use crate::outbox::Dropped;
use crate::time::Instant;
use alloc::boxed::Box;
use core::time::Duration;

/// Something the host must do, or must tell the application. A publish never makes one action per recipient.
///
/// One event leads to a bounded number of actions: consequences for very many clients are spread over several timeouts, see
/// [`host.slice`](crate::hub::Host::slice).
///
/// The actions about a client come in this order:
///
/// 1. `Connected`;
/// 2. any others, of which `Away` and `Resumed` alternate;
/// 3. `Left` for each room that it was in, or `RoomClosed` for a room that was closed, if the client was not told before;
/// 4. `Disconnected`;
/// 5. at most one `Abort` of its connection.
///
/// A connection whose handshake fails has at most one `Abort` and no other action. No event after [`Event::Gone`] leads to an
/// action that names that connection. If a newcomer evicts a client, that client's `Disconnected` comes before the newcomer's
/// `Connected`.
///
/// [`Event::Gone`]: crate::hub::Event::Gone
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// A client is open.
    Connected {
        /// The client that opened.
        client: ClientId,
        /// Its connection.
        connection: ConnectionId,
    },
    /// A client left a room because it ended. (For [`Event::Leave`](super::Event::Leave) there is only the outcome.)
    Left {
        /// The client that ended.
        client: ClientId,
        /// The room that it left.
        room: Name,
    },
    /// A client has ended: it is in no room and gets no more messages. Its transport may live a little longer,
    /// until the close frames are exchanged.
    Disconnected {
        /// The client that ended.
        client: ClientId,
        /// The code of the first close frame, [`CloseCode::ABNORMAL`] if there was none.
        code: CloseCode,
        /// Which side ended the client.
        by: ClosedBy,
        /// The reason in that close frame.
        reason: Option<Name>,
    },
    /// Frames for a client were dropped since its previous `Dropped`.
    Dropped {
        /// The client that does not get the frames.
        client: ClientId,
        /// How many frames and bytes were dropped, and why.
        dropped: Dropped,
    },
    /// Messages from a client were over a rate and were dropped since its previous `OverRate`.
    OverRate {
        /// The client that sent them.
        client: ClientId,
        /// The number of dropped messages.
        messages: u32,
    },
    /// At least half of an outbox that had refused a frame under [`Policy::Wait`] is free again.
    ///
    /// [`Policy::Wait`]: crate::outbox::Policy::Wait
    OutboxLow {
        /// The client whose outbox has room.
        client: ClientId,
    },
    /// The host may read again from a connection that was paused.
    Resume {
        /// The connection to read from.
        connection: ConnectionId,
    },
    /// The host must end the transport now, without waiting for anything, and then hand in
    /// [`Event::Gone`](super::Event::Gone).
    Abort {
        /// The connection to end.
        connection: ConnectionId,
    },
    /// A drain or a shutdown is done: no reserved, open or closing connection is left. (After a drain a handshake may
    /// still be open: the hub refuses its reservation, or ends it at its deadline.)
    Stopped,
    /// The host stood still: an event came late. This time does not count for deadlines. See
    /// [`Deadlines::standstill`](super::Deadlines::standstill).
    StoodStill {
        /// How much later the event came than the hub had asked for.
        time: Duration,
    },
    /// A client is no longer in a room because the room was closed.
    RoomClosed {
        /// The client that was a member.
        client: ClientId,
        /// The closed room.
        room: Name,
    },
    /// A client has lost its connection and stays: it may return until its grace is over. It is still in its rooms, and what is
    /// published to it waits.
    Away {
        /// The client without a connection.
        client: ClientId,
        /// The code of the peer's close frame, [`CloseCode::ABNORMAL`] if there was none.
        code: CloseCode,
        /// Which side ended the connection.
        by: ClosedBy,
        /// The reason in that close frame, or why the hub ended the connection.
        reason: Option<Name>,
    },
    /// A client has another connection: it has returned, or its connection was [replaced](Self::Replaced).
    Resumed {
        /// The client, which was connected before.
        client: ClientId,
        /// Its connection from now on.
        connection: ConnectionId,
    },
    /// A client's authorisation ends soon: at `at`, unless [`Event::SetExpiry`](super::Event::SetExpiry) renews it. Told also of a client that
    /// is away.
    Expiring {
        /// The client, which is still open.
        client: ClientId,
        /// When it ends, by the host's clock.
        at: Instant,
    },
    /// A question ended without a reply. For a client that ends, this comes before its `Left` and `Disconnected`.
    AskEnded {
        /// The client that was asked.
        client: ClientId,
        /// The question.
        ask: AskId,
        /// Why it ended.
        why: AskEnd,
    },
    /// A client has another connection and a question that is [asked again](super::OnResume::AskedAgain): the host publishes it once
    /// more, with the same id, unless its message [still waits](super::Hub::is_waiting) in the outbox. Comes after `Resumed`.
    AskAgain {
        /// The client to ask.
        client: ClientId,
        /// The question.
        ask: AskId,
    },
    /// Another connection has taken over a client. The old connection has no client any more: the hub ignores what arrives on it,
    /// and closes it with the close frame of [`Cause::Replaced`](super::Cause::Replaced). `Resumed` follows.
    Replaced {
        /// The client that has another connection.
        client: ClientId,
        /// Its old connection.
        connection: ConnectionId,
    },
    /// The presence of a room has changed, and members watch it: the application makes a message of the change and publishes it to
    /// [`Target::Watchers`](super::Target::Watchers). At most one for each room and [tick](super::Presence::tick).
    PresenceChanged {
        /// The room.
        room: Name,
        /// The users that appeared and disappeared, and the counts.
        change: Box<PresenceChange>,
    },
    /// A room without members has got its first one. This and the next six are told only if
    /// [`host.occupancy`](super::Host::occupancy) asks for them. For each room `RoomOccupied` and `RoomVacated` alternate.
    RoomOccupied {
        /// The room.
        room: Name,
    },
    /// The last member has left a room, or the room was closed. Comes before the `Left` of that member, and before the first
    /// `RoomClosed`.
    RoomVacated {
        /// The room, which may have ended.
        room: Name,
    },
    /// A user without clients has got its first one, which may be reserved only. For each user `UserPresent` and `UserAbsent`
    /// alternate.
    UserPresent {
        /// The user.
        user: Name,
    },
    /// A user's last client has ended, or has another user.
    UserAbsent {
        /// The user.
        user: Name,
    },
    /// The number of members of a room has changed, and it still has some; or the presence of the room has begun or ended.
    RoomCounted {
        /// The room.
        room: Name,
        /// Its members, away ones included.
        clients: u32,
        /// Its users; each client without a user counts as one. 0 if the room has no presence.
        users: u32,
    },
    /// A client has become present in a room with presence, or is present as another user from now on. Comes before the `RoomCounted` of
    /// its join.
    MemberPresent {
        /// The room.
        room: Name,
        /// The client, its user, and the bytes that were given when it joined.
        member: Box<PresenceMember>,
    },
    /// A client is not present in a room any more. After a [`RoomVacated`](Self::RoomVacated) no member of the room is present, and this is not
    /// told.
    MemberAbsent {
        /// The room.
        room: Name,
        /// The client, which may have ended.
        client: ClientId,
    },
}

const _: () = assert!(size_of::<Action>() <= 32, "actions are small");
