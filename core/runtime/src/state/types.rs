//! The four types that refer to each other: what everything of a hub shares, what is behind the lock, what everything
//! of one connection shares, and what everything of one client shares. Their methods are in the files of the same
//! names.

use crate::compression::Deflating;
use crate::host::transport::Writer;
use crate::host::{Host, Task};
use crate::measure::{Counts, Marks};
use crate::notice::written_hooks::WrittenHooks;
use crate::state::asks::Asks;
use crate::state::backlog::Backlog;
use crate::state::last_hooks::LastHooks;
use crate::state::last_input::LastInput;
use crate::state::mailbox::Mailbox;
use crate::state::metadata::Metadata;
use crate::state::node::Node;
use crate::state::occupancy::OccupancyChanges;
use crate::state::presence::PresenceChanges;
use crate::state::receipts::Receipts;
use crate::state::refused::RefusedConnections;
use crate::state::sent::Sent;
use crate::state::settings::Settings;
use crate::state::snapshot::Snapshot;
use crate::state::sync::{AtomicBool, Mutex};
use crate::state::turn::Turn;
use crate::state::waiters::Waiters;
use crate::state::wakes::{DeferredWakes, Wakes};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::sync::atomic::{AtomicBool as Hint, AtomicU8, AtomicU64, AtomicUsize};
use core::task::Waker;
use std::sync::{Mutex as PlainMutex, OnceLock};
use std::time::SystemTime;
use throng_core::hub::Hub;
use throng_core::trace::Recorder;
use throng_core::{ClientId, ConnectionId, Instant, Name};

/// The state that every handle, task and waker of a hub holds.
pub(crate) struct Shared {
    pub(crate) inner: Mutex<Inner>,
    /// The number of threads that wait for that lock.
    pub(crate) lock_waiters: AtomicUsize,
    pub(crate) snapshot: Snapshot,
    pub(crate) deflating: Deflating,
    pub(crate) running: OnceLock<Running>,
    /// The host has dropped the hub's own tasks.
    pub(crate) has_lost_host: Hint,
    /// It was reported that limits per address do not apply to connections without an address.
    pub(crate) has_told_of_addresses: Hint,
    /// HTTP refusals by name. Has a lock of its own, which is never held with another.
    pub(crate) refusals: Mutex<BTreeMap<&'static str, u64>>,
    pub(crate) refused_connections: RefusedConnections,
    pub(crate) counts: Counts,
    pub(crate) last_hooks: LastHooks<Member>,
    /// The application, type-erased: its callers know the type, this module does not.
    pub(crate) application: Box<dyn Any + Send + Sync>,
    pub(crate) settings: Settings,
    /// What makes the hub's other tasks. Their futures hold handles, as above.
    pub(crate) tasks: Tasks,
}

pub(crate) struct Running {
    pub(crate) host: Arc<dyn Host>,
    /// The wall-clock time at the host's time zero.
    pub(crate) origin: SystemTime,
}

/// The hub and the wakers of what waits for it. While this is locked, no code of the application runs, nothing is
/// encoded, no system call is made and no task is woken.
pub(crate) struct Inner {
    pub(crate) hub: Hub,
    /// The clients, each at the index of its id.
    pub(crate) clients: Vec<ClientState>,
    /// The connections, each at the index of its id.
    pub(crate) connections: Vec<ConnectionState>,
    pub(crate) lanes: Vec<LaneState>,
    /// The number of sleeping lanes.
    pub(crate) asleep: usize,
    /// The number of lanes that wait for more messages (write delay).
    pub(crate) waiting: usize,
    pub(crate) next_lane: usize,
    /// The time for which the timer task is armed.
    pub(crate) armed: Instant,
    pub(crate) timer: Option<Waker>,
    /// The hub said that a drain or shutdown is complete.
    pub(crate) stopped: bool,
    /// The application asked for a shutdown, so drains no longer wait.
    pub(crate) is_shut_down: bool,
    /// Connections whose last hooks still run.
    pub(crate) ending: usize,
    pub(crate) stop_waiters: Waiters,
    /// The backlog of the event stream; `None` without one.
    pub(crate) backlog: Option<Box<Backlog<Arc<Member>>>>,
    pub(crate) wakes: Wakes,
    /// Tasks that the timer wakes in its next turns. Empty unless there is a timer, and then it is awake.
    pub(crate) deferred_wakes: DeferredWakes,
    pub(crate) recorder: Option<Box<Recorder>>,
    pub(crate) written_hooks: WrittenHooks,
    /// Publishes that an observer follows.
    pub(crate) marks: Marks,
    /// Messages sent with a receipt.
    pub(crate) receipts: Receipts,
    /// Questions whose reply somebody waits for.
    pub(crate) asks: Asks,
    /// Changes of presence that wait for the hook.
    pub(crate) presence: PresenceChanges,
    /// Rooms that were occupied or vacated, and wait for the hook.
    pub(crate) occupancy: OccupancyChanges,
    /// The hub's node in its cluster, since it has a host; `None` if it is in none.
    pub(crate) node: Option<Box<Node>>,
    /// Bytes that clients' transports took.
    pub(crate) sent_bytes: u64,
    /// Collects the clients that the current event ends, if the caller asked for them.
    pub(crate) ends: Option<Vec<Arc<Member>>>,
}

/// The runtime's state of one connection behind the lock.
#[derive(Default)]
pub(crate) struct ConnectionState {
    pub(crate) shared: Option<Arc<ConnectionShared>>,
    /// The connection's task.
    pub(crate) task: Option<Waker>,
}

/// The runtime's state of one client behind the lock.
#[derive(Default)]
pub(crate) struct ClientState {
    pub(crate) member: Option<Arc<Member>>,
    pub(crate) mailbox: Mailbox,
    /// What few clients need.
    pub(crate) rare: Option<Box<RareClientState>>,
}

/// The runtime's state that few clients need.
#[derive(Default)]
pub(crate) struct RareClientState {
    /// Futures that wait for the outbox to become low, or for the client's end.
    pub(crate) waiters: Waiters,
    /// Set once the client has been away, or has had another connection.
    pub(crate) handover: Option<Handover>,
    /// The name of its session if the client is a participant of a room: then its task must be told of rooms that it leaves, and whoever
    /// takes its place waits for its last hook.
    pub(crate) place: Option<Name>,
}

/// What calls a client's hooks, and what that needs. Its type is known where tasks are: it holds futures of the application, which hold
/// handles.
pub(crate) type Service = Box<dyn Any + Send>;

/// How a client passes from the task of one connection to that of the next.
#[derive(Default)]
pub(crate) struct Handover {
    /// The client's latest connection, whose task is to call its hooks; `None` while it has had only one.
    pub(crate) latest: Option<ConnectionId>,
    /// What the task of an earlier connection has handed over and the next has not taken.
    pub(crate) service: Option<Service>,
    /// The task that calls the hooks while the client has no connection.
    pub(crate) task: Option<Waker>,
    pub(crate) away_since: Option<Instant>,
    /// The latest connection has ended, so that a task of the hub's own calls the hooks.
    pub(crate) is_detached: bool,
    /// The host has dropped that task.
    pub(crate) is_unserved: bool,
    /// The task of the latest connection has not got the service yet.
    pub(crate) is_waited_for: bool,
}

/// The state of one lane behind the lock: whether it sleeps, its waker and its inbox.
#[derive(Default)]
pub(crate) struct LaneState {
    pub(crate) asleep: bool,
    /// The lane is awake and waits for more messages (write delay).
    pub(crate) waits: bool,
    pub(crate) waker: Option<Waker>,
    pub(crate) inbox: Vec<LaneNotice>,
    /// The lane has a batch that it has not reported on.
    pub(crate) writes: bool,
    /// Last inputs of peers, which the hub is told about after that report.
    pub(crate) last_inputs: Vec<(ConnectionId, LastInput)>,
}

/// A notice to a lane about a transport.
pub(crate) enum LaneNotice {
    /// The lane writes to this connection's transport, on behalf of this client, from now on.
    Attach(Arc<ConnectionShared>, Arc<Member>, Arc<dyn Writer>),
    /// The transport has ended.
    Detach(ConnectionId),
    /// A transport that was blocked takes bytes again.
    Writable(Arc<ConnectionShared>),
}

impl LaneNotice {
    /// Whether a delaying lane must write now: bytes that a transport could not take have waited already.
    pub(crate) const fn is_urgent(&self) -> bool {
        matches!(self, Self::Writable(_))
    }
}

/// One connection, from accept on. As a waker it belongs to the transport: waking it means that the transport takes
/// bytes again.
pub(crate) struct ConnectionShared {
    pub(crate) id: ConnectionId,
    pub(crate) lane: u8,
    /// The hub has something for the connection's task: a notice in its client's mailbox, or a change of `flags`.
    pub(crate) has_notices: AtomicBool,
    /// The mailbox holds a notice that must come before the next message, even one that was read in the same call. Only
    /// valid together with `has_notices`, which synchronizes.
    pub(crate) has_urgent_notice: Hint,
    /// The lane was told that the transport takes bytes again, and has not looked yet.
    pub(crate) writable: AtomicBool,
    /// The deflated frames that the peer accepts.
    pub(crate) window: AtomicU8,
    /// Whether the peer inflates, whether a context is kept, whether a write has failed, and what the hub asks of the
    /// connection's task: to read again, or to end the transport.
    pub(crate) flags: AtomicU8,
    pub(crate) shared: Arc<Shared>,
}

/// One client, from its reservation on. It knows nothing of its connection except what its messages need.
pub(crate) struct Member {
    pub(crate) id: ClientId,
    /// The client's last hook has returned. Accessed under the lock of the futures that wait for it.
    pub(crate) last_hook_has_returned: Hint,
    /// The client is away: it has lost its connection. Written under the hub's lock.
    pub(crate) is_lost: Hint,
    pub(crate) turn: Turn,
    /// The deflated frames that its connection accepts.
    pub(crate) window: AtomicU8,
    pub(crate) opened: AtomicU64,
    pub(crate) closed: AtomicU64,
    pub(crate) sent: Sent,
    /// The application's data of the client. Its own lock is held briefly and never with the hub's.
    pub(crate) details: PlainMutex<Metadata>,
    /// The user, as last set. Written under the hub's lock; its own lock is taken within that.
    pub(crate) user: PlainMutex<Option<Name>>,
    pub(crate) shared: Arc<Shared>,
}

/// What makes the tasks of a hub that not every hub has.
#[derive(Default)]
pub(crate) struct Tasks {
    /// The task that tells the application of changes of presence, if it has the hook.
    pub(crate) presence: Option<fn(Arc<Shared>) -> Task>,
    /// The task that tells it which rooms are occupied and vacated, if it has the hook.
    pub(crate) occupancy: Option<fn(Arc<Shared>) -> Task>,
    /// Taken when the hub gets its host.
    pub(crate) cluster: PlainMutex<Option<ClusterTasks>>,
}

/// What makes the tasks of a hub in a cluster.
pub(crate) struct ClusterTasks {
    pub(crate) config: throng_core::cluster::Config,
    pub(crate) id: throng_core::cluster::NodeId,
    /// `None`: the time of the start.
    pub(crate) incarnation: Option<u64>,
    pub(crate) seed: u64,
    /// The task of the node.
    pub(crate) node: Box<dyn FnOnce(Arc<Shared>) -> Task + Send>,
    /// The task that tells the application what happens, if it has the hook.
    pub(crate) teller: Option<fn(Arc<Shared>) -> Task>,
}
