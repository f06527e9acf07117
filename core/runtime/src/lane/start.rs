//! Starts the hub's own tasks: its lanes and its timer.

use crate::host::{Host, Report};
use crate::lane::Lane;
use crate::lane::timer::Timer;
use crate::state::shared::Shared;
use crate::state::types::Running;
use alloc::boxed::Box;
use alloc::sync::Arc;
use std::time::SystemTime;
use throng_core::Instant;

impl Shared {
    /// Gives the hub its host, unless it has one, and spawns the hub's tasks; returns the hub's host.
    pub(crate) fn start(self: &Arc<Self>, host: impl FnOnce() -> Arc<dyn Host>) -> &Arc<dyn Host> {
        let mut is_first = false;
        let running = self.running.get_or_init(|| {
            is_first = true;
            let host = host();
            let origin = host.wall().checked_sub(host.now().since(Instant::ORIGIN));
            Running { host, origin: origin.unwrap_or(SystemTime::UNIX_EPOCH) }
        });
        if is_first {
            let lanes = self.lock().lanes.len();
            for lane in 0..lanes {
                running.host.spawn(Box::pin(Lane::new(Arc::clone(self), lane as u8)));
            }
            running.host.spawn(Box::pin(Timer::new(Arc::clone(self), running.host.sleep())));
            if let Some(task) = self.presence_task {
                running.host.spawn(task(Arc::clone(self)));
            }
        } else if self.has_lost_host() {
            self.report(Report::HostIsGone);
        }
        &running.host
    }
}
