//! Two clients in a room and one broadcast, recorded and replayed, without std: of the C library only memory is used.
//! The exit status is 0 if both clients were given the frame, and the replay came to the same.
#![no_std]
#![no_main]

use bytes::Bytes;
use core::alloc::{GlobalAlloc, Layout};
use core::ffi::{c_int, c_void};
use throng_core::hub::{Config, Error, Event, Hub, Outcome, Reserved, Sink, Target};
use throng_core::outbox::Batch;
use throng_core::trace::{Recorder, replay};
use throng_core::{Frame, Instant};

unsafe extern "C" {
    fn aligned_alloc(align: usize, size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
    fn abort() -> !;
}

struct C;

// SAFETY: the C library's allocator keeps the promises of one; the size is a multiple of the alignment.
unsafe impl GlobalAlloc for C {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let layout = layout.pad_to_align();
        // SAFETY: the alignment is a power of two.
        unsafe { aligned_alloc(layout.align().max(16), layout.size().next_multiple_of(16)).cast() }
    }
    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: it came from `alloc`.
        unsafe { free(block.cast()) }
    }
}

#[global_allocator]
static MEMORY: C = C;

/// How many clients were given the frame, and what was recorded of that.
fn broadcast() -> Result<(u32, Recorder), Error> {
    let (now, config) = (Instant::ORIGIN, Config::default());
    let mut recorder = Recorder::new(&config);
    // The defaults stand.
    let Ok(mut hub) = Hub::new(config) else { return Err(Error::Gone) };
    let mut batch = Batch::default();
    let mut tell = |event| recorder.handle_into(&mut hub, now, event, Sink::Batch(&mut batch));
    for user in [None, Some("ada")] {
        let Outcome::Accepted(connection) = tell(Event::Accept { address: None, lane: 0 })? else { continue };
        let reserve = Event::Reserve { connection, user, session: None, rooms: &[] };
    let Outcome::Reserved(Reserved { client, .. }) = tell(reserve)? else {
            continue;
        };
        tell(Event::Open { connection })?;
        tell(Event::Join { client, room: "lobby", recover: None })?;
    }
    let frame = Frame::raw(Bytes::from_static(b"hello"));
    let (targets, except) = (&[Target::Room("lobby")], &[]);
    tell(Event::Publish { publisher: None, targets, except, frame: &frame, policy: None, dedup: None })?;
    match tell(Event::TransmitReady { lane: 0, connections: 16, budget: 1 << 16 })? {
        Outcome::Leased(given) => Ok((given, recorder)),
        _ => Ok((0, recorder)),
    }
}

fn is_well() -> bool {
    let Ok((given, recorder)) = broadcast() else { return false };
    given == 2 && replay(recorder.log(), [1, 2]).is_ok_and(|replayed| replayed.hash == recorder.hash())
}

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    if is_well() { 0 } else { 1 }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: it may be called at any time.
    unsafe { abort() }
}

/// The prebuilt `alloc` names it; with `panic = "abort"` nobody calls it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
