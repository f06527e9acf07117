//! Receipts: the fate of single messages.

use super::host::World;
use super::peer::Peer;
use crate::{Client, DropNotice, Handler, Hub, Publish, Receipt, ReceiptId, ReceiptWait, SendError};
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throng_core::CloseCode;
use throng_core::hub::{Config, DropReason, Policy, Target};

type Told = Arc<Mutex<Option<Receipt>>>;

fn world(change: impl FnOnce(&mut Config)) -> (World, Peer, Client) {
    let mut config = Config::default();
    change(&mut config);
    let mut world = World::new(Hub::builder().config(config));
    let peer = world.connect();
    let client = world.hub.client(world.hub.clients()[0]).expect("it is open");
    (world, peer, client)
}

/// Waits for a receipt in a task of its own.
fn wait(world: &mut World, receipt: Result<ReceiptWait, SendError>) -> Told {
    let (told, receipt) = (Told::default(), receipt.expect("it is queued"));
    let tells = Arc::clone(&told);
    world.spawn(async move {
        let receipt = receipt.await;
        *tells.lock().unwrap() = Some(receipt);
    });
    world.run();
    told
}

fn taken(told: &Told) -> Option<Receipt> {
    told.lock().unwrap().take()
}

#[test]
fn a_receipt_comes_when_the_transport_has_taken_all_of_it() {
    let (mut world, peer, client) = world(|_| {});
    peer.set_room(Some(3));
    let first = client.send_with_receipt("hello");
    let first = wait(&mut world, first);
    let second = client.send_with_receipt("again");
    let second = wait(&mut world, second);
    assert_eq!(taken(&first), None, "a part is not all");
    peer.set_room(Some(6));
    world.run();
    assert_eq!((taken(&first), taken(&second)), (Some(Receipt::Written), None));
    peer.set_room(None);
    world.run();
    assert_eq!(taken(&second), Some(Receipt::Written));
    assert_eq!(peer.texts(), ["hello", "again"]);
}

#[test]
fn a_receipt_that_is_fetched_late_is_there() {
    let (mut world, _peer, client) = world(|_| {});
    let receipt = client.send_with_receipt("hello");
    world.run();
    let told = wait(&mut world, receipt);
    assert_eq!(taken(&told), Some(Receipt::Written));
}

#[test]
fn what_is_dropped_later_says_why_and_what_is_not_goes_on_waiting() {
    let (mut world, peer, client) = world(|config| config.outbox.messages = 3);
    peer.set_room(Some(1));
    let receipts: Vec<_> = ["one", "two", "three"]
        .map(|text| {
            let receipt = client.send_with_receipt(text);
            wait(&mut world, receipt)
        })
        .into();
    let all = [Target::All];
    let by = |policy| world.hub.publish(&Publish::to(&all).policy(policy), "news").expect("it is there");
    assert_eq!(by(Policy::DropOldest).queued, 1);
    world.run();
    let told: Vec<_> = receipts.iter().map(taken).collect();
    assert_eq!(told, [None, Some(Receipt::Dropped(DropReason::OutboxFull)), None]);
    peer.set_room(None);
    world.run();
    let told: Vec<_> = receipts.iter().map(taken).collect();
    assert_eq!(told, [Some(Receipt::Written), None, Some(Receipt::Written)]);
    assert_eq!(peer.texts(), ["one", "three", "news"]);
}

#[test]
fn what_finds_no_room_is_an_error_and_leaves_nothing_behind() {
    let (mut world, peer, client) = world(|config| config.outbox.messages = 1);
    peer.set_room(Some(0));
    let first = client.send_with_receipt("one");
    world.run();
    assert_eq!(client.send_with_receipt("two").err(), Some(SendError::Full));
    peer.set_room(None);
    let first = wait(&mut world, first);
    assert_eq!(taken(&first), Some(Receipt::Written));
}

#[test]
fn a_receipt_ends_when_the_peer_goes() {
    let (mut world, peer, client) = world(|_| {});
    peer.set_room(Some(0));
    let receipt = client.send_with_receipt("hello");
    let told = wait(&mut world, receipt);
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    assert_eq!(taken(&told), Some(Receipt::Gone));
    assert!(client.send_with_receipt("hello").is_err());
}

#[test]
fn a_receipt_for_a_transport_that_takes_nothing_any_more_ends_at_once() {
    let (mut world, peer, client) = world(|_| {});
    peer.break_off();
    let first = client.send_with_receipt("hello");
    let first = wait(&mut world, first);
    let second = client.send_with_receipt("hello");
    let second = wait(&mut world, second);
    assert_eq!((taken(&first), taken(&second)), (Some(Receipt::Gone), Some(Receipt::Gone)));
}

#[test]
fn a_send_that_may_wait_is_an_error_when_the_transport_takes_nothing_any_more() {
    let (mut world, peer, client) = world(|_| {});
    peer.break_off();
    client.send("lost").expect("the hub does not know yet");
    world.run();
    let mut sent = std::pin::pin!(client.send_wait("hello"));
    let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(sent) = Future::poll(sent.as_mut(), cx) else { panic!("it waits") };
    assert_eq!(sent, Err(SendError::Hub(throng_core::hub::Error::Gone)));
}

#[test]
fn a_close_that_flushes_still_writes_and_one_that_comes_to_nothing_says_so() {
    for is_read in [true, false] {
        let (mut world, peer, client) = world(|_| {});
        peer.set_room(Some(0));
        let receipt = client.send_with_receipt("hello");
        let told = wait(&mut world, receipt);
        client.close(CloseCode::NORMAL, "bye").expect("it is open");
        world.run();
        assert_eq!(taken(&told), None, "it is still to be written");
        if is_read {
            peer.set_room(None);
            world.run();
        } else {
            world.pass(Config::default().deadlines.close);
            peer.end();
            world.run();
        }
        assert_eq!(taken(&told), Some(if is_read { Receipt::Written } else { Receipt::Gone }));
    }
}

#[test]
fn a_receipt_that_nobody_waits_for_costs_only_itself() {
    let (mut world, peer, client) = world(|_| {});
    peer.set_room(Some(0));
    drop(client.send_with_receipt("hello"));
    let told = client.send_with_receipt("again");
    let told = wait(&mut world, told);
    peer.set_room(None);
    world.run();
    assert_eq!(taken(&told), Some(Receipt::Written));
    assert_eq!(peer.texts(), ["hello", "again"]);
}

#[test]
fn an_answer_that_no_lane_writes_has_its_receipt_too() {
    let told: Told = Told::default();
    let tells = Arc::clone(&told);
    let waits: Arc<Mutex<Option<ReceiptWait>>> = Arc::default();
    let keeps = Arc::clone(&waits);
    let builder = Hub::builder().on_message(move |client: &Client, _| {
        *keeps.lock().unwrap() = client.send_with_receipt("first").ok();
        let _ = client.send("second");
    });
    let mut world = World::new(builder);
    let peer = world.connect();
    peer.let_answer();
    peer.send("hello");
    world.run();
    let receipt = waits.lock().unwrap().take().expect("it was queued");
    world.spawn(async move {
        let receipt = receipt.await;
        *tells.lock().unwrap() = Some(receipt);
    });
    world.run();
    assert_eq!(taken(&told), Some(Receipt::Written));
    assert_eq!(peer.texts(), ["first", "second"]);
}

/// What the hook was told.
type Hooked = Arc<Mutex<Vec<DropNotice>>>;

fn hooked(change: impl FnOnce(&mut Config)) -> (World, Peer, Client, Hooked) {
    let mut config = Config::default();
    change(&mut config);
    let hooked = Hooked::default();
    let told = Arc::clone(&hooked);
    let builder = Hub::builder().on_dropped(move |_, dropped| told.lock().unwrap().push(dropped));
    let mut world = World::new(builder.config(config));
    let peer = world.connect();
    let client = world.hub.client(world.hub.clients()[0]).expect("it is open");
    (world, peer, client, hooked)
}

fn send(client: &Client, text: &str) -> ReceiptWait {
    client.send_with_receipt(text).expect("it is queued")
}

fn make_room(world: &mut World) {
    let all = [Target::All];
    world.hub.publish(&Publish::to(&all).policy(Policy::DropOldest), "news").expect("it is there");
    world.run();
}

#[test]
fn the_hook_names_those_dropped_messages_that_somebody_wants_to_know_of() {
    let (mut world, peer, client, hooked) = hooked(|config| config.outbox.messages = 6);
    peer.set_room(Some(1));
    let first = send(&client, "being written").detach();
    world.run();
    let detached = send(&client, "detached").detach();
    client.send("without a receipt").expect("there is room");
    drop(send(&client, "forgotten"));
    let awaited = send(&client, "awaited");
    let (id, told) = (awaited.id(), wait(&mut world, Ok(awaited)));
    let last = send(&client, "last").detach();
    assert!(first < detached && detached < id && id < last);
    assert_eq!([first, detached, id, last].map(ReceiptId::client), [client.id(); 4]);
    for _ in 0..4 {
        make_room(&mut world);
    }
    let receipts: Vec<_> = hooked.lock().unwrap().iter().map(|dropped| dropped.receipts.clone()).collect();
    assert_eq!(receipts, [vec![detached], vec![], vec![], vec![id]]);
    assert_eq!(taken(&told), Some(Receipt::Dropped(DropReason::OutboxFull)));
    assert!(hooked.lock().unwrap().iter().all(|dropped| (dropped.frames, dropped.unnamed) == (1, 0)));
    peer.set_room(None);
    world.run();
    assert_eq!(hooked.lock().unwrap().len(), 4, "what was written is in no hook");
    assert_eq!(peer.texts(), ["being written", "last", "news", "news", "news", "news"]);
}

#[test]
fn what_a_client_loses_by_its_end_is_named_before_that() {
    for flush in [true, false] {
        let (mut world, peer, client, hooked) = hooked(|_| {});
        peer.set_room(Some(0));
        let ids = ["one", "two"].map(|text| send(&client, text).detach());
        world.run();
        if flush {
            // It is still to be written: after the end no hook is called.
            client.close(CloseCode::NORMAL, "").expect("it is open");
            world.run();
        }
        peer.fail(ErrorKind::ConnectionReset);
        world.run();
        let told = hooked.lock().unwrap();
        if flush {
            assert_eq!(*told, []);
        } else {
            assert_eq!((&*told[0].receipts, told[0].reason), (&ids[..], DropReason::Closed));
        }
    }
}

#[test]
fn a_message_for_which_the_hub_has_no_room_is_named_too() {
    let (mut world, peer, client, hooked) = hooked(|config| {
        config.outbox.message_bytes = 1_000;
        (config.outbox.bytes, config.outbox.hub_bytes) = (4_000, 4_000);
    });
    peer.set_room(Some(0));
    let mut lost = Vec::new();
    for _ in 0..20 {
        let Ok(wait) = client.send_with_receipt("x".repeat(900)) else { continue };
        lost.push(wait.detach());
        world.run();
    }
    let told: Vec<_> = hooked.lock().unwrap().iter().flat_map(|dropped| dropped.receipts.clone()).collect();
    let waiting = world.hub.stats().pending() as usize;
    assert!(!told.is_empty());
    let mut named = told.clone();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named.len(), told.len(), "each once");
    assert_eq!(told.len() + waiting, lost.len(), "what does not wait any more is named");
}

/// An application whose hook never returns from its first call.
struct Late(Hooked);

impl Handler for Late {
    async fn dropped(&self, _: &Client, dropped: DropNotice) {
        let is_first = self.0.lock().unwrap().is_empty();
        self.0.lock().unwrap().push(dropped);
        if is_first {
            std::future::pending::<()>().await;
        }
    }
}

#[test]
fn while_the_hook_is_late_so_many_are_named_and_the_others_counted() {
    let mut config = Config::default();
    (config.outbox.messages, config.outbox.policy) = (2, Policy::DropOldest);
    let hooked = Hooked::default();
    let mut world = World::new(Hub::builder().handler(Late(Arc::clone(&hooked))).config(config));
    let peer = world.connect();
    let client = world.hub.client(world.hub.clients()[0]).expect("it is open");
    peer.set_room(Some(1));
    client.send("being written").expect("there is room");
    world.run();
    for _ in 0..1_102 {
        send(&client, "soon dropped").detach();
        world.run();
    }
    world.pass(Duration::from_secs(6));
    let told = hooked.lock().unwrap();
    assert_eq!((told[0].frames, told[0].receipts.len()), (1, 1));
    assert_eq!((told[1].frames, told[1].receipts.len(), told[1].unnamed), (1_100, 1_024, 76));
}

#[test]
fn ids_read_as_client_and_number() {
    let (_world, _peer, client) = world(|_| {});
    let id = send(&client, "hello").detach();
    let text = id.to_string();
    assert!(text.starts_with(&format!("{}:", client.id())), "{text}");
    assert_eq!(format!("{id:?}"), text);
}
