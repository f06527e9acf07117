use super::{assert_clean, config, connect, lose, participant, world, world_with};
use crate::participants::ParticipantError;
use crate::{Hub, SendError};
use throng_core::hub;

#[test]
fn a_message_goes_to_one_or_to_all_but_some() {
    let (mut world, _) = world();
    let peers = ["ada", "bob", "cy"].map(|user| connect(&mut world, &format!("/7?user={user}")).0);
    let (other, _) = connect(&mut world, "/8?user=ada");
    let participants = world.hub.participants();
    participants.send_to("7", "bob", "for bob").unwrap();
    let published = participants.broadcast("7", &["cy", "nobody"], "not for cy").unwrap();
    assert_eq!((published.queued, published.dropped), (2, 0));
    assert_eq!(participants.broadcast("7", &[], "for all").unwrap().queued, 3);
    world.run();
    let heard = peers.map(|peer| peer.texts().join(", "));
    assert_eq!(heard, ["not for cy, for all", "for bob, not for cy, for all", "for all"]);
    assert_eq!(other.texts(), Vec::<String>::new());
    assert_clean(&world);
}

#[test]
fn who_is_not_there_is_a_typed_error() {
    let (mut world, _) = world();
    let participants = world.hub.participants();
    assert_eq!(participants.send_to("7", "ada", "x"), Err(ParticipantError::RoomNotFound));
    assert_eq!(participants.broadcast("7", &[], "x"), Err(ParticipantError::RoomNotFound));
    assert_eq!(participants.get("7", ""), Err(ParticipantError::EmptyParticipantId));
    let (_ada, _) = connect(&mut world, "/7?user=ada");
    assert_eq!(participants.send_to("7", "bob", "x"), Err(ParticipantError::ParticipantNotFound));
    assert_eq!(participants.send_to("7", "", "x"), Err(ParticipantError::EmptyParticipantId));
    assert_eq!(participants.send_to("7", "ada", "x"), Ok(()));
    // A client of a session that no participant has is none, though it is in the room.
    let client = world.hub.find_session("\0").map(|client| client.id());
    assert_eq!(client, None);
}

#[test]
fn an_away_participant_whose_queue_is_full_is_offline() {
    let mut config = config();
    config.sessions.messages = 2;
    let (mut world, _) = world_with(config);
    let (ada, _) = connect(&mut world, "/7?user=ada");
    let handle = participant(&world, "7", "ada");
    lose(&mut world, &ada);
    let participants = world.hub.participants();
    assert_eq!(participants.send_to("7", "ada", "one"), Ok(()));
    assert_eq!(handle.send("two"), Ok(()));
    assert_eq!(handle.send("three"), Err(ParticipantError::ParticipantOffline));
    assert_eq!(participants.send_to("7", "ada", "three"), Err(ParticipantError::ParticipantOffline));
    // A broadcast counts it.
    assert_eq!(participants.broadcast("7", &[], "four").unwrap().dropped, 1);
    let (ada, texts) = connect(&mut world, "/7?user=ada");
    assert_eq!(texts, ["one", "two"]);
    assert_eq!(handle.send("back"), Ok(()));
    world.run();
    assert_eq!(ada.texts(), ["back"]);
    assert_clean(&world);
}

#[test]
fn one_that_is_connected_and_full_is_not_offline() {
    let mut config = config();
    config.outbox.messages = 1;
    let (mut world, _) = world_with(config);
    let (ada, _) = connect(&mut world, "/7?user=ada");
    ada.set_room(Some(0));
    let handle = participant(&world, "7", "ada");
    while handle.send("x").is_ok() {
        world.run();
    }
    assert_eq!(handle.send("x"), Err(ParticipantError::Send(SendError::Full)));
}

#[test]
fn a_participant_is_told_from_other_clients() {
    let hub = Hub::builder().build().unwrap();
    assert_eq!(hub.participants().get("7", "ada"), Err(ParticipantError::RoomNotFound));
    let error = ParticipantError::from(hub::Error::Refused(hub::Refusal::NoSuchRoom));
    assert_eq!(error, ParticipantError::RoomNotFound);
    for error in [
        ParticipantError::RoomNotFound,
        ParticipantError::ParticipantNotFound,
        ParticipantError::ParticipantOffline,
        ParticipantError::EmptyParticipantId,
        ParticipantError::Send(SendError::Full),
    ] {
        assert!(error.to_string().len() > 10, "{error:?} is a sentence");
    }
}
