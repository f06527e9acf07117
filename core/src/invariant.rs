//! The invariants of a hub, which hold after every event: [`Hub::check`](crate::Hub::check) checks them. If the config was
//! changed, each bound is the loosest value that it ever had, since a lower bound closes no client.

use alloc::vec::Vec;
use core::fmt;

/// An invariant that does not hold: a bug in the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Broken {
    /// The invariant that does not hold.
    pub invariant: Invariant,
    /// The index of the client, connection, room, user or frame in question; 0 if the invariant is about the whole hub.
    pub slot: u32,
}

/// Declares the invariants, each with a sentence for its doc and for `Display`.
macro_rules! invariants {
    ($($name:ident: $sentence:literal,)+) => {
        /// An invariant: it holds for every hub after every event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Invariant {
            $(#[doc = $sentence] $name,)+
        }

        impl Invariant {
            /// All invariants.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$name => $sentence,)+
                }
            }
        }
    };
}

invariants! {
    TimerPlace: "Every timer is in the slot of its deadline, once.",
    TimerCount: "The wheel holds the timers of connections, away clients, questions, forgotten users and addresses, histories, and changes of presence, and no others.",
    TimerOwner: "A timer and its owner refer to each other.",
    TimerLate: "A timer fires no later than the earliest deadline of its owner.",
    TimerLost: "A timer that has fired is set again, unless its owner has no deadline.",
    FreeList: "The free list has exactly the free slots, each once.",
    QueueLinks: "A queue is a list of spans of existing frames, and the entry has the last span.",
    QueueCounts: "An entry's messages and bytes are those of its queue and its lease.",
    QueueBound: "No outbox is over its bounds in messages and bytes.",
    QueueOfNobody: "Only open and closing clients have a queue.",
    HubBudget: "All frames and queue entries are within the hub's budget.",
    FrameHolders: "The reference count of a frame is the number of its places in queues, leases and histories, and not 0.",
    FrameBytes: "The bytes of all frames add up.",
    NodeCount: "Every node of the pool is in a queue or free.",
    RunHolders: "The reference count of a run is the number of its leases that are out.",
    RunCounts: "A run's messages and bytes are those of its frames.",
    ReadyList: "The ready list of a lane and class has exactly its ready clients, each once.",
    ReadyForNothing: "A ready client has something to write.",
    Forgotten: "A client with something to write is ready, leased, blocked, paced or detached.",
    Detached: "A client without a connection is away or to be ended, and has no control frame and nothing half written.",
    Attached: "A client and its connection refer to each other, and are on one lane.",
    Paced: "A paced client has messages, and a rate is set.",
    EndedWaits: "Nothing is queued for a transport that has ended.",
    CloseFrame: "Only a closing client has a close frame, and nothing is queued behind one that is leased.",
    Pressed: "The count of pressed lanes is right.",
    Blocked: "The count of blocked transports is right.",
    Extras: "Extras belong to one entry each and are not empty.",
    Controls: "Queued pongs are counted and bounded, and at most one ping is queued.",
    Begun: "What a transport has begun is kept for it, or at the front of its lease.",
    Tallies: "A tally of drops belongs to one client and is announced once.",
    MessagesAddUp: "Messages queued are messages written, dropped and pending.",
    Scratch: "What is used within one event is empty after it.",
    Aborted: "A transport that the host was asked to end has no deadline, and nothing is written to it.",
    Phases: "Connections and clients are counted by phase.",
    Ending: "Whoever is marked to be ended is in the list of those, once.",
    Clients: "The list of clients has each open client, once, at the place that the client knows.",
    Memberships: "A room and each of its members know of each other, once.",
    GhostMember: "Who is in a room is open.",
    ClosedRooms: "A room that was closed is in the list of those, once, and its memberships are counted.",
    EmptyRoom: "A room has members, or is kept, or has a history.",
    Rings: "The frames of a history exist, are linked in the order of their publishes, and are counted.",
    Streams: "A history has one ring and one timer, and is within its bounds.",
    IdleRooms: "The rooms that only their history keeps are in a list of those, once, and are no more than allowed.",
    Present: "The members of a room with presence are present, each as its user and by its arrival, and are counted.",
    Watched: "The watchers of a room are members, and what is to be told them is bounded and has one timer.",
    Keys: "Each idempotency key that is remembered can be found, and they are no more than allowed.",
    Joins: "The number of memberships is joins minus leaves.",
    UserClients: "A user and each of its clients refer to each other, once.",
    Remembered: "A user or address has a timer if and only if it has no client or connection.",
    UsersPresent: "The count of users with a client is right.",
    Sessions: "A session, its client and its reservation refer to each other, once.",
    Away: "A client is away if and only if its session has a grace, and it is counted.",
    AwayLimit: "No limit on away clients is exceeded.",
    Expiries: "An expiry belongs to one client that has not ended, and has one timer.",
    Asks: "A question waits for a reply or has ended, once, and belongs to one client that has not ended.",
    AskLimit: "No client is asked more than allowed.",
    Addresses: "The count of an address's connections is right.",
    Names: "Each name leads to its slot.",
    ConnectionLimit: "No limit on connections is exceeded.",
    RoomLimit: "No limit on rooms is exceeded.",
    UserLimit: "No user has more clients than allowed.",
    AddressLimit: "No address has more connections than allowed.",
    Usages: "The usage of each client is kept if message rates are or were set, else of none.",
    OverRate: "Messages over a rate are announced once.",
    WriteDeadline: "A blocked transport has a write deadline, and its entry has the flag for it.",
    Ends: "Every client that opened is open or has ended, once.",
    Stopped: "A hub that has stopped has no clients, and has announced that once.",
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken at {}: {} ({:?})", self.slot, self.invariant, self.invariant)
    }
}

impl core::error::Error for Broken {}

/// Checks a free list of `count` slots that begins at `first`; `next` links the free slots and is `None` for the others.
pub(crate) fn check_free_list(first: u32, mut next: Vec<Option<u32>>, count: usize) -> Result<(), Broken> {
    let mut at = first;
    for _ in 0..count {
        let free = next.get_mut(at as usize).and_then(Option::take);
        let Some(free) = free else { return Err(Broken { invariant: Invariant::FreeList, slot: at }) };
        at = free;
    }
    ensure(at == u32::MAX, Invariant::FreeList, first)
}

/// An error unless the invariant holds for a slot.
pub(crate) fn ensure(holds: bool, invariant: Invariant, slot: u32) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { invariant, slot }) }
}
