//! What a recorder costs: `cargo bench -p throng-tests --bench trace`. A broadcast to a thousand, and all that a host says to
//! the hub to write it, with a recorder and without. Nothing is encoded and nothing is sent: of a server's work, this is
//! the small part that a recorder makes longer.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use std::cell::RefCell;
use throng_core::Frame;
use throng_core::hub::{Config, Target};
use throng_core::trace::{Payloads, Recorder};
use throng_tests::recorded::Recorded;
use throng_tests::rig::{Order, ROOM, Rig, frame};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const CLIENTS: u32 = 1_000;

fn main() {
    divan::main();
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

/// A frame for a thousand in a room.
struct Broadcast {
    recorded: Recorded,
    frame: Frame,
}

impl Broadcast {
    fn new(by: By) -> Self {
        let rig = Rig::new(CLIENTS).in_room(Order::Connected);
        let recorder = by.recorder(rig.hub.config());
        let mut broadcast = Self { recorded: Recorded::new(rig, recorder), frame: frame(128) };
        // The first one makes the pools as large as they must be.
        broadcast.publish();
        broadcast.write_all();
        broadcast
    }

    fn publish(&mut self) {
        self.recorded.publish(Target::Room(ROOM), &self.frame);
    }

    fn write_all(&mut self) {
        self.recorded.write_all();
    }
}

/// `prepare` is not measured.
fn measure(bencher: Bencher<'_, '_>, by: By, prepare: fn(&mut Broadcast), act: fn(&mut Broadcast)) {
    let broadcast = RefCell::new(Broadcast::new(by));
    bencher
        .counter(ItemsCount::new(CLIENTS))
        .with_inputs(|| {
            let mut broadcast = broadcast.borrow_mut();
            prepare(&mut broadcast);
            broadcast.recorded.let_go();
        })
        .bench_local_values(|()| act(&mut broadcast.borrow_mut()));
}

/// The broadcast alone.
#[divan::bench(args = RECORDERS, sample_size = 1, sample_count = 3_000, max_time = 1)]
fn publish(bencher: Bencher<'_, '_>, by: By) {
    measure(bencher, by, Broadcast::write_all, Broadcast::publish);
}

/// The broadcast, and the leases with which it is written.
#[divan::bench(args = RECORDERS, sample_size = 1, sample_count = 3_000, max_time = 1)]
fn publish_and_write(bencher: Bencher<'_, '_>, by: By) {
    measure(
        bencher,
        by,
        |_| {},
        |broadcast| {
            broadcast.publish();
            broadcast.write_all();
        },
    );
}
