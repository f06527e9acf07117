//! Destinations for leases and unreached clients, which the outcome of an event only counts.

use super::{Error, Unreached};
use crate::outbox::Batch;
use alloc::vec::Vec;

/// The destination in the host's memory to which [`Hub::handle_into`](super::Hub::handle_into) adds leases or unreached
/// clients, which the outcome only counts. Existing entries stay.
#[derive(Debug)]
#[non_exhaustive]
pub enum Sink<'a> {
    /// No destination. A transmit is then refused ([`Error::NeedsBatch`]), since its leases would be lost.
    Nowhere,
    /// Takes the leases of a transmit.
    Batch(&'a mut Batch),
    /// Takes the clients that a publish under [`Policy::Wait`](super::Policy::Wait) did not reach, in the order of its
    /// delivery.
    Unreached(&'a mut Vec<Unreached>),
}

impl Sink<'_> {
    /// Borrows the sink again, to pass it to a call.
    #[cfg(feature = "trace")]
    pub(crate) fn reborrow(&mut self) -> Sink<'_> {
        match self {
            Self::Nowhere => Sink::Nowhere,
            Self::Batch(batch) => Sink::Batch(batch),
            Self::Unreached(list) => Sink::Unreached(list),
        }
    }
}

impl<'a> Sink<'a> {
    #[inline]
    pub(super) fn batch(self) -> Result<&'a mut Batch, Error> {
        if let Self::Batch(batch) = self { Ok(batch) } else { Err(Error::NeedsBatch) }
    }
}
