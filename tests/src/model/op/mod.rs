//! What can happen to a hub, with relative indices: whatever the numbers, an operation means something, also after
//! those before it were taken away. That is what lets a generator shrink.

mod arguments;
mod names;

pub use arguments::{Full, How, On, Returned, Seen, Since, Size, Then, Through, To, Who, Wrote};
pub use names::{INFOS, KEYS, ROOMS, SESSIONS, USERS};

/// One thing that happens to a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Op {
    /// Accepts a transport, from address 1 to 3 or, modulo 4, from none.
    Accept {
        /// Which address.
        address: u8,
        /// Which lane: modulo one more than there are.
        lane: u8,
    },
    /// Reserves a client.
    Reserve {
        /// For which connection.
        on: On,
        /// Whose it is.
        user: u8,
    },
    /// Opens the client.
    Open {
        /// On which connection.
        on: On,
    },
    /// The three in one.
    Admit {
        /// Whose it is.
        user: u8,
    },
    /// Sets or clears a user.
    SetUser {
        /// Of whom.
        who: Who,
        /// Whose it is now.
        user: u8,
    },
    /// Joins a room.
    Join {
        /// Who.
        who: Who,
        /// Which.
        room: u8,
    },
    /// Leaves a room.
    Leave {
        /// Who.
        who: Who,
        /// Which.
        room: u8,
    },
    /// Leaves all rooms.
    LeaveAll {
        /// Who.
        who: Who,
    },
    /// Publishes a frame.
    Publish {
        /// To whom; four targets at most.
        to: Vec<To>,
        /// Who does not get it.
        except: Vec<Who>,
        /// Its bytes.
        size: Size,
        /// The policy.
        full: Full,
    },
    /// A message arrives.
    Receive {
        /// On which connection.
        on: On,
        /// Its bytes.
        bytes: u8,
    },
    /// A ping arrives.
    Ping {
        /// On which connection.
        on: On,
        /// Bytes of its payload.
        len: u8,
    },
    /// A pong arrives.
    Pong {
        /// On which connection.
        on: On,
    },
    /// Something arrives.
    Heard {
        /// On which connection.
        on: On,
    },
    /// The application is busy with what arrived.
    Working {
        /// On which connection.
        on: On,
    },
    /// The peer's close frame arrives.
    PeerClose {
        /// On which connection.
        on: On,
        /// Its code, modulo a few.
        code: u8,
        /// Bytes of its reason.
        reason: u8,
    },
    /// A client is closed.
    Close {
        /// Whom.
        who: Who,
        /// The code, modulo a few.
        code: u8,
        /// Bytes of the reason.
        reason: u8,
        /// How.
        how: How,
    },
    /// A transport has ended.
    Gone {
        /// Which.
        on: On,
    },
    /// Leases for one connection.
    Transmit {
        /// For which connection.
        on: On,
        /// Bytes.
        budget: u8,
    },
    /// Leases for a lane.
    TransmitReady {
        /// Which lane: modulo one more than there are.
        lane: u8,
        /// How many connections.
        connections: u8,
        /// Bytes for each.
        budget: u8,
    },
    /// Leases come back, in one event.
    Transmitted {
        /// What became of them.
        results: Vec<Returned>,
    },
    /// A transport takes bytes again.
    Writable {
        /// Which.
        on: On,
    },
    /// Time passes.
    Pass {
        /// How much of it.
        millis: u8,
    },
    /// Much time passes: the host slept.
    Sleep {
        /// How much of it.
        seconds: u8,
    },
    /// The host's clock runs backwards.
    Back {
        /// How far.
        millis: u8,
    },
    /// Whatever is due happens.
    Timeout,
    /// The host sleeps until the hub has something to do, and says so.
    TimeoutWhenDue,
    /// Drains.
    Drain {
        /// Who counts as idle.
        idle: u8,
        /// Over how long the rest is spread.
        spread: u8,
    },
    /// Shuts down.
    Shutdown,
    /// Another config: one field of the limits is another, as [`Limits::changed`](super::Limits::changed) says.
    Reconfigure {
        /// Which: modulo how many there are.
        field: u8,
        /// What it is now.
        value: u8,
    },
    /// The host asks who has something to write.
    PollReady,
    /// The host does not poll actions for so many operations.
    Linger {
        /// How many.
        ops: u8,
    },
    /// Takes its place among the clients of a user.
    Place {
        /// Who.
        who: Who,
        /// Which user: never nobody.
        user: u8,
        /// Whom the application has seen.
        seen: Seen,
        /// Which of them go: a bit for each.
        goes: u8,
    },
    /// Configures a room.
    Configure {
        /// Which.
        room: u8,
        /// Members: modulo a few more than there are limits, of which the last means no limit of its own.
        members: u8,
        /// Who may publish: anybody, members, the application, modulo three.
        publishers: u8,
        /// The policy.
        full: Full,
        /// Whether it is kept: if it is even.
        kept: u8,
    },
    /// Closes a room.
    CloseRoom {
        /// Which.
        room: u8,
        /// The code, modulo a few and one: that means that members are not closed.
        code: u8,
    },
    /// Publishes a frame on behalf of a client.
    PublishAs {
        /// Whose.
        who: Who,
        /// To whom; four targets at most.
        to: Vec<To>,
        /// Who does not get it.
        except: Vec<Who>,
        /// Its bytes.
        size: Size,
        /// The policy.
        full: Full,
    },
    /// The peer ends its sending direction.
    HalfClose {
        /// On which connection.
        on: On,
    },
    /// Reserves a client with a session.
    Return {
        /// For which connection.
        on: On,
        /// Whose it is.
        user: u8,
        /// Its session.
        session: u8,
    },
    /// Accepts a transport and opens a client with a session, or continues the one that has it.
    Arrive {
        /// From where.
        address: u8,
        /// Whose it is.
        user: u8,
        /// Its session.
        session: u8,
    },
    /// Sets the user and the session.
    Identify {
        /// Of whom.
        who: Who,
        /// Whose it is now.
        user: u8,
        /// Its session now.
        session: u8,
    },
    /// A host closes a connection.
    CloseConnection {
        /// Which.
        on: On,
        /// The code, modulo a few.
        code: u8,
        /// How: the hub it is in any case.
        how: How,
    },
    /// Joins a room from a position.
    Recover {
        /// Who.
        who: Who,
        /// Which.
        room: u8,
        /// From where.
        since: Since,
    },
    /// Publishes a frame to a room, unless it is there already.
    PublishOnce {
        /// To which room.
        room: u8,
        /// Its bytes.
        size: Size,
        /// The policy.
        full: Full,
        /// Its key, modulo their number and one: 0 means none. The last is too long.
        key: u8,
        /// Its version and one, modulo 9: 0 means none.
        version: u8,
    },
    /// Removes the history of a room.
    RemoveHistory {
        /// Which.
        room: u8,
    },
    /// Gives a room a history of its own, or takes it.
    ConfigureHistory {
        /// Which.
        room: u8,
        /// How many messages: modulo 6, of which 0 means none, and 5 a history that cannot be.
        messages: u8,
        /// How long in milliseconds, and one more.
        age: u8,
        /// Whether it is kept: if it is even.
        kept: u8,
    },
    /// Says until when a client is authorised.
    SetExpiry {
        /// Who.
        who: Who,
        /// In how long, in steps of 3 ms; the first 16 are in the past. 255: not at all.
        after: u8,
        /// The code, modulo a few and one: the last is that of the config.
        code: u8,
    },
    /// Asks a client's peer.
    Ask {
        /// Whom.
        who: Who,
        /// Milliseconds to wait for the reply.
        millis: u8,
        /// What another connection means: even to fail, odd to be asked again.
        again: u8,
    },
    /// A peer replies.
    Reply {
        /// Whose.
        who: Who,
        /// To which question: one of its own below 192, modulo their number; else any that was asked, and one more.
        ask: u8,
    },
    /// Nobody waits for a reply.
    CancelAsk {
        /// Of whom.
        who: Who,
        /// To which question, likewise.
        ask: u8,
    },
    /// Joins a room with bytes about the client.
    JoinWithInfo {
        /// Who.
        who: Who,
        /// Which.
        room: u8,
        /// The bytes: `n` means those at `n` modulo their number.
        info: u8,
    },
    /// Watches the presence of a room, or no longer.
    Watch {
        /// Who.
        who: Who,
        /// Which.
        room: u8,
        /// Even to watch.
        off: u8,
    },
    /// Publishes a frame to those who watch a room.
    PublishToWatchers {
        /// On whose behalf, if the number that follows is odd.
        who: Who,
        /// See `who`.
        as_client: u8,
        /// Which.
        room: u8,
        /// Its bytes.
        size: Size,
        /// The policy.
        full: Full,
    },
    /// Gives a room a presence of its own, or takes it.
    ConfigurePresence {
        /// Which.
        room: u8,
        /// How many users are told: modulo 5, of which 4 means more than may be.
        users: u8,
        /// How long a tick is in milliseconds, modulo 64; 0 means no presence.
        tick: u8,
        /// Whether it is kept: if it is even.
        kept: u8,
    },
}
