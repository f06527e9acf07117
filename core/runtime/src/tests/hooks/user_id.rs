use super::super::host::World;
use super::{Diary, ask, only};
use crate::{Client, Hub, Publish, SendError, UserId};
use std::sync::{Arc, Mutex};
use throng_core::hub::Target;
use throng_core::{CloseCode, Name, hub};

fn comes_back<U: UserId + PartialEq + std::fmt::Debug>(user: U, name: &str) {
    assert_eq!(user.to_name(), name);
    assert_eq!(U::from_name(name), Some(user));
}

#[test]
fn a_user_is_the_value_of_its_name() {
    comes_back(0_u64, "0");
    comes_back(u128::MAX, "340282366920938463463374607431768211455");
    comes_back(i32::MIN, "-2147483648");
    comes_back(String::from("ada"), "ada");
    comes_back(Name::from("ada"), "ada");
    #[cfg(feature = "json")]
    comes_back(crate::JsonId((7_u8, "seven".to_owned())), r#"[7,"seven"]"#);
}

#[test]
fn a_name_that_no_value_has_is_nobodys() {
    for name in ["", "x", "+7", "007", "4294967296", "-0", " 7"] {
        assert_eq!(u32::from_name(name), None, "{name}");
        assert_eq!(i32::from_name(name).filter(|_| name != "7"), None, "{name}");
    }
    #[cfg(feature = "json")]
    for name in ["[7, 8]", "[7]", "", "{"] {
        assert_eq!(crate::JsonId::<(u8, u8)>::from_name(name), None, "{name}");
    }
}

#[test]
fn a_hub_is_spoken_to_in_values() {
    let mut world = Diary::default().world();
    let peer = ask(&mut world, "/");
    let client = only(&world);
    let users = world.hub.users::<u32>();
    users.set(client.id(), Some(&42)).unwrap();
    assert_eq!((client.user_as::<u32>(), client.user().as_deref()), (Some(42), Some("42")));
    assert_eq!(users.clients_of(&42), [client.id()]);
    assert_eq!(users.send_to(&42, "hello").unwrap().queued, 1);
    assert!(users.send_to(&43, "hello").is_err());
    users.set(client.id(), None).unwrap();
    assert_eq!(client.user_as::<u32>(), None);
    world.run();
    assert_eq!(peer.answer().1, ["hello"]);
}

/// Which user left which room, and which user ended, as the hooks were told.
type Told = Arc<Mutex<Vec<(&'static str, Option<Name>)>>>;

fn telling() -> (World, Told) {
    let told = Told::default();
    let tell = |hook: &'static str| {
        let told = Arc::clone(&told);
        move |client: &Client| told.lock().unwrap().push((hook, client.user()))
    };
    let (left, disconnected) = (tell("left"), tell("disconnected"));
    let builder = Hub::builder()
        .on_connect(|client| _ = client.hub().join(client.id(), "lobby"))
        .on_leave(move |client, _, _| left(client))
        .on_disconnect(move |client, _| disconnected(client));
    (World::new(builder), told)
}

#[test]
fn the_last_hooks_know_whose_client_it_was_however_it_ends() {
    let ends: [fn(&Hub, &Client, &super::Peer); 5] = [
        |_, client, _| client.close(CloseCode::NORMAL, "bye").unwrap(),
        |hub, _, _| hub.shutdown(),
        |_, _, peer| peer.end(),
        |_, _, peer| peer.fail(std::io::ErrorKind::ConnectionReset),
        |_, _, peer| peer.push(&[0x88, 0x80, 0, 0, 0, 0]),
    ];
    for (at, end) in ends.into_iter().enumerate() {
        let (mut world, told) = telling();
        let peer = world.connect();
        let client = only(&world);
        client.set_user(Some("bob")).unwrap();
        client.set_user(Some("ada")).unwrap();
        end(&world.hub, &client, &peer);
        world.run();
        peer.end();
        world.run();
        let ada = Some(Name::from("ada"));
        assert_eq!(*told.lock().unwrap(), [("left", ada.clone()), ("disconnected", ada.clone())], "end {at}");
        assert_eq!(client.user(), ada, "and the handle knows it for good");
        assert!(world.hub.clients_of("ada").is_empty());
    }
}

#[test]
fn who_is_nobodys_any_more_ends_as_nobodys() {
    let (mut world, told) = telling();
    let peer = world.connect();
    let client = only(&world);
    client.set_user(Some("ada")).unwrap();
    client.set_user(None).unwrap();
    assert_eq!(client.user(), None);
    peer.end();
    world.run();
    assert_eq!(*told.lock().unwrap(), [("left", None), ("disconnected", None)]);
}

#[test]
fn a_publish_may_leave_out_all_clients_of_a_user() {
    let mut world = World::new(Hub::builder());
    let peers: Vec<_> = (0..4).map(|_| world.connect()).collect();
    let clients: Vec<_> = world.hub.clients().into_iter().map(|id| world.hub.client(id).unwrap()).collect();
    for (at, client) in clients.iter().enumerate() {
        world.hub.join(client.id(), "room").unwrap();
        client.set_user(Some(if at < 2 { "ada" } else { "bob" })).unwrap();
    }
    let (to, one) = ([Target::Room("room"), Target::All], [clients[3].id()]);
    let publish = Publish::to(&to).except_user("ada").except(&one);
    assert_eq!(world.hub.publish(&publish, "a").unwrap().queued, 1);
    assert_eq!(clients[0].publish(&publish, "b").unwrap().queued, 1);
    assert_eq!(world.hub.publish_where(&publish, "c", |client| *client != clients[3]).unwrap().queued, 1);
    let sent = Arc::<Mutex<_>>::default();
    let (hub, result) = (world.hub.clone(), Arc::clone(&sent));
    world.spawn(async move {
        let to = [Target::Room("room")];
        let publish = Publish::to(&to).except_user("bob");
        *result.lock().unwrap() = Some(hub.publish_within(&publish, "d", std::time::Duration::ZERO).await);
    });
    world.run();
    assert_eq!(sent.lock().unwrap().clone().unwrap().unwrap().queued, 2);
    assert_eq!(peers.iter().map(|peer| peer.texts().concat()).collect::<Vec<_>>(), ["d", "d", "abc", ""]);
    let nobody = Publish::to(&to).except_user("carl");
    assert_eq!(world.hub.publish(&nobody, "e").unwrap().queued, 4);
}

#[test]
fn what_a_client_says_is_not_passed_on_once_it_has_ended() {
    let mut world = World::new(Hub::builder());
    let (_peer, _other) = (world.connect(), world.connect());
    let client = world.hub.client(world.hub.clients()[0]).unwrap();
    let (to, not_to) = ([Target::All], [client.id()]);
    let publish = Publish::to(&to).except(&not_to);
    client.close(CloseCode::POLICY, "enough").unwrap();
    assert_eq!(client.publish(&publish, "more"), Err(SendError::Hub(hub::Error::NotOpen)));
    world.cancel(&_peer);
    assert_eq!(client.publish(&publish, "more"), Err(SendError::Hub(hub::Error::Gone)));
    // The application publishes without asking a sender, so a stale id among the exceptions is ignored.
    assert_eq!(world.hub.publish(&publish, "news").unwrap().queued, 1);
}
