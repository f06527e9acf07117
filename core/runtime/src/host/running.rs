//! Hooks under way.

use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;

/// A hook under way.
pub(crate) type Running<T = ()> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A hook under way that borrows what it was given.
pub(crate) type Borrowing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
