//! Reuses memory for futures that are usually ready at the first poll.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::Any;
use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

/// How many kinds of futures a thread keeps memory for, and the largest size kept, in bytes.
const KINDS: usize = 16;
const LARGEST: usize = 4096;

std::thread_local! {
    /// A [`Cached`] for each kind of future; the least recently used one is replaced.
    static CACHE: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// The memory for one kind of future; `None` while in use.
type Cached<F> = Option<Pin<Box<ReusedFuture<F>>>>;

pin_project! {
    /// Memory for a future.
    pub(crate) struct ReusedFuture<F> {
        #[pin]
        future: Option<F>,
    }
}

/// A future after its first poll.
pub(crate) enum Started<F: Future> {
    Done(F::Output),
    Running(Pin<Box<ReusedFuture<F>>>),
}

/// Polls a future once. If it is ready, nothing is allocated: most handlers never wait, and the next future of the same
/// type on this thread reuses the memory.
///
/// A future needs a fixed address before its first poll, and only that poll shows whether it will wait. So it cannot
/// start on the stack.
pub(crate) fn start<F: Future + 'static>(future: F, cx: &mut Context<'_>) -> Started<F> {
    let mut place = take().unwrap_or_else(|| Box::pin(ReusedFuture { future: None }));
    place.as_mut().project().future.set(Some(future));
    match place.as_mut().poll(cx) {
        Poll::Ready(output) => {
            place.as_mut().project().future.set(None);
            keep(place);
            Started::Done(output)
        }
        Poll::Pending => Started::Running(place),
    }
}

fn take<F: 'static>() -> Option<Pin<Box<ReusedFuture<F>>>> {
    let kept = |kept: &RefCell<Vec<Box<dyn Any>>>| {
        kept.borrow_mut().iter_mut().find_map(|kind| kind.downcast_mut::<Cached<F>>())?.take()
    };
    CACHE.try_with(kept).ok().flatten()
}

/// The memory is empty, so dropping it runs no code of the application.
fn keep<F: 'static>(place: Pin<Box<ReusedFuture<F>>>) {
    if size_of::<F>() > LARGEST {
        return;
    }
    let _ = CACHE.try_with(|kept| {
        let mut kept = kept.borrow_mut();
        if let Some(kind) = kept.iter_mut().find_map(|kind| kind.downcast_mut::<Cached<F>>()) {
            *kind = Some(place);
            return;
        }
        if kept.len() == KINDS {
            kept.remove(0);
        }
        kept.push(Box::new(Some(place)));
    });
}

impl<F: Future> Future for ReusedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.as_pin_mut().map_or(Poll::Pending, |future| future.poll(cx))
    }
}
