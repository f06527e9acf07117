//! Calls the hook that is told of events of the cluster: a task of the hub's own.

use crate::handler::application::Application;
use crate::handler::limit::within;
use crate::handles::hub::Hub;
use crate::host::Task;
use crate::notice::cluster::ClusterEvent;
use crate::notice::hook::Hook;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::poll_fn;
use core::task::{Context, Poll};

/// The task of a hub whose application has the hook.
pub(crate) fn task(shared: Arc<Shared>) -> Task {
    Box::pin(tell(shared))
}

/// Calls the hook for one event after the other, until the node has left.
async fn tell(shared: Arc<Shared>) {
    let hub = Hub::of(Arc::clone(&shared));
    while let Some(event) = poll_fn(|cx| poll_next(&shared, cx)).await {
        let hooks = &Application::of(&shared).hooks;
        let limit = shared.settings.limit_of(Hook::ClusterChanged);
        let told = within(&shared, limit, || hooks.cluster_changed(&hub, event)).await;
        if let Err(failure) = told {
            shared.report(failure.report(None, Hook::ClusterChanged));
        }
    }
}

fn poll_next(shared: &Shared, cx: &mut Context<'_>) -> Poll<Option<ClusterEvent>> {
    let (next, old) = shared.with(|inner, _| inner.next_cluster_event(cx.waker()));
    drop(old);
    next
}
