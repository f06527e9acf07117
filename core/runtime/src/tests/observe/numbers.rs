use crate::tests::host::World;
use crate::{Handler, Hub};
use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::time::Duration;
use throng_core::hub::Refusal;
use throng_core::{CloseCode, CloseFrame};

#[test]
fn bytes_are_counted_as_transports_take_them() {
    let mut world = World::new(Hub::builder());
    let (slow, quick) = (world.connect(), world.connect());
    slow.set_room(Some(3));
    world.hub.broadcast("hello").unwrap();
    world.run();
    assert_eq!(world.hub.numbers().sent_bytes, 3 + 7);
    slow.set_room(None);
    world.run();
    assert_eq!(world.hub.numbers().sent_bytes, 14);
    assert_eq!((slow.take().len(), quick.take().len()), (7, 7));
}

#[test]
fn bytes_of_answers_are_counted_once() {
    let mut world = World::new(Hub::builder().on_message(|client, message| {
        let _ = client.send(message);
    }));
    let peer = world.connect();
    peer.let_answer();
    peer.send("hello");
    world.run();
    assert_eq!((peer.answers(), peer.take().len()), (1, 7));
    assert_eq!(world.hub.numbers().sent_bytes, 7);
}

#[test]
fn bad_input_is_counted_by_kind_also_of_those_who_are_no_clients_yet() {
    let builder = Hub::builder()
        .before_connect(|connecting| {
            if connecting.path() == "/authenticate" {
                connecting.authenticate();
            }
            Ok(())
        })
        .authenticate(|session| {
            Box::pin(async move { session.receive().await.map(drop).map_err(Into::into) })
        });
    let mut world = World::new(builder);
    for (path, bytes) in
        [("/", &[0x81, 0x00][..]), ("/", &[0x83, 0x80, 0, 0, 0, 0]), ("/authenticate", &[0x81, 0x00])]
    {
        let peer = world.accept();
        peer.ask_for(path, bytes);
        world.run();
        peer.end();
        world.run();
    }
    let numbers = world.hub.numbers();
    assert_eq!(numbers.bad_input, BTreeMap::from([("reserved opcode", 1), ("unmasked frame", 2)]));
    assert_eq!(numbers.rejections, 1);
}

#[test]
fn hooks_that_panic_and_hooks_that_are_late_are_counted_by_name() {
    struct Fails;
    impl Handler for Fails {
        async fn message(&self, _: &crate::Client, message: throng_core::websocket::Message) {
            if message.as_bytes() == b"wait" {
                pending::<()>().await;
            }
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    }
    let mut world = World::new(Hub::builder().handler(Fails));
    for text in ["wait", "panic", "wait", "panic", "panic"] {
        let peer = world.connect();
        peer.send(text);
        world.pass(Duration::from_secs(5));
    }
    let numbers = world.hub.numbers();
    assert_eq!(numbers.hooks_late, BTreeMap::from([("message", 2)]));
    assert_eq!(numbers.hooks_panicked, BTreeMap::from([("message", 3)]));
}

#[test]
fn strangers_refusals_and_accepts_that_fail_are_counted() {
    let builder = Hub::builder()
        .before_connect(|connecting| {
            connecting.authenticate();
            Ok(())
        })
        .authenticate(|_| Box::pin(async { Err(CloseFrame::new(CloseCode(4401), "no")) }));
    let mut world = World::new(builder);
    for _ in 0..3 {
        let peer = world.accept();
        peer.ask();
        world.run();
        peer.end();
        world.run();
    }
    let plain = world.accept();
    plain.push(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    world.run();
    let _ = world.hosted.accept_failed(&io::ErrorKind::OutOfMemory.into());
    let _ = world.hub.send_to_room("attic", "hello");
    let numbers = world.hub.numbers();
    assert_eq!((numbers.rejections, numbers.accepts_failed), (3, 1));
    assert_eq!(numbers.refused_requests.values().sum::<u64>(), 1);
    assert_eq!(numbers.stats.refusals.of(Refusal::NoSuchRoom), 1);
    assert!(numbers.health.is_ready);
}
