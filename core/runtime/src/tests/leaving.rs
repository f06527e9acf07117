//! Peers that leave while the application is asked about their request.

use super::host::World;
use super::peer::{Peer, masked};
use crate::Hub;
use crate::hosting::Report;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// Hooks wait for this gate to open; it counts the hooks that wait.
#[derive(Default)]
struct Gate {
    is_open: AtomicBool,
    waiting: AtomicUsize,
    wakers: Mutex<Vec<Waker>>,
}

/// Is dropped with the hook that waits, and then counts it no longer.
struct Waits(Arc<Gate>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    fn open(&self) {
        self.is_open.store(true, Ordering::Relaxed);
        self.wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    }

    fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// A hub whose `before_connect` hook returns only when the gate is open.
fn world() -> (World, Arc<Gate>) {
    let gate = Arc::<Gate>::default();
    let hook = Arc::clone(&gate);
    let builder = Hub::builder()
        .before_connect_async(move |_| {
            hook.waiting.fetch_add(1, Ordering::Relaxed);
            let waits = Waits(Arc::clone(&hook));
            Box::pin(async move {
                poll_fn(|cx| {
                    waits.0.wakers.lock().unwrap().push(cx.waker().clone());
                    if waits.0.is_open.load(Ordering::Relaxed) { Poll::Ready(Ok(())) } else { Poll::Pending }
                })
                .await
            })
        })
        .on_message(|client, message| _ = client.send(message))
        .hook_limit(None);
    (World::new(builder), gate)
}

fn ask(world: &mut World, more: &[u8]) -> Peer {
    let peer = world.accept();
    peer.ask_for("/", more);
    world.run();
    peer
}

#[test]
fn a_peer_that_leaves_while_it_is_asked_about_takes_its_hook_and_its_place_along() {
    for leave in [Peer::end as fn(&Peer), |peer| peer.fail(ErrorKind::ConnectionReset)] {
        let (mut world, gate) = world();
        let peer = ask(&mut world, b"");
        assert_eq!((gate.waiting(), world.hub.stats().handshakes), (1, 1));
        leave(&peer);
        world.run();
        assert!(world.is_over(&peer));
        assert_eq!((gate.waiting(), world.hub.connection_count()), (0, 0));
        assert_eq!(world.reports(), [Report::Abandoned]);
        assert_eq!(world.hub.numbers().abandoned, 1);
    }
}

#[test]
fn a_peer_that_only_stops_sending_hears_that_it_will_not_be_answered() {
    let (mut world, _gate) = world();
    let peer = ask(&mut world, b"");
    peer.end();
    world.run();
    let (head, _) = peer.answer();
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
}

#[test]
fn what_comes_behind_a_request_that_waits_is_kept_wherever_it_is_cut_and_whatever_follows() {
    let bytes = [masked("one"), masked("two")].concat();
    for cut in 0..=bytes.len() {
        for ends in [false, true] {
            let (mut world, gate) = world();
            let peer = ask(&mut world, &bytes[..cut]);
            peer.push(&bytes[cut..]);
            if ends {
                peer.end();
            }
            world.run();
            assert_eq!(gate.waiting(), 1, "the hook still waits, since the peer has sent messages");
            gate.open();
            world.run();
            let (head, mut texts) = peer.answer();
            assert!(head.starts_with("HTTP/1.1 101"), "{head}");
            texts.truncate(2);
            assert_eq!(texts, ["one", "two"], "cut at {cut}");
        }
    }
}

#[test]
fn of_what_comes_behind_a_request_that_waits_no_more_than_4_kib_is_read() {
    let (mut world, gate) = world();
    let peer = ask(&mut world, b"");
    let messages: Vec<_> = (0..20).map(|number| format!("{number:0>1000}")).collect();
    for message in &messages {
        peer.push(&masked(message));
    }
    world.run();
    let sent: usize = messages.iter().map(|message| masked(message).len()).sum();
    assert_eq!(peer.unread(), sent - (4 << 10));
    gate.open();
    world.run();
    assert_eq!(peer.answer().1, messages);
}
