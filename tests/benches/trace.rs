//! What a recorder costs: `cargo bench -p throng-tests --bench trace`. A broadcast to a thousand, and all that a host says to
//! the hub to write it, with a recorder and without. Nothing is encoded and nothing is sent: of a server's work, this is
//! the small part that a recorder makes longer.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use std::cell::RefCell;
use throng_core::hub::{Config, Event, Hub, Outcome, Progress, Target, Transport, Written};
use throng_core::trace::{Payloads, Recorder};
use throng_core::{Frame, Instant};
use throng_tests::rig::{Order, ROOM, Rig, frame};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const NOW: Instant = Instant::ORIGIN;
const CLIENTS: u32 = 1_000;

fn main() {
    divan::main();
}

/// A hub of a thousand in a room, and maybe a recorder.
struct Recorded {
    hub: Hub,
    recorder: Option<Recorder>,
    results: Vec<Written>,
    frame: Frame,
}

impl Recorded {
    fn new(by: By) -> Self {
        let rig = Rig::new(CLIENTS).in_room(Order::Connected);
        let recorder = by.recorder(rig.hub.config());
        let mut recorded = Self { hub: rig.hub, recorder, results: Vec::new(), frame: frame(128) };
        // The first one makes the pools as large as they must be.
        recorded.publish();
        recorded.write_all();
        recorded
    }

    /// A log does not grow without end, and does not allocate while it is measured.
    fn let_go(&mut self) {
        if let Some(recorder) = &mut self.recorder
            && recorder.log().len() > 8 << 20
        {
            drop(recorder.take());
        }
    }

    fn handle(&mut self, event: Event<'_>) -> Outcome {
        let result = match &mut self.recorder {
            Some(recorder) => recorder.handle(&mut self.hub, NOW, event),
            None => self.hub.handle(NOW, event),
        };
        result.expect("nothing is refused")
    }

    fn publish(&mut self) {
        let frame = &self.frame.clone();
        self.handle(Event::Publish { targets: &[Target::Room(ROOM)], except: &[], frame, policy: None });
    }

    /// Leases and returns all that waits, by as many as the runtime does.
    fn write_all(&mut self) {
        while self.hub.has_ready(0) {
            self.handle(Event::TransmitReady { lane: 0, clients: 64, budget: 64 << 10 });
            let mut results = std::mem::take(&mut self.results);
            results.clear();
            let (progress, transport) = (Progress::All, Transport::Ready);
            results.extend(self.hub.batch().leases().iter().map(|lease| Written {
                client: lease.client,
                progress,
                transport,
            }));
            self.handle(Event::Transmitted { results: &results });
            self.results = results;
        }
    }
}

/// Who records.
#[derive(Clone, Copy, Debug)]
enum By {
    Nobody,
    Log,
    Ring,
    RingWithPayloads,
}

const RECORDERS: [By; 4] = [By::Nobody, By::Log, By::Ring, By::RingWithPayloads];

impl By {
    fn recorder(self, config: &Config) -> Option<Recorder> {
        const BYTES: usize = 16 << 20;
        match self {
            Self::Nobody => None,
            Self::Log => Some(Recorder::new(config)),
            Self::Ring => Some(Recorder::ring(config, BYTES)),
            Self::RingWithPayloads => Some(Recorder::ring(config, BYTES).payloads(Payloads::Kept)),
        }
    }
}

/// `prepare` is not measured.
fn measure(bencher: Bencher<'_, '_>, by: By, prepare: fn(&mut Recorded), act: fn(&mut Recorded)) {
    let recorded = RefCell::new(Recorded::new(by));
    bencher
        .counter(ItemsCount::new(CLIENTS))
        .with_inputs(|| {
            let mut recorded = recorded.borrow_mut();
            prepare(&mut recorded);
            recorded.let_go();
        })
        .bench_local_values(|()| act(&mut recorded.borrow_mut()));
}

/// The broadcast alone.
#[divan::bench(args = RECORDERS, sample_size = 1, sample_count = 3_000, max_time = 1)]
fn publish(bencher: Bencher<'_, '_>, by: By) {
    measure(bencher, by, Recorded::write_all, Recorded::publish);
}

/// The broadcast, and the leases with which it is written.
#[divan::bench(args = RECORDERS, sample_size = 1, sample_count = 3_000, max_time = 1)]
fn publish_and_write(bencher: Bencher<'_, '_>, by: By) {
    measure(
        bencher,
        by,
        |_| {},
        |recorded| {
            recorded.publish();
            recorded.write_all();
        },
    );
}
