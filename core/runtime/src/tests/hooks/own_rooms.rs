use super::{Diary, ask, only};
use crate::{Publish, SendError};
use throng_core::CloseCode;
use throng_core::hub::{Error, Lifetime, Members, Publishers, Refusal, RoomConfig, Target};

const STAGE: RoomConfig = RoomConfig {
    members: Some(1),
    publishers: Publishers::Application,
    policy: None,
    lifetime: Lifetime::Kept,
    history: None,
    presence: None,
};

fn may_not_publish<T>() -> Result<T, SendError> {
    Err(SendError::Hub(Error::Refused(Refusal::MayNotPublish)))
}

#[test]
fn who_was_in_a_room_that_was_closed_is_told_so() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/?room=lobby");
    diary.lines();
    assert_eq!(world.hub.close_room("lobby", Members::Leave), Ok(1));
    assert!(!world.hub.room_exists("lobby"));
    world.run();
    peer.send("join lobby");
    world.run();
    assert_eq!(
        diary.lines(),
        [
            "left lobby RoomClosed",
            "before_message",
            "message join lobby",
            "before_join lobby",
            "after_message Done",
            "joined lobby 1"
        ]
    );
    assert_eq!(world.hub.close_room("other", Members::Leave), Err(Error::Refused(Refusal::NoSuchRoom)));
}

#[test]
fn who_is_disconnected_with_a_room_hears_its_code() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/?room=lobby");
    world.hub.join(only(&world).id(), "other").unwrap();
    world.run();
    diary.lines();
    let end = Members::Disconnect { code: CloseCode(4007), reason: "the show is over" };
    assert_eq!(world.hub.close_room("lobby", end), Ok(1));
    world.run();
    assert_eq!(peer.answer().1, ["closed Some(4007)"]);
    peer.end();
    world.run();
    assert_eq!(diary.lines(), ["left lobby RoomClosed", "left other Ended", "disconnected 4007 Application"]);
}

#[test]
fn a_client_publishes_where_it_may() {
    let mut world = Diary::default().world();
    world.hub.configure_room("stage", STAGE).unwrap();
    let peer = ask(&mut world, "/?room=stage");
    let client = only(&world);
    assert_eq!(client.send_to_room("stage", "x"), may_not_publish());
    let both = [Target::Client(client.id()), Target::Room("stage")];
    assert_eq!(client.publish(&Publish::to(&both), "x"), may_not_publish());
    assert_eq!(world.hub.send_to_room("stage", "from above").unwrap().queued, 1);
    world.hub.configure_room("stage", RoomConfig { publishers: Publishers::Members, ..STAGE }).unwrap();
    assert_eq!(client.send_to_room("stage", "from within").unwrap().queued, 1);
    world.run();
    assert_eq!(peer.answer().1, ["from above", "from within"]);
}

#[test]
fn a_first_room_that_is_full_by_its_own_config_refuses_the_request() {
    let mut world = Diary::default().world();
    world.hub.configure_room("stage", STAGE).unwrap();
    assert_eq!(world.hub.room_config("stage"), Some(STAGE));
    assert!(ask(&mut world, "/?room=stage").answer().0.starts_with("HTTP/1.1 101"));
    assert!(ask(&mut world, "/?room=stage").answer().0.starts_with("HTTP/1.1 503"));
    world.hub.configure_room("stage", RoomConfig { members: Some(2), ..STAGE }).unwrap();
    assert!(ask(&mut world, "/?room=stage").answer().0.starts_with("HTTP/1.1 101"));
}
