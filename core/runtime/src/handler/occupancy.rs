//! Calls the hook that is told which rooms are occupied and vacated: a task of the hub's own.

use crate::handler::application::Application;
use crate::handler::limit::within;
use crate::handler::turns::yield_once;
use crate::handles::hub::Hub;
use crate::host::Task;
use crate::notice::hook::Hook;
use crate::state::occupancy::Next;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::poll_fn;
use core::task::{Context, Poll};

/// The task of a hub whose application has the hook.
pub(crate) fn task(shared: Arc<Shared>) -> Task {
    Box::pin(tell(shared))
}

/// Calls the hook for one change after the other, until the hub has stopped.
async fn tell(shared: Arc<Shared>) {
    let hub = Hub::of(Arc::clone(&shared));
    while let Some((room, occupancy)) = poll_fn(|cx| poll_next(&shared, cx)).await {
        let hooks = &Application::of(&shared).hooks;
        let limit = shared.settings.limit_of(Hook::OccupancyChanged);
        let told = within(&shared, limit, || hooks.occupancy_changed(&hub, &room, occupancy)).await;
        if let Err(failure) = told {
            shared.report(failure.report(None, Hook::OccupancyChanged));
        }
        yield_once(&shared).await;
    }
}

fn poll_next(shared: &Shared, cx: &mut Context<'_>) -> Poll<Next> {
    let (next, old) = shared.with(|inner, _| inner.next_occupancy(cx.waker()));
    drop(old);
    next
}
