//! The queues of the broker in memory, between a node that sends and one that receives.

use super::every::{in_every_order, spawn};
use crate::cluster::{Broker, BrokerError, Command, Delivery, Memory, Receiver, Sender, Subject};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn take(
    receiver: &mut impl Receiver,
    waker: &Waker,
    into: &mut Vec<Delivery>,
) -> Poll<Result<(), BrokerError>> {
    pin!(receiver.receive(into)).poll(&mut Context::from_waker(waker))
}

#[test]
fn messages_of_two_nodes_meet_a_node_that_begins_to_wait() {
    in_every_order(|| {
        let memory = Memory::new();
        let subject = Subject::new("r").expect("a subject");
        let (mut listens, mut receiver) = now(memory.connect()).expect("it admits links");
        now(listens.send(&mut vec![Command::Subscribe(subject.clone())])).expect("the link works");
        let (wakes, mut seen) = (Arc::new(Wakes::default()), Vec::new());
        let waker = Waker::from(Arc::clone(&wakes));
        assert!(take(&mut receiver, &waker, &mut seen).is_ready(), "the confirmation");
        let (mut sends, _kept) = now(memory.connect()).expect("it admits links");
        let publish =
            |payload: &'static [u8]| Command::Publish { subject: subject.clone(), payload: payload.into() };
        let mut commands = vec![publish(b"1")];
        let sending = spawn(move || now(sends.send(&mut commands)).expect("the link works"));
        let receiving = spawn(move || {
            let woken_before = wakes.0.load(Ordering::SeqCst);
            let polled = take(&mut receiver, &waker, &mut seen);
            (receiver, seen, waker, wakes, woken_before, polled)
        });
        now(listens.send(&mut vec![publish(b"2")])).expect("the link works");
        sending.join().expect("it does not panic");
        let (mut receiver, mut seen, waker, wakes, woken_before, polled) =
            receiving.join().expect("it does not panic");
        let is_woken = wakes.0.load(Ordering::SeqCst) > woken_before;
        if polled.is_ready() || is_woken {
            let _ = take(&mut receiver, &waker, &mut seen);
        }
        move || assert_eq!(seen.len(), 3, "{seen:?}: a message is left, and nobody was woken")
    });
}

#[test]
fn a_cut_meets_a_node_that_begins_to_wait() {
    in_every_order(|| {
        let memory = Memory::new();
        let (_sender, mut receiver) = now(memory.connect()).expect("it admits links");
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let cutting = spawn(move || memory.cut());
        let mut polled = take(&mut receiver, &waker, &mut Vec::new());
        cutting.join().expect("it does not panic");
        if wakes.0.load(Ordering::SeqCst) > 0 {
            polled = take(&mut receiver, &waker, &mut Vec::new());
        }
        move || assert!(matches!(polled, Poll::Ready(Err(_))), "{polled:?}")
    });
}
