//! The broker in memory.

use super::{link, message, now, publish, received, subject};
use crate::cluster::{Broker, Command, Delivery, Memory, Sender};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn send(sender: &mut impl Sender, commands: impl Into<Vec<Command>>) {
    let mut commands = commands.into();
    now(sender.send(&mut commands)).expect("the link works");
    assert_eq!(commands, [], "commands are taken out of the list");
}

#[test]
fn a_message_reaches_each_link_that_has_subscribed_and_no_other() {
    let memory = Memory::new();
    let (mut ann, mut for_ann) = link(&memory);
    let (mut bob, mut for_bob) = link(&memory);
    let (_eve, mut for_eve) = link(&memory);
    send(&mut ann, [Command::Subscribe(subject("r.a"))]);
    send(&mut bob, [Command::Subscribe(subject("r.a")), Command::Subscribe(subject("r.b"))]);
    send(&mut ann, [publish("r.a", b"1"), publish("r.b", b"2"), publish("r.c", b"3")]);
    let confirmed = |text| Delivery::Subscribed(subject(text));
    assert_eq!(received(&mut for_ann), Ok(vec![confirmed("r.a"), message("r.a", b"1")]));
    let expected = [confirmed("r.a"), confirmed("r.b"), message("r.a", b"1"), message("r.b", b"2")];
    assert_eq!(received(&mut for_bob), Ok(expected.to_vec()));
    assert_eq!(received(&mut for_eve), Ok(vec![]));
}

#[test]
fn nothing_arrives_after_an_unsubscribe_and_a_second_subscribe_does_not_double_messages() {
    let memory = Memory::new();
    let (mut sender, mut receiver) = link(&memory);
    let subscribe = Command::Subscribe(subject("r"));
    send(&mut sender, [subscribe.clone(), subscribe, publish("r", b"1")]);
    let confirmed = Delivery::Subscribed(subject("r"));
    assert_eq!(received(&mut receiver), Ok(vec![confirmed.clone(), confirmed, message("r", b"1")]));
    send(&mut sender, [Command::Unsubscribe(subject("r")), publish("r", b"2")]);
    assert_eq!(received(&mut receiver), Ok(vec![]));
    assert_eq!(memory.subjects(), 0, "no subject without subscribers is kept");
}

#[test]
fn what_does_not_fit_the_queue_is_dropped_and_told() {
    let memory = Memory::new().queue_bytes(1000);
    let (mut sender, mut receiver) = link(&memory);
    let (mut other, _for_other) = link(&memory);
    send(&mut sender, [Command::Subscribe(subject("r"))]);
    let hundred = publish("r", &[7; 100]);
    for _ in 0..50 {
        send(&mut other, [hundred.clone()]);
    }
    let deliveries = received(&mut receiver).expect("the link works");
    let kept = deliveries.iter().filter(|delivery| matches!(delivery, Delivery::Message { .. })).count();
    assert!((1..10).contains(&kept), "{kept} messages of 100 bytes in 1,000 bytes");
    assert!(deliveries.contains(&Delivery::Dropped { messages: 50 - kept as u64 }), "{deliveries:?}");
    // There is room again, and what was told is not told again.
    send(&mut other, [publish("r", b"1")]);
    assert_eq!(received(&mut receiver), Ok(vec![message("r", b"1")]));
}

#[test]
fn confirmations_are_not_dropped_and_too_many_of_them_break_the_link() {
    let memory = Memory::new().queue_bytes(1000);
    let (mut sender, mut receiver) = link(&memory);
    let mut many: Vec<_> = (0..100).map(|n| Command::Subscribe(subject(&format!("r.{n}")))).collect();
    let error = now(sender.send(&mut many)).expect_err("100 do not fit");
    assert!(error.to_string().starts_with("more than 1000 bytes of confirmed subscriptions"), "{error}");
    drop(sender);
    assert!(received(&mut receiver).is_err());
    assert_eq!(memory.links(), 0);
}

#[test]
fn a_link_fails_when_its_other_half_is_dropped() {
    let memory = Memory::new();
    let (sender, mut receiver) = link(&memory);
    drop(sender);
    let error = received(&mut receiver).expect_err("the sender is gone");
    assert_eq!(error.to_string(), "the sending half of the link was dropped");
    let (mut sender, receiver) = link(&memory);
    drop(receiver);
    let error = now(sender.send(&mut vec![publish("r", b"1")])).expect_err("the receiver is gone");
    assert_eq!(error.to_string(), "the receiving half of the link was dropped");
}

#[test]
fn a_cut_breaks_all_links_and_a_stopped_broker_refuses_new_ones() {
    let memory = Memory::new();
    let (mut sender, mut receiver) = link(&memory);
    send(&mut sender, [Command::Subscribe(subject("r")), publish("r", b"lost")]);
    memory.cut();
    assert_eq!(memory.links(), 0);
    let error = received(&mut receiver).expect_err("it was cut");
    assert_eq!(error.to_string(), "the link to the broker in memory was cut");
    assert_eq!(now(sender.send(&mut vec![publish("r", b"1")])), Err(error));
    // A new link begins without the subscriptions of the old one.
    let (mut sender, mut receiver) = link(&memory);
    send(&mut sender, [publish("r", b"1")]);
    assert_eq!(received(&mut receiver), Ok(vec![]));
    memory.stop();
    assert!(received(&mut receiver).is_err());
    assert!(now(memory.connect()).is_err());
    memory.start();
    let _ = link(&memory);
}

#[test]
fn a_waiting_receiver_is_woken_by_a_message_and_by_the_end_of_the_link() {
    let memory = Memory::new();
    let (mut sender, mut receiver) = link(&memory);
    send(&mut sender, [Command::Subscribe(subject("r"))]);
    let _ = received(&mut receiver);
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut wait = || {
        let mut into = Vec::new();
        let future = crate::cluster::Receiver::receive(&mut receiver, &mut into);
        pin!(future).poll(&mut Context::from_waker(&waker))
    };
    assert_eq!(wait(), Poll::Pending);
    send(&mut sender, [publish("r", b"1"), publish("r", b"2")]);
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1, "one wake-up for a batch");
    assert_eq!(wait(), Poll::Ready(Ok(())));
    assert_eq!(wait(), Poll::Pending);
    memory.cut();
    assert_eq!(wakes.0.load(Ordering::Relaxed), 2);
    assert!(matches!(wait(), Poll::Ready(Err(_))));
}

#[test]
fn one_receive_takes_a_bounded_number() {
    let memory = Memory::new();
    let (mut sender, mut receiver) = link(&memory);
    send(&mut sender, [Command::Subscribe(subject("r"))]);
    send(&mut sender, vec![publish("r", b"1"); 1000]);
    let counts: Vec<_> = std::iter::from_fn(|| received(&mut receiver).ok().map(|taken| taken.len()))
        .take_while(|count| *count > 0)
        .collect();
    assert_eq!(counts, [256, 256, 256, 233]);
}
