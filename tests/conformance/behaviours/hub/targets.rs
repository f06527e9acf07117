//! Rooms, users and clients as targets, and what comes of what is sent to them.

use throng_core::ClientId;
use throng_core::hub::{Error, Refusal, Target};
use throng_core::websocket::Message;
use throng_runtime::{Publish, SendError};
use throng_tests::wait::eventually;

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

pub(crate) fn a_thousand_messages_arrive_once_and_in_order(host: &Host) {
    let server = host.server(|_| {});
    run(async {
        let mut writer = Peer::enter(&server, "/ws").await;
        let mut readers = Vec::new();
        for _ in 0..10 {
            readers.push(Peer::enter(&server, "/ws").await);
        }
        for burst in 0..10 {
            for number in 0..100 {
                writer.say(&format!("{}", burst * 100 + number)).await;
            }
            for number in 0..100 {
                assert_eq!(writer.text().await, format!("{}", burst * 100 + number));
            }
        }
        for reader in &mut readers {
            for number in 0..1_000 {
                assert_eq!(reader.text().await, format!("{number}"));
            }
        }
        assert_eq!(server.hub.stats().dropped(), 0);
    });
}

pub(crate) fn a_message_goes_to_those_whom_the_application_chooses(host: &Host) {
    let server = host.server(|_| {});
    run(async {
        let mut red = Peer::enter(&server, "/user/red").await;
        let mut blue = Peer::enter(&server, "/user/blue").await;
        let hub = &server.hub;
        for id in hub.clients() {
            hub.join(id, "pitch").expect("it is open");
            let client = hub.client(id).expect("it is there");
            client.insert(u32::from(client.user().as_deref() == Some("red")));
        }
        let pitch = [Target::Room("pitch")];
        let to_red =
            hub.publish_where(&Publish::to(&pitch), "attack", |client| client.get::<u32>() == Some(1));
        assert_eq!(to_red.map(|published| published.queued), Ok(1));
        assert_eq!(hub.send_to_room("pitch", "play").expect("they are there").queued, 2);
        for expected in ["attack", "play"] {
            assert_eq!(red.text().await, expected);
        }
        assert_eq!(blue.text().await, "play");
    });
}

pub(crate) fn users_and_exceptions_are_targets(host: &Host) {
    let server = host.server(|_| {});
    run(async {
        let mut ann = Peer::enter(&server, "/user/ann").await;
        let mut bob = Peer::enter(&server, "/user/bob").await;
        let hub = &server.hub;
        let id = hub.clients_of("ann")[0];
        assert_eq!(hub.client(id).expect("it is there").user().as_deref(), Some("ann"));
        hub.join(id, "a").expect("it is open");
        hub.join(hub.clients_of("bob")[0], "a").expect("it is open");
        assert_eq!(hub.send_to_user("bob", "for bob").expect("he is there").queued, 1);
        let all = &[Target::Room("a"), Target::All];
        let but_ann = hub.publish(&Publish::to(all).except(&[id]), "but ann").expect("they are there");
        assert_eq!(but_ann.queued, 1, "once, though he is in both");
        let but_bob = hub.publish(&Publish::to(all).except_user("bob"), "but bob").expect("they are there");
        assert_eq!(but_bob.queued, 1);
        assert_eq!(hub.send_to(id, "for ann").expect("she is there").queued, 1);
        assert_eq!(hub.broadcast(Message::Text("all".into())).expect("they are there").queued, 2);
        for expected in ["for bob", "but ann", "all"] {
            assert_eq!(bob.text().await, expected);
        }
        for expected in ["but bob", "for ann", "all"] {
            assert_eq!(ann.text().await, expected);
        }
    });
}

pub(crate) fn who_joins_and_leaves_by_the_hub_hears_its_rooms(host: &Host) {
    let server = host.server(|_| {});
    run(async {
        let mut peer = Peer::enter(&server, "/user/ann").await;
        let mut second = Peer::enter(&server, "/user/ann").await;
        let hub = &server.hub;
        let client = hub.client(hub.clients_of("ann")[0]).expect("it is there");
        assert_eq!(hub.join(client.id(), "a").map(|joined| joined.members), Ok(1));
        hub.join(client.id(), "b").expect("it is open");
        assert_eq!(hub.send_to_room("a", "in a").expect("it is there").queued, 1);
        client.leave("a").await.expect("it is a member");
        assert_eq!(hub.send_to_room("a", "x"), Err(SendError::Hub(Error::Refused(Refusal::NoSuchRoom))));
        assert!(client.in_room("b") && !hub.room_exists("a"));
        assert_eq!(client.leave_all().await, Ok(1));
        assert_eq!(hub.send_to_user("ann", "to both").expect("they are there").queued, 2);
        client.set_user(Some("bob")).expect("it is open");
        assert_eq!(hub.send_to_user("ann", "to one").expect("one is there").queued, 1);
        assert_eq!(hub.send_to_user("bob", "as bob").expect("he is there").queued, 1);
        for expected in ["in a", "to both", "as bob"] {
            assert_eq!(peer.text().await, expected);
        }
        for expected in ["to both", "to one"] {
            assert_eq!(second.text().await, expected);
        }
    });
}

pub(crate) fn what_does_not_exist_is_said(host: &Host) {
    let server = host.server(|_| {});
    let raw = server.open("/echo");
    let hub = &server.hub;
    let refused = |refusal| Err(SendError::Hub(Error::Refused(refusal)));
    assert_eq!(hub.send_to_room("nowhere", "x"), refused(Refusal::NoSuchRoom));
    assert_eq!(hub.send_to_user("nobody", "x"), refused(Refusal::NoSuchUser));
    let gone = hub.client(hub.clients()[0]).expect("it is there");
    drop(raw);
    // Its id is known until its transport has ended.
    eventually("it is gone", || hub.client_count() == 0 && hub.stats().closing == 0);
    for id in [gone.id(), ClientId::from_u64(7)] {
        assert_eq!(hub.send_to(id, "x"), Err(SendError::Hub(Error::Gone)));
        assert_eq!(hub.join(id, "a"), Err(Error::Gone));
        assert!(hub.client(id).is_none());
    }
    assert!(gone.send("x").is_err() && !gone.is_open());
}
