//! Starts the hub's own tasks: its lanes and its timer.

use crate::host::{Host, Report};
use crate::lane::Lane;
use crate::lane::timer::Timer;
use crate::state::node::Node;
use crate::state::shared::Shared;
use crate::state::types::{ClusterTasks, Running};
use alloc::boxed::Box;
use alloc::sync::Arc;
use std::sync::PoisonError;
use std::time::SystemTime;
use throng_core::Instant;
use throng_core::cluster::{Cluster, Identity};

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
            for task in [self.tasks.presence, self.tasks.occupancy].into_iter().flatten() {
                running.host.spawn(task(Arc::clone(self)));
            }
            if let Some(tasks) = self.tasks.cluster.lock().unwrap_or_else(PoisonError::into_inner).take() {
                self.start_cluster(running, tasks);
            }
        } else if self.has_lost_host() {
            self.report(Report::HostIsGone);
        }
        &running.host
    }

    /// Makes the hub a node of its cluster.
    fn start_cluster(self: &Arc<Self>, running: &Running, tasks: ClusterTasks) {
        let ClusterTasks { config, id, incarnation, seed, node, teller } = tasks;
        let since_1970 = running.host.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let incarnation = incarnation.unwrap_or(u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX));
        let identity = Identity { node: id, incarnation, seed };
        // The options were checked when they were made.
        let Ok(machine) = Cluster::new(config, identity, running.host.now()) else { return };
        self.with(|inner, _| {
            inner.node = Some(Box::new(Node::new(machine, Arc::default(), teller.is_some())));
        });
        running.host.spawn(node(Arc::clone(self)));
        if let Some(teller) = teller {
            running.host.spawn(teller(Arc::clone(self)));
        }
    }
}
