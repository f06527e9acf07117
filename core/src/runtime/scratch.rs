//! The buffer into which a thread reads.

use super::spare::Spare;
use alloc::boxed::Box;
use alloc::vec;
use core::cell::Cell;

/// Bytes of one read.
const SIZE: usize = 64 << 10;

/// One buffer a thread, for as long as a poll lasts: a connection that has nothing to read owns none.
pub(super) type Scratch = Spare<Box<[u8]>>;

std::thread_local! {
    static SCRATCH: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// The thread's buffer.
pub(super) fn scratch() -> Scratch {
    Spare::take(&SCRATCH, || vec![0; SIZE].into_boxed_slice())
}
