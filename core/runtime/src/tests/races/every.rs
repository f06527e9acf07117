//! Runs a scenario under loom: once for every order in which its threads may run, except orders that interrupt threads more than
//! [`PREEMPTIONS`] times.

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
/// The most steps of one order. A scenario that takes more is in an endless loop.
const BRANCHES: usize = 20_000;
/// How often threads may be interrupted where they could go on. Known races need up to three interruptions; one more takes about
/// four times as long.
const PREEMPTIONS: usize = 3;

/// Runs a scenario in every order of its threads with at most [`PREEMPTIONS`] interruptions. The scenario returns a closure with
/// its assertions. The closure is called when all threads of an order have ended and their state is dropped, so that it may
/// panic.
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
        let assertion = spawn(scenario).join().expect("the scenario does not panic");
        assertion();
    });
    assert!(
        orders.load(Ordering::Relaxed) > 1,
        "there is only one order: the threads of the scenario do not interact"
    );
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
        world.give_back(thread.join().expect("the thread does not panic"));
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

/// A world with one open client, in which no task has anything to do.
pub(super) fn with_one(builder: Builder) -> (World, Peer, Client) {
    let mut world = World::new(builder);
    let peer = world.connect();
    let client = world.hub.client(world.hub.clients()[0]).expect("it is open");
    (world, peer, client)
}

/// What a peer has seen of its connection at the end of a scenario.
pub(super) struct Seen {
    bytes: Vec<u8>,
    wrongs: Vec<&'static str>,
    pub(super) is_shut: bool,
}

impl Seen {
    /// Takes the bytes that the peer has received since they were last taken.
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
