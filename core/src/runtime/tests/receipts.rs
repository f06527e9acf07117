//! Receipts: what became of a single message.

use super::host::World;
use super::peer::Peer;
use crate::CloseCode;
use crate::hub::{Config, DropReason, Policy, Target};
use crate::runtime::{Client, Hub, Publish, Receipt, ReceiptWait, SendError};
use std::sync::{Arc, Mutex};

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
    peer.end();
    world.run();
    assert_eq!(taken(&told), Some(Receipt::Gone));
    assert!(client.send_with_receipt("hello").is_err());
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
