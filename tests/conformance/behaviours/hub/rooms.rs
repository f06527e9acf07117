//! Rooms with a config of their own, and how they end.

use throng_core::CloseCode;
use throng_core::hub::{Error, Lifetime, Members, Policy, Publishers, Refusal, RoomConfig};
use throng_runtime::SendError;

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

pub(crate) fn a_room_that_is_closed_lets_its_members_go(host: &Host) {
    let server = host.server(|_| {});
    let hub = &server.hub;
    run(async {
        let mut peers = Vec::new();
        for _ in 0..20 {
            peers.push(Peer::enter(&server, "/room/stage").await);
        }
        assert_eq!(hub.close_room("stage", Members::Leave), Ok(20));
        assert!(!hub.room_exists("stage"));
        assert_eq!(hub.broadcast("you are all still here").expect("they are").queued, 20);
        hub.join(hub.clients()[0], "stage").expect("whoever joins makes a new room");
        assert_eq!(hub.send_to_room("stage", "x").expect("it is there").queued, 1);
        for peer in &mut peers {
            assert_eq!(peer.text().await, "you are all still here");
        }
    });
}

pub(crate) fn a_room_that_is_closed_disconnects_its_members_if_it_is_told_so(host: &Host) {
    let server = host.server(|_| {});
    let hub = &server.hub;
    run(async {
        let mut witness = Peer::enter(&server, "/echo").await;
        let mut peers = Vec::new();
        for _ in 0..20 {
            peers.push(Peer::enter(&server, "/room/stage").await);
        }
        hub.send_to_room("stage", "the end").expect("it is there");
        let end = Members::Disconnect { code: CloseCode(4007), reason: "good night" };
        assert_eq!(hub.close_room("stage", end), Ok(20));
        for peer in &mut peers {
            assert_eq!(peer.text().await, "the end", "what was queued comes first");
            assert_eq!(peer.closed().await, (4007, "good night".into()));
        }
        witness.say("still here").await;
        assert_eq!(witness.text().await, "still here");
        assert_eq!(hub.stats().ended_by_application, 20);
    });
    drop(server);
}

pub(crate) fn who_may_not_publish_to_a_room_is_heard_by_nobody(host: &Host) {
    let server = host.server(|_| {});
    let hub = &server.hub;
    let stage = RoomConfig {
        members: Some(2),
        publishers: Publishers::Application,
        policy: Some(Policy::DropOldest),
        lifetime: Lifetime::Kept,
        history: None,
        presence: None,
    };
    hub.configure_room("stage", stage).expect("it can be");
    run(async {
        let mut peer = Peer::enter(&server, "/room/stage").await;
        let client = hub.client(hub.members("stage")[0]).expect("it is there");
        let refused = SendError::Hub(Error::Refused(Refusal::MayNotPublish));
        assert_eq!(client.send_to_room("stage", "by a client"), Err(refused));
        assert_eq!(hub.send_to_room("stage", "by the application").expect("it is there").queued, 1);
        hub.configure_room("stage", RoomConfig { publishers: Publishers::Members, ..stage })
            .expect("it can be");
        assert_eq!(client.send_to_room("stage", "by a member").expect("it may").queued, 1);
        assert_eq!(peer.text().await, "by the application");
        assert_eq!(peer.text().await, "by a member");
        peer.close(1000, "").await;
        assert_eq!(peer.closed().await.0, 1000);
    });
    server.returns_to(0);
    assert_eq!(hub.room_config("stage").map(|config| config.members), Some(Some(2)), "it is kept");
}
