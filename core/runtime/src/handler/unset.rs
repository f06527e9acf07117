//! Which hooks an application has.
//!
//! A hook that is not written is the trait's own, and the type of the future that it returns says so: it is one that nobody
//! else can make. So it is known when the program is compiled, nothing has to be called to find out, and whoever has no
//! hook for joins does not pay for being told of them.

use core::any::TypeId;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// What a hook that is not written returns: its answer, at once.
pub(crate) struct Unset<T>(Option<T>);

impl<T> Unset<T> {
    pub(crate) const fn answering(answer: T) -> Self {
        Self(Some(answer))
    }
}

impl<T: Unpin> Future for Unset<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        // A future is not polled again once it was ready.
        self.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}

fn is_written<F>() -> bool
where
    F: Future<Output: 'static> + 'static,
{
    TypeId::of::<F>() != TypeId::of::<Unset<F::Output>>()
}

/// Whether a hook of one argument beside its handler is written.
#[inline]
pub(crate) fn takes_one<H, A, F>(_: impl FnOnce(H, A) -> F) -> bool
where
    F: Future<Output: 'static> + 'static,
{
    is_written::<F>()
}

/// The same for two arguments.
#[inline]
pub(crate) fn takes_two<H, A, B, F>(_: impl FnOnce(H, A, B) -> F) -> bool
where
    F: Future<Output: 'static> + 'static,
{
    is_written::<F>()
}

/// The same for three.
#[inline]
pub(crate) fn takes_three<H, A, B, C, F>(_: impl FnOnce(H, A, B, C) -> F) -> bool
where
    F: Future<Output: 'static> + 'static,
{
    is_written::<F>()
}
