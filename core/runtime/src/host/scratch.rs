//! The buffer into which a thread reads.

use alloc::boxed::Box;
use alloc::vec;
use core::cell::Cell;
use core::ops::{Deref, DerefMut};

/// Bytes of one read.
const SIZE: usize = 64 << 10;

std::thread_local! {
    static SPARE: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// One read buffer per thread, borrowed during a poll, so that idle connections own none.
pub(crate) struct Scratch(Box<[u8]>);

impl Scratch {
    pub(crate) fn take() -> Self {
        // The buffer is absent if this thread is already reading (a hook polls another connection) or is ending.
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        Self(spare.unwrap_or_else(|| vec![0; SIZE].into_boxed_slice()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let buffer = core::mem::take(&mut self.0);
        let _ = SPARE.try_with(|spare| spare.set(Some(buffer)));
    }
}

impl Deref for Scratch {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
