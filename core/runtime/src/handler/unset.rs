//! Finds out which hooks an application has written.
//!
//! A hook that is not written returns the trait's own future type, [`Unset`], which no other code can make. Comparing
//! types therefore tells at compile time, without a call, whether a hook is written, and an application without a
//! `joined` hook does not pay for notices of joins.

use core::any::TypeId;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// The future of a hook that is not written: ready at once with the default answer.
pub(crate) struct Unset<T>(Option<T>);

impl<T> Unset<T> {
    pub(crate) const fn answering(answer: T) -> Self {
        Self(Some(answer))
    }
}

impl<T: Unpin> Future for Unset<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        // A future must not be polled again after it was ready.
        self.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}

fn is_written<F>() -> bool
where
    F: Future<Output: 'static> + 'static,
{
    TypeId::of::<F>() != TypeId::of::<Unset<F::Output>>()
}

/// Whether a hook with one argument besides its handler is written.
#[inline]
pub(crate) fn takes_one<H, A, F>(_: impl FnOnce(H, A) -> F) -> bool
where
    F: Future<Output: 'static> + 'static,
{
    is_written::<F>()
}

/// Whether a hook with two arguments besides its handler is written.
#[inline]
pub(crate) fn takes_two<H, A, B, F>(_: impl FnOnce(H, A, B) -> F) -> bool
where
    F: Future<Output: 'static> + 'static,
{
    is_written::<F>()
}

/// Whether a hook with three arguments besides its handler is written.
#[inline]
pub(crate) fn takes_three<H, A, B, C, F>(_: impl FnOnce(H, A, B, C) -> F) -> bool
where
    F: Future<Output: 'static> + 'static,
{
    is_written::<F>()
}
