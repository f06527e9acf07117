//! Panics of the application.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls what belongs to the application. A panic there is an error here, and concerns one client.
///
/// What the hook left behind half-done is the application's own: the hub's state is not touched by it, since no
/// hook runs under its lock.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, ()> {
    catch_unwind(AssertUnwindSafe(call)).map_err(drop)
}
