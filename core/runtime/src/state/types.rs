//! The three that refer to each other: what all of a hub share, what is behind the lock, and what is shared of one
//! connection. What they do is in files of the same names.

use crate::compression::Deflating;
use crate::host::Host;
use crate::host::transport::Writer;
use crate::measure::{Counts, Marks};
use crate::notice::wants::Wants;
use crate::state::backlog::Backlog;
use crate::state::glance::Glance;
use crate::state::heirs::Heirs;
use crate::state::mailbox::Mailbox;
use crate::state::metadata::Metadata;
use crate::state::receipts::Receipts;
use crate::state::refused::RefusedConnections;
use crate::state::request::Request;
use crate::state::sent::Sent;
use crate::state::settings::Settings;
use crate::state::sync::{AtomicBool, Mutex};
use crate::state::turn::Turn;
use crate::state::waiters::Waiters;
use crate::state::wakes::Wakes;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::sync::atomic::{AtomicBool as Hint, AtomicU8, AtomicU64};
use core::task::Waker;
use std::sync::{Mutex as PlainMutex, OnceLock};
use std::time::SystemTime;
use throng_core::hub::Hub;
use throng_core::id::{ClientId, Name};
use throng_core::time::Instant;
use throng_core::trace::Recorder;

/// The state that every handle, task and waker of one hub holds.
pub(crate) struct Shared {
    pub(crate) inner: Mutex<Inner>,
    pub(crate) glance: Glance,
    pub(crate) deflating: Deflating,
    pub(crate) running: OnceLock<Running>,
    /// The host has dropped the hub's own tasks.
    pub(crate) has_lost_host: Hint,
    /// It has been reported that limits per address hold for nobody whose address is not known.
    pub(crate) has_told_of_addresses: Hint,
    /// HTTP refusals by name. A lock of its own, never held with another.
    pub(crate) refusals: Mutex<BTreeMap<&'static str, u64>>,
    pub(crate) refused_connections: RefusedConnections,
    pub(crate) counts: Counts,
    pub(crate) heirs: Heirs,
    /// The application's hooks. Their type is known only to the code that calls them.
    pub(crate) application: Box<dyn Any + Send + Sync>,
    pub(crate) settings: Settings,
}

pub(crate) struct Running {
    pub(crate) host: Arc<dyn Host>,
    /// The time of the wall clock when the host's clock said zero.
    pub(crate) origin: SystemTime,
}

/// The hub and who waits for it. Nothing of the application runs while this is locked, nothing is encoded, no
/// system is called and nobody is woken.
pub(crate) struct Inner {
    pub(crate) hub: Hub,
    pub(crate) entries: Vec<Entry>,
    pub(crate) lanes: Vec<Bell>,
    /// How many of them sleep.
    pub(crate) asleep: usize,
    /// How many of them wait for more to write.
    pub(crate) waiting: usize,
    pub(crate) next_lane: usize,
    /// When the timer task wakes by itself.
    pub(crate) armed: Instant,
    pub(crate) timer: Option<Waker>,
    /// The hub said that a drain or a shutdown is done.
    pub(crate) stopped: bool,
    /// The application asked for a shutdown: whoever drains does not wait any longer.
    pub(crate) is_shut_down: bool,
    /// Connections whose last hooks run.
    pub(crate) ending: usize,
    pub(crate) stop_waiters: Waiters,
    /// The events that wait for the application's stream; `None` if there is none.
    pub(crate) backlog: Option<Box<Backlog<Arc<Member>>>>,
    pub(crate) wakes: Wakes,
    pub(crate) recorder: Option<Box<Recorder>>,
    pub(crate) wants: Wants,
    /// Publishes that an observer has followed.
    pub(crate) marks: Marks,
    /// Messages of which somebody wants to know.
    pub(crate) receipts: Receipts,
    /// Bytes that clients' transports took.
    pub(crate) sent_bytes: u64,
    /// The clients that end by the event that is handled, if they are asked for.
    pub(crate) ends: Option<Vec<Arc<Member>>>,
}

/// The runtime's state of one connection, at the index of its id.
#[derive(Default)]
pub(crate) struct Entry {
    pub(crate) member: Option<Arc<Member>>,
    pub(crate) task: Option<Waker>,
    pub(crate) mailbox: Mailbox,
    /// Tasks that wait for the outbox to become low, or for the end.
    pub(crate) waiters: Option<Box<Waiters>>,
}

/// One writer's door bell and letter box.
#[derive(Default)]
pub(crate) struct Bell {
    pub(crate) asleep: bool,
    /// It is awake, and waits for more to write.
    pub(crate) waits: bool,
    pub(crate) waker: Option<Waker>,
    pub(crate) inbox: Vec<ToLane>,
}

/// A change of a lane's table of transports.
pub(crate) enum ToLane {
    /// This client's transport is written by the lane from now on.
    Attach(Arc<Member>, Arc<dyn Writer>),
    /// The transport has ended.
    Detach(ClientId),
    /// A transport that was blocked takes bytes again.
    Writable(Arc<Member>),
}

impl ToLane {
    /// Whether a lane waits for nothing any more: what a transport could not take has waited already.
    pub(crate) const fn is_urgent(&self) -> bool {
        matches!(self, Self::Writable(_))
    }
}

/// One connection, from accept on. As a waker it is the transport's: waking it says that the transport takes bytes
/// again.
pub(crate) struct Member {
    pub(crate) id: ClientId,
    pub(crate) lane: u8,
    /// There is something in the mailbox.
    pub(crate) attention: AtomicBool,
    /// The content of the mailbox is to be told before the next message, though that may have come in the same read. Together
    /// with `attention`, which is the one that hands over.
    pub(crate) news: Hint,
    /// The lane has been told that the transport takes bytes again, and has not looked yet.
    pub(crate) writable: AtomicBool,
    /// Its last hook has returned. Read and written together with those who wait for that.
    pub(crate) is_told: Hint,
    pub(crate) turn: Turn,
    pub(crate) window: AtomicU8,
    /// Whether it inflates, keeps contexts, and whether a write to it has failed.
    pub(crate) flags: AtomicU8,
    pub(crate) opened: AtomicU64,
    pub(crate) closed: AtomicU64,
    pub(crate) sent: Sent,
    pub(crate) details: PlainMutex<Details>,
    /// The user, as it was last set. Written under the hub's lock, and a lock of its own within that.
    pub(crate) user: PlainMutex<Option<Name>>,
    pub(crate) shared: Arc<Shared>,
}

/// The application's knowledge of a client. A lock of its own, held for a look and never with the hub's.
#[derive(Default)]
pub(crate) struct Details {
    pub(crate) metadata: Metadata,
    pub(crate) request: Option<Arc<Request>>,
}
