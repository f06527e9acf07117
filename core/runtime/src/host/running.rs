//! Futures of running hooks.

use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;

/// A running hook.
pub(crate) type Running<T = ()> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A running hook that borrows its arguments.
pub(crate) type Borrowing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
