//! A connection and its client have ids of their own, whose indexes differ, and each table goes by its own.

use super::dropped::parsed;
use super::host::World;
use super::peer::Peer;
use crate::hosting::{Reserved, Transport};
use crate::{Builder, Hub};
use std::future::{pending, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throng_core::{ClientId, CloseCode, ConnectionId};

/// A client for which the hub has made room, through a host whose HTTP server writes the answer.
fn reserved(world: &World) -> Reserved {
    let accepted = world.hosted.accept(None).expect("it takes one");
    let connecting = accepted.check(parsed("/")).expect("the request is valid");
    accepted.reserve(connecting).map_err(|(_, refusal)| refusal).expect("there is room")
}

/// The ids that the runtime keeps: of its connections, and of its clients.
fn kept(world: &World) -> (Vec<ConnectionId>, Vec<ClientId>) {
    world.hub.shared().look(|inner| {
        let connections = inner.connections.iter().filter_map(|state| Some(state.shared.as_ref()?.id));
        let clients = inner.clients.iter().filter_map(|state| Some(state.member.as_ref()?.id));
        (connections.collect(), clients.collect())
    })
}

fn connection_of(world: &World, client: ClientId) -> Option<ConnectionId> {
    world.hub.shared().look(|inner| inner.hub.connection_of(client))
}

type Ends = Arc<Mutex<Vec<(ClientId, CloseCode)>>>;

/// A hub that notes how its clients end.
fn noting() -> (Builder, Ends) {
    let ends = Ends::default();
    let told = Arc::clone(&ends);
    let builder =
        Hub::builder().on_disconnect(move |client, end| told.lock().unwrap().push((client.id(), end.code)));
    (builder, ends)
}

#[test]
fn a_connection_has_no_client_before_it_is_reserved() {
    let mut world = World::new(Hub::builder());
    let _silent = world.accept();
    let (connections, clients) = kept(&world);
    assert_eq!((connections.len(), clients.len()), (1, 0));
    let reserved = reserved(&world);
    let (connections, clients) = kept(&world);
    assert_eq!((connections.len(), clients.len()), (2, 1));
    let connection = connection_of(&world, clients[0]).expect("it is reserved");
    assert!(connections.contains(&connection) && connection.index() != clients[0].index());
    drop(reserved);
    let (connections, clients) = kept(&world);
    assert_eq!((connections.len(), clients.len()), (1, 0));
}

#[test]
fn what_is_for_one_client_comes_to_its_own_connection() {
    let mut world = World::new(Hub::builder());
    let peers: Vec<_> = (0..4).map(|_| world.connect()).collect();
    let clients = world.hub.clients();
    for (at, client) in clients.iter().enumerate() {
        let connection = connection_of(&world, *client).expect("it is open");
        assert_ne!(connection.index(), client.index());
        world.hub.client(*client).expect("it is open").send(format!("to {at}")).expect("there is room");
    }
    world.run();
    for (at, peer) in peers.iter().enumerate() {
        assert_eq!(peer.texts(), [format!("to {at}")]);
    }
    world.hub.close(clients[2], CloseCode::NORMAL, "").expect("it is open");
    world.run();
    for (at, peer) in peers.iter().enumerate() {
        let expected: &[&str] = if at == 2 { &["closed Some(1000)"] } else { &[] };
        assert_eq!(peer.texts(), expected);
    }
}

#[test]
fn a_reservation_that_is_given_up_does_not_take_the_next_client_with_it() {
    let (builder, ends) = noting();
    let mut world = World::new(builder);
    let first = reserved(&world);
    let (_, before) = kept(&world);
    world.pass(Duration::from_secs(10));
    assert_eq!(world.hub.stats().handshake_timeouts, 1);
    // The id of the client is free, while its connection waits for the host to end it.
    let peer = world.connect();
    let client = world.hub.clients()[0];
    assert_eq!((client.index(), client != before[0]), (before[0].index(), true));
    drop(first);
    let (connections, clients) = kept(&world);
    assert_eq!((connections.len(), clients), (1, vec![client]));
    world.hub.client(client).expect("it is still there").send("hello").expect("there is room");
    world.run();
    assert_eq!(peer.texts(), ["hello"]);
    peer.end();
    world.run();
    assert_eq!(*ends.lock().unwrap(), [(client, CloseCode::ABNORMAL)]);
    assert_eq!(kept(&world), (Vec::new(), Vec::new()));
}

#[test]
fn a_reservation_that_is_given_up_ends_the_connection_that_waits_for_its_transport() {
    let mut world = World::new(Hub::builder());
    let waiting = reserved(&world).open(pending::<Option<Transport<Peer>>>());
    let task = world.spawn(waiting);
    world.run();
    world.pass(Duration::from_millis(9_999));
    assert!(!world.has_ended(task));
    world.pass(Duration::from_millis(1));
    assert!(world.has_ended(task));
    assert_eq!(kept(&world), (Vec::new(), Vec::new()));
}

#[test]
fn a_transport_that_comes_after_its_reservation_was_given_up_is_dropped() {
    let mut world = World::new(Hub::builder());
    let reserved = reserved(&world);
    let peer = Peer::default();
    let transport = Transport { reader: peer.clone(), writer: Arc::new(peer.clone()), rest: Vec::new() };
    world.pass(Duration::from_secs(10));
    let task = world.spawn(reserved.open(ready(Some(transport))));
    world.run();
    assert!(world.has_ended(task) && peer.texts().is_empty() && world.hub.clients().is_empty());
    assert_eq!(kept(&world), (Vec::new(), Vec::new()));
}
