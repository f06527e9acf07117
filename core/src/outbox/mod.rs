//! What waits to be written.

mod batch;

pub use batch::{Batch, Control, Item, Lease, Then};
