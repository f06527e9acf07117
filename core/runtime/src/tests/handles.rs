//! The application's calls of handles, from anywhere and in any hook.

use super::host::World;
use super::peer::Peer;
use crate::{Client, DropNotice, Hub, KeepRequests};
use std::sync::{Arc, Mutex};
use throng_core::hub::Config;

fn ask(world: &mut World, path: &str) -> Peer {
    let peer = world.accept();
    peer.ask_for(path, &[]);
    world.run();
    peer
}

/// A hub whose clients belong to the user in the query, and are in the user's room.
fn named() -> World {
    let builder = Hub::builder().keep_requests(KeepRequests::Always).before_connect(|connecting| {
        if let Some(user) = connecting.request().query("user") {
            connecting.set_user(user);
        }
        connecting.join("lobby");
        Ok(())
    });
    World::new(builder)
}

fn names<T: ToString>(names: &[T]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(T::to_string).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_hub_answers_every_question_about_clients_users_and_rooms() {
    let mut world = named();
    let (_ann, bob) = (ask(&mut world, "/?user=ann"), ask(&mut world, "/?user=bob"));
    let hub = world.hub.clone();
    let ids = hub.clients();
    assert_eq!((ids.len(), hub.client_count(), hub.connection_count()), (2, 2, 2));
    assert_eq!(hub.clients_of("ann"), [ids[0]]);
    assert_eq!(hub.client(ids[1]).unwrap().user().as_deref(), Some("bob"));
    hub.join(ids[0], "den").unwrap();
    assert_eq!((hub.members("lobby"), hub.member_count("lobby")), (ids.clone(), 2));
    assert_eq!((hub.members("den"), hub.member_count("den")), (vec![ids[0]], 1));
    assert_eq!((names(&hub.room_names()), hub.room_count()), (vec!["den".into(), "lobby".into()], 2));
    assert!(hub.room_exists("den") && !hub.room_exists("attic"));

    bob.end();
    world.run();
    assert_eq!((hub.clients(), hub.member_count("lobby")), (vec![ids[0]], 1));
    assert!(hub.client(ids[1]).is_none() && hub.clients_of("bob").is_empty());
    assert!(hub.members("attic").is_empty() && hub.member_count("attic") == 0);
}

#[test]
fn a_client_answers_every_question_about_itself() {
    let mut world = named();
    let peer = ask(&mut world, "/chat?user=ann");
    let client = world.hub.client(world.hub.clients()[0]).unwrap();
    world.hub.join(client.id(), "den").unwrap();
    assert_eq!(client.user().as_deref(), Some("ann"));
    assert_eq!((names(&client.rooms()), client.room_count()), (vec!["den".into(), "lobby".into()], 2));
    assert!(client.in_room("den") && !client.in_room("attic"));
    assert!(client.is_open() && client.connected_at().is_some() && client.closed_at().is_none());
    let request = client.request().unwrap();
    assert_eq!((request.path(), request.query("user").as_deref()), ("/chat", Some("ann")));
    assert!(request.header("host").is_some());
    assert_eq!(client.outbox(), Some((0, 0)));

    peer.end();
    world.run();
    assert!(!client.is_open() && client.closed_at().is_some() && client.connected_at() <= client.closed_at());
    assert!(client.rooms().is_empty());
    assert_eq!(client.user().as_deref(), Some("ann"), "it is asked for in the last hooks");
}

#[test]
fn what_is_dropped_is_told_under_no_lock() {
    let told: Arc<Mutex<Vec<DropNotice>>> = Arc::default();
    let seen = Arc::clone(&told);
    let mut config = Config::default();
    config.outbox.messages = 1;
    let builder = Hub::builder().config(config).on_dropped(move |client: &Client, dropped| {
        let told = {
            let mut seen = seen.lock().unwrap();
            seen.push(dropped);
            seen.len()
        };
        // Each of these calls would wait forever under the hub's lock. Both messages are dropped for this client as
        // well, which is told.
        if told == 1 {
            let _ = client.send("you missed something");
            let _ = client.hub().broadcast("somebody missed something");
            assert_eq!(client.hub().client_count(), 2);
        }
    });
    let mut world = World::new(builder);
    let (slow, other) = (world.connect(), world.connect());
    slow.set_room(Some(0));
    let client = world.hub.client(world.hub.clients()[0]).unwrap();
    assert_eq!([(); 2].map(|()| client.send("x").is_ok()), [true, false]);
    world.run();
    let frames: Vec<_> = told.lock().unwrap().iter().map(|dropped| dropped.frames).collect();
    assert_eq!(frames, [1, 2]);
    assert_eq!(other.texts(), ["somebody missed something"]);
}

#[cfg(feature = "json")]
#[test]
fn a_value_is_encoded_once_however_many_get_it() {
    use core::cell::Cell;
    use serde::{Serialize, Serializer};

    struct Counting<'a>(&'a Cell<u32>);
    impl Serialize for Counting<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.set(self.0.get() + 1);
            serializer.serialize_str("hello")
        }
    }

    let mut world = World::new(Hub::builder());
    let peers = [(); 5].map(|()| world.connect());
    let times = Cell::new(0);
    let published = world.hub.broadcast(crate::Json(Counting(&times))).unwrap();
    world.run();
    assert_eq!((published.queued, times.get()), (5, 1));
    for peer in peers {
        assert_eq!(peer.texts(), ["\"hello\""]);
    }
}
