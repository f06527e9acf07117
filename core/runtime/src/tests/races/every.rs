//! Tries every order, except those that interrupt threads more than [`PREEMPTIONS`] times.

use crate::tests::host::{Lent, World};
use crate::tests::peer::{Peer, texts};
use crate::{Builder, Client, Hub};
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use throng_core::hub::Config;
use throng_core::websocket::Message;

/// Stack size of a thread that runs the hub: the model checker's default is too small.
const STACK: usize = 512 << 10;
/// Steps in one order. A scenario that needs more is in an endless loop.
const BRANCHES: usize = 20_000;
/// How often a thread may be interrupted where it could go on. Known races need up to three; each more takes four times
/// as long.
const PREEMPTIONS: usize = 3;

/// Runs a scenario in every order of its threads with at most [`PREEMPTIONS`] interruptions. The closure that it
/// returns is called after the order is over and all state is dropped, so it may panic.
pub(super) fn in_every_order<A, S>(scenario: S)
where
    A: FnOnce() + Send + 'static,
    S: Fn() -> A + Copy + Send + Sync + 'static,
{
    let mut model = loom::model::Builder::new();
    // `LOOM_MAX_PREEMPTIONS` takes precedence.
    model.preemption_bound.get_or_insert(PREEMPTIONS);
    model.max_branches = BRANCHES;
    let orders = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&orders);
    model.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let assertion = spawn(scenario).join().expect("it ends");
        assertion();
    });
    assert!(orders.load(Ordering::Relaxed) > 1, "nothing meets here");
}

/// A thread of a scenario.
pub(super) fn spawn<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> thread::JoinHandle<T> {
    thread::Builder::new().stack_size(STACK).spawn(act).expect("a thread starts")
}

/// Polls a task in a thread of its own.
pub(super) fn polling(lent: Lent, times: usize) -> thread::JoinHandle<Lent> {
    spawn(move || lent.poll(times))
}

/// After the threads have ended: polls woken tasks until none is left.
pub(super) fn settle(world: &mut World, threads: impl IntoIterator<Item = thread::JoinHandle<Lent>>) {
    for thread in threads {
        world.give_back(thread.join().expect("it ends"));
    }
    world.run();
}

/// A hub that echoes.
pub(super) fn echoing() -> Builder {
    Hub::builder().config(Config::default()).on_message(|client: &Client, message: Message| {
        // The client may be closing.
        let _ = client.send(message);
    })
}

/// A world with one client, for which no work is left.
pub(super) fn with_one(builder: Builder) -> (World, Peer, Client) {
    let mut world = World::new(builder);
    let peer = world.connect();
    let client = world.hub.client(world.hub.clients()[0]).expect("it is open");
    (world, peer, client)
}

/// The state of a transport at the end.
pub(super) struct Seen {
    bytes: Vec<u8>,
    wrongs: Vec<&'static str>,
    pub(super) is_shut: bool,
}

impl Seen {
    /// What the peer has received since the last call.
    pub(super) fn by(peer: &Peer) -> Self {
        Self { bytes: peer.take(), wrongs: peer.wrongs(), is_shut: peer.is_shut() }
    }

    /// Without the answer to the handshake.
    pub(super) fn after_handshake(mut self) -> Self {
        const END: &[u8] = b"\r\n\r\n";
        let end = self.bytes.windows(END.len()).position(|window| window == END);
        drop(self.bytes.drain(..end.expect("it was answered") + END.len()));
        self
    }

    /// The texts and close frames; checks that they are complete and were written one at a time.
    pub(super) fn texts(self) -> Vec<String> {
        assert_eq!(self.wrongs, <[&str; 0]>::default());
        texts(self.bytes)
    }

    /// The same, sorted, for output that may come in any order.
    pub(super) fn sorted(self) -> Vec<String> {
        let mut texts = self.texts();
        texts.sort();
        texts
    }
}
