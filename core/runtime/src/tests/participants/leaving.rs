use super::{GRACE, assert_clean, config, connect, lose, participant, world, world_with};
use crate::participants::ParticipantError;
use std::io::ErrorKind;
use std::time::Duration;
use throng_core::CloseCode;
use throng_core::hub::{Config, Drain, Members};

#[test]
fn whoever_does_not_return_leaves_once_and_not_before_the_grace_is_over() {
    let (mut world, table) = world();
    let (ada, _) = connect(&mut world, "/7?user=ada");
    lose(&mut world, &ada);
    world.pass(GRACE - Duration::from_secs(1));
    assert_eq!(table.take(), ["join 7 ada anew by -"]);
    assert!(world.hub.participants().get("7", "ada").is_ok());
    world.pass(Duration::from_secs(2));
    assert_eq!(table.take(), ["leave ada 1006 Hub"]);
    assert_eq!(world.hub.participants().get("7", "ada"), Err(ParticipantError::RoomNotFound));
    let (_, texts) = connect(&mut world, "/7?user=ada");
    assert_eq!((table.take(), texts), (vec!["join 7 ada anew by -".to_owned()], vec![]));
    assert_clean(&world);
}

#[test]
fn without_a_grace_it_leaves_with_its_connection() {
    let (mut world, table) = world_with(Config::default());
    let (ada, _) = connect(&mut world, "/7?user=ada");
    let handle = participant(&world, "7", "ada");
    lose(&mut world, &ada);
    assert_eq!(table.take(), ["join 7 ada anew by -", "leave ada 1006 Transport"]);
    assert_eq!(*table.losses.lock().unwrap(), 1, "the error hook is told how the connection was lost");
    assert_eq!(handle.send("hello"), Err(ParticipantError::ParticipantOffline));
    assert_eq!(
        handle.client().hub().participants().send_to("7", "ada", "x"),
        Err(ParticipantError::RoomNotFound)
    );
    assert_clean(&world);
}

#[test]
fn each_way_of_leaving_has_its_reason() {
    let (mut world, table) = world();
    let (peer, _) = connect(&mut world, "/7?user=ada");
    peer.push(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);
    world.run();
    assert_eq!(table.take(), ["join 7 ada anew by -", "leave ada 1000 Peer"]);

    let _removed = connect(&mut world, "/7?user=bob");
    let handle = participant(&world, "7", "bob");
    world.hub.leave(handle.client().id(), "7").unwrap();
    world.run();
    assert_eq!(table.take(), ["join 7 bob anew by -", "leave bob Removed"]);
    assert!(!handle.client().is_open(), "a participant without its room is none");

    let (peer, _) = connect(&mut world, "/7?user=cy");
    world.hub.join(participant(&world, "7", "cy").client().id(), "other").unwrap();
    world.hub.close_room("other", Members::Leave).unwrap();
    world.run();
    assert_eq!(table.take(), ["join 7 cy anew by -"]);
    world.hub.close_room("7", Members::Leave).unwrap();
    world.run();
    assert_eq!(
        (table.take(), peer.texts()),
        (vec!["leave cy RoomClosed".to_owned()], vec!["closed Some(1000)".to_owned()])
    );
}

#[test]
fn a_room_that_is_closed_lets_all_go_those_that_are_away_too() {
    let (mut world, table) = world();
    let (ada, _) = connect(&mut world, "/7?user=ada");
    let (bob, _) = connect(&mut world, "/7?user=bob");
    let (_other, _) = connect(&mut world, "/8?user=cy");
    lose(&mut world, &bob);
    table.take();
    let participants = world.hub.participants();
    assert_eq!(participants.close_room("7", CloseCode(4001), "game over"), Ok(2));
    world.run();
    let mut lines = table.take();
    lines.sort();
    assert_eq!(lines, ["leave ada RoomClosed", "leave bob RoomClosed"]);
    assert_eq!(ada.texts(), ["closed Some(4001)"]);
    assert_eq!(participants.close_room("7", CloseCode(4001), "again"), Err(ParticipantError::RoomNotFound));
    // It is over: whoever comes is new.
    let _ = connect(&mut world, "/7?user=bob");
    assert_eq!(table.take(), ["join 7 bob anew by -"]);
    assert_eq!(world.hub.member_count("8"), 1);
    world.pass(Duration::from_secs(10));
    assert_clean(&world);
}

#[test]
fn leave_is_not_interrupted_by_the_end_of_its_connection() {
    let (mut world, table) = world();
    let (peer, _) = connect(&mut world, "/7?user=slowly");
    table.take();
    world.hub.participants().close_room("7", CloseCode(4001), "").unwrap();
    world.run();
    peer.fail(ErrorKind::ConnectionReset);
    world.pass(Duration::from_secs(30));
    assert_eq!(table.take(), ["leave slowly RoomClosed"]);
    table.open(1);
    world.run();
    assert_eq!(table.take(), ["left slowly"]);
    assert!(world.is_over(&peer));
    assert_clean(&world);
}

#[test]
fn a_drain_lets_all_leave() {
    let (mut world, table) = world();
    let (ada, _) = connect(&mut world, "/7?user=ada");
    let (bob, _) = connect(&mut world, "/7?user=bob");
    lose(&mut world, &bob);
    table.take();
    let drain = world.hub.drain(Drain::default(), Duration::from_secs(60));
    world.spawn(async move { _ = drain.await });
    world.pass(Duration::from_secs(60));
    let mut lines = table.take();
    lines.sort();
    assert_eq!(lines, ["leave ada 1001 Hub", "leave bob 1001 Hub"]);
    assert!(world.is_over(&ada));
}

#[test]
fn a_message_hook_that_fails_is_told_and_its_participant_stays() {
    let (mut world, table) = world();
    let (ada, _) = connect(&mut world, "/7?user=ada");
    ada.send("fail");
    ada.send("go on");
    world.run();
    let lines = ["join 7 ada anew by -", "message ada fail", "error ada no such move", "message ada go on"];
    assert_eq!(table.take(), lines);
    assert!(participant(&world, "7", "ada").client().is_open());
}

#[test]
fn errors_of_the_client_are_told_too() {
    let (mut world, table) = world_with({
        let mut config = config();
        config.hooks.message = Some(Duration::from_secs(5));
        config
    });
    let (ada, _) = connect(&mut world, "/7?user=ada");
    ada.send("wait");
    world.run();
    world.pass(Duration::from_secs(6));
    ada.push(&[0xff, 0xff]);
    world.run();
    let lines = table.take();
    assert_eq!(lines[1..3], ["message ada wait", "error ada the hook message exceeded its time limit"]);
    assert!(lines[3].starts_with("error ada ") && lines[4] == "leave ada 1002 Hub", "{lines:?}");
}
