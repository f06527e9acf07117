//! What holds of every hub after every event, whatever the events: [`Hub::check`](crate::Hub::check). Where the config was another
//! before, a bound is the loosest that there has been: nobody is thrown out for a lower one.

use core::fmt;

/// An invariant that does not hold: a bug in the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Broken {
    /// Which.
    pub invariant: Invariant,
    /// The number of the client, room, user, frame, … that it is about; 0 if it is about the whole hub.
    pub slot: u32,
}

/// The sentence says what holds.
macro_rules! invariants {
    ($($name:ident: $sentence:literal,)+) => {
        /// What holds of every hub after every event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Invariant {
            $(#[doc = $sentence] $name,)+
        }

        impl Invariant {
            /// All of them.
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
    TimerPlace: "Every timer is where its deadline says, once.",
    TimerCount: "The wheel holds the timers of connections, of forgotten users and addresses, and no others.",
    TimerOwner: "A timer's owner is whoever holds it.",
    TimerLate: "A timer is set no later than the earliest thing its owner waits for.",
    TimerLost: "A timer that has fired is set again, unless nothing is waited for.",
    FreeList: "What is free is in the free list, once, and nothing else is.",
    QueueLinks: "A queue is a list of spans of frames that exist, the last of which stands in the entry.",
    QueueCounts: "An entry's messages and bytes are those of its queue and its lease.",
    QueueBound: "No outbox is over its bounds in messages and bytes.",
    QueueOfNobody: "Only who is open or closing has a queue.",
    HubBudget: "All frames and queue entries are within the hub's budget.",
    FrameHolders: "A frame is held as often as it stands in queues and leases, and never by nobody.",
    FrameBytes: "The bytes of all frames add up.",
    NodeCount: "Every node of the pool is in a queue or free.",
    RunHolders: "A run is held by as many leases as are out of it.",
    RunCounts: "A run's messages and bytes are those of its frames.",
    ReadyList: "Who is ready is in the ready list of its lane and class, once, and nobody else is.",
    ReadyForNothing: "Who is ready has something to write.",
    Forgotten: "Whoever has something to write is ready, leased, blocked or paced.",
    Paced: "Who is paced has messages, and they have a rate.",
    EndedWaits: "Nothing waits for a transport that has ended.",
    CloseFrame: "Only a closing client has a close frame, and nothing waits behind one that is leased.",
    Pressed: "The lanes that fall behind are counted.",
    Blocked: "Transports that take nothing are counted.",
    Extras: "Extras belong to one entry each, and say something.",
    Controls: "Waiting pongs are counted and bounded, and at most one ping waits.",
    Cut: "A first item that is half written is still there.",
    Tallies: "A tally of drops belongs to one client and is announced once.",
    MessagesAddUp: "Messages queued are messages written, dropped and pending.",
    Scratch: "What is used within one event is empty after it.",
    Phases: "Connections are counted by phase.",
    Ending: "Whoever is marked to be ended is in the list of those, once.",
    Clients: "The list of clients has each open client, once, at the place that the client knows.",
    Memberships: "A room and each of its members know of each other, once.",
    GhostMember: "Who is in a room is open.",
    ClosedRooms: "A room that was closed is in the list of those, once, and its memberships are counted.",
    EmptyRoom: "A room has members, or is kept.",
    Joins: "Joins less leaves are memberships.",
    UserClients: "A user and each of its clients know of each other, once.",
    Remembered: "Who has no connection is remembered by a timer, and nobody else is.",
    UsersPresent: "Users with a connection are counted.",
    Addresses: "An address counts its connections.",
    Names: "Each name leads to its slot.",
    ConnectionLimit: "No limit on connections is exceeded.",
    RoomLimit: "No limit on rooms is exceeded.",
    UserLimit: "No user has more clients than it may.",
    AddressLimit: "No address has more connections than it may.",
    Usages: "Usage is kept for each client if there are rates, or were, else for none.",
    OverRate: "Messages over a rate are announced once.",
    WriteDeadline: "A blocked transport has a write deadline, and its entry knows.",
    Ends: "Every client that opened is open or has ended, once.",
    Stopped: "A hub that has stopped has nobody, and says so once.",
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

/// Whether an invariant holds of a slot.
pub(crate) fn ensure(holds: bool, invariant: Invariant, slot: u32) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { invariant, slot }) }
}
