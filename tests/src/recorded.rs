//! A hub to be measured through a recorder: every event goes through it, as in a host that records.

use throng_core::hub::{Event, Outcome, Sink, Target};
use throng_core::outbox::{Progress, Transport, Written};
use throng_core::trace::Recorder;
use throng_core::{Frame, Instant};

use crate::rig::Rig;

/// A rig whose events are recorded, or pass without a recorder.
pub struct Recorded {
    /// The hub and its clients.
    pub rig: Rig,
    recorder: Option<Recorder>,
    results: Vec<Written>,
}

impl Recorded {
    /// What the rig has done before is not recorded.
    #[must_use]
    pub fn new(rig: Rig, recorder: Option<Recorder>) -> Self {
        Self { rig, recorder, results: Vec::new() }
    }

    /// A log does not grow without end, and does not allocate while it is measured.
    pub fn let_go(&mut self) {
        if let Some(recorder) = &mut self.recorder
            && recorder.log().len() > 8 << 20
        {
            drop(recorder.take());
        }
    }

    /// Publishes to one target.
    ///
    /// # Panics
    /// If the target does not exist.
    pub fn publish(&mut self, target: Target<'_>, frame: &Frame) {
        self.handle(Event::Publish {
            publisher: None,
            targets: &[target],
            except: &[],
            frame,
            policy: None,
            dedup: None,
        });
    }

    /// Leases and returns all that waits, by as many as the runtime does.
    ///
    /// # Panics
    /// Never: the hub has a lane 0.
    pub fn write_all(&mut self) {
        while self.rig.hub.has_ready(0) {
            let mut batch = std::mem::take(&mut self.rig.batch);
            batch.clear();
            let event = Event::TransmitReady { lane: 0, connections: 64, budget: 64 << 10 };
            self.handle_into(event, Sink::Batch(&mut batch));
            let mut results = std::mem::take(&mut self.results);
            results.clear();
            let (progress, transport) = (Progress::All, Transport::Ready);
            results.extend(batch.leases().iter().map(|lease| lease.written(progress, transport)));
            self.handle(Event::Transmitted { results: &results });
            self.results = results;
            self.rig.batch = batch;
        }
    }

    fn handle(&mut self, event: Event<'_>) -> Outcome {
        self.handle_into(event, Sink::Nowhere)
    }

    fn handle_into(&mut self, event: Event<'_>, sink: Sink<'_>) -> Outcome {
        let result = match &mut self.recorder {
            Some(recorder) => recorder.handle_into(&mut self.rig.hub, Instant::ORIGIN, event, sink),
            None => self.rig.hub.handle_into(Instant::ORIGIN, event, sink),
        };
        result.expect("nothing is refused")
    }
}
