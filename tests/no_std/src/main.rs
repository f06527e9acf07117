//! Two clients in a room and one broadcast, without std: of the C library only memory is used. The exit
//! status is 0 if both clients were given the frame.
#![no_std]
#![no_main]

use bytes::Bytes;
use core::alloc::{GlobalAlloc, Layout};
use core::ffi::{c_int, c_void};
use throng_core::hub::{Config, Error, Hub, Target};
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

fn broadcast() -> Result<u32, Error> {
    let now = Instant::ORIGIN;
    let Ok(mut hub) = Hub::new(Config::default()) else { return Ok(0) };
    let (one, two) = (hub.admit(now, None)?, hub.admit(now, Some("ada"))?);
    hub.join(now, one, "lobby")?;
    hub.join(now, two, "lobby")?;
    let frame = Frame::raw(Bytes::from_static(b"hello"));
    hub.publish(now, &[Target::Room("lobby")], &[], &frame, None)?;
    hub.transmit_ready(now, 0, 16, 1 << 16)
}

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    if broadcast() == Ok(2) { 0 } else { 1 }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: it may be called at any time.
    unsafe { abort() }
}

/// The prebuilt `alloc` names it; with `panic = "abort"` nobody calls it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
