use crate::hosting::Writer;
use crate::lane::flat::{Flat, poll_write};
use bytes::Bytes;
use core::task::{Context, Poll, Waker};
use std::io::{self, IoSlice};
use std::sync::Mutex;
use throng_core::outbox::{Control, Item, Progress};
use throng_core::{Frame, Window};

/// Takes at most this many bytes per call, from all slices.
struct Sink {
    most: usize,
    bytes: Mutex<Vec<u8>>,
}

impl Writer for Sink {
    fn poll_write(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = bytes.len().min(self.most);
        self.bytes.lock().unwrap().extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        assert!(slices.iter().all(|slice| !slice.is_empty()));
        let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        self.poll_write(cx, &all)
    }

    fn poll_shutdown(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn frame(head: &[u8], len: usize) -> Item {
    let payload: Vec<u8> = (0..len).map(|at| at as u8).collect();
    Item::Frame(Frame::new(None, head, payload.into()).unwrap())
}

fn written(items: &[Item], from: usize, most: usize) -> Vec<u8> {
    let mut flat = Flat::default();
    let flat = flat.load(0, items, false, Window::NONE);
    let sink = Sink { most, bytes: Mutex::default() };
    let mut at = from;
    while at < flat.len() {
        let cx = &mut Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(count)) = poll_write(flat, items, at, &sink, cx) else { panic!("ready") };
        at += count;
    }
    sink.bytes.into_inner().unwrap()
}

/// Whether a run is copied together or written in slices, the bytes are the same, from any position.
#[test]
fn large_and_small_runs_are_the_same_bytes() {
    let controls = [Item::Control(Control::Ping), Item::Control(Control::Pong(Bytes::from_static(b"pong")))];
    let small = [controls[0].clone(), frame(&[1, 2], 300), controls[1].clone(), frame(&[], 5)];
    let mut large = small.to_vec();
    large.push(frame(&[7; 10], 20_000));
    large.push(controls[1].clone());
    let whole = written(&large, 0, usize::MAX);
    assert_eq!(whole[..written(&small, 0, usize::MAX).len()], written(&small, 0, usize::MAX));
    for from in [0, 1, 2, 3, 5, 303, 304, 305, 310, 314, 319, 325, 20_000, whole.len() - 1] {
        for most in [1_000, 7_777, usize::MAX] {
            assert_eq!(written(&large, from, most), whole[from..], "from {from}, {most} at a time");
        }
    }
}

#[test]
fn bytes_are_counted_by_items() {
    let items = [frame(&[1, 2], 3), frame(&[1], 0), frame(&[], 4)];
    let mut flat = Flat::default();
    let flat = flat.load(0, &items, true, Window::NONE);
    let counted = |written| match flat.progress(written, written) {
        Progress::Part { items, bytes, .. } => (items, bytes),
        Progress::All => (3, 0),
    };
    let expected = [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (1, 0), (2, 0), (2, 1), (2, 2), (2, 3), (3, 0)];
    assert_eq!((0..=flat.len()).map(counted).collect::<Vec<_>>(), expected);
}

#[test]
fn a_run_of_more_items_than_a_call_takes_is_written_all_the_same() {
    let items: Vec<_> = (0..300).map(|n| frame(&[n as u8, 1], 100)).collect();
    assert_eq!(written(&items, 0, usize::MAX).len(), 300 * 102);
}
