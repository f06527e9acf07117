//! A log through a fresh hub.

use super::{ActionHash, TraceError, read};
use crate::hub::{Hub, Stats};
use core::hash::Hasher;

/// What a replay came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replayed {
    /// How many events there were.
    pub events: u64,
    /// One number for all outcomes, leases and actions: that of the [recorder](super::Recorder::hash), if nothing was cut.
    pub hash: u64,
    /// The hub's numbers at the end.
    pub stats: Stats,
    /// Bytes of a torn tail.
    pub cut: usize,
}

/// Passes a log through a fresh hub of the recorded config, under any hash key.
///
/// # Errors
/// If the log cannot be read to its end; a torn tail is cut.
pub fn replay(log: &[u8], hash_key: [u64; 2]) -> Result<Replayed, TraceError> {
    let mut reader = read(log)?;
    let mut config = reader.config().clone();
    config.host.hash_key = hash_key;
    // Memory ahead of its use: nothing but time depends on it, and a log must not make its reader allocate at will.
    config.host.capacity = 0;
    let mut hub = Hub::new(config).map_err(TraceError::Config)?;
    let mut hash = ActionHash::new();
    let mut events = 0;
    for read in &mut reader {
        let (now, event) = read?;
        // A refusal is part of the run, and in the hash.
        let _ = hash.follow(&mut hub, now, event.as_event(), drop);
        events += 1;
    }
    Ok(Replayed { events, hash: hash.finish(), stats: hub.stats(), cut: reader.cut() })
}
