//! The hub's numbers and measurements.

mod distribution;
#[cfg(feature = "metrics")]
mod meters;
mod numbers;
mod observer;
#[cfg(feature = "tracing")]
mod span;
mod summary;

use crate::Builder;
use crate::measure::Observer;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Records all measurements.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Note>>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Note {
    Held,
    Published { bytes: usize, clients: u32 },
    Written { clients: u32, after: Duration },
    Flushed(u32),
    Received(usize),
}

impl Notes {
    fn note(&self, note: Note) {
        self.0.lock().unwrap().push(note);
    }

    /// The measurements since the last call, except of the lock.
    fn take(&self) -> Vec<Note> {
        let notes = std::mem::take(&mut *self.0.lock().unwrap());
        notes.into_iter().filter(|note| *note != Note::Held).collect()
    }
}

impl Observer for Notes {
    fn held(&self, _: Duration) {
        self.note(Note::Held);
    }

    fn published(&self, bytes: usize, clients: u32, _: Duration) {
        self.note(Note::Published { bytes, clients });
    }

    fn written(&self, clients: u32, after: Duration) {
        self.note(Note::Written { clients, after });
    }

    fn flushed(&self, clients: u32) {
        self.note(Note::Flushed(clients));
    }

    fn received(&self, bytes: usize) {
        self.note(Note::Received(bytes));
    }
}

/// Every event is measured.
fn each(builder: Builder, observer: impl Observer) -> Builder {
    builder.observe(observer).observe_one_in(NonZeroU32::MIN)
}
