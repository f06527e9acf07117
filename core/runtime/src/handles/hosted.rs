//! A hub that has a host.

use crate::handles::hub::Hub;
use crate::host::Host;
use crate::host::deadline::Deadline;
use crate::panic::PanicOutput;
use crate::state::shared::Shared;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

/// A hub that has a host: the methods that a runtime crate calls. An application uses [`Hub`] alone.
///
/// Cloning costs two reference counts.
#[derive(Clone)]
pub struct HostedHub {
    hub: Hub,
    host: Arc<dyn Host>,
}

impl HostedHub {
    /// Gives the hub the host that drives it, and spawns the hub's own tasks on it. A hub keeps its first host: later calls do
    /// not call `host`. Call it where the host can spawn tasks.
    ///
    /// `host` is told whether to limit what panics in hooks print; if so, it calls
    /// [`limit_panic_output`](crate::hosting::limit_panic_output).
    pub fn start(hub: Hub, host: impl FnOnce(PanicOutput) -> Arc<dyn Host>) -> Self {
        let shared = hub.shared();
        let host = Arc::clone(shared.start(|| host(shared.settings.panic_output)));
        Self { hub, host }
    }

    /// The application's handle of this hub.
    #[must_use]
    pub const fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Whether both are handles of the same hub.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.shared(), other.shared())
    }

    /// A deadline that begins now, for what a peer or the application has to do in time and the hub knows nothing of. It does
    /// not count the time in which the process [stood still](throng_core::hub::Deadlines::standstill).
    pub fn deadline(&self, limit: Duration) -> Deadline {
        Deadline::new(&self.host, limit, self.shared().settings.config.standstill())
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.hub.shared()
    }
}

impl fmt::Debug for HostedHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HostedHub").field(&self.hub).finish()
    }
}
