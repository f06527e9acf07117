use super::{GRACE, ask, assert_clean, config, connect, lose, participant, stall, world, world_with};
use std::io::ErrorKind;
use std::time::Duration;
use throng_core::CloseCode;

#[test]
fn whoever_ends_while_it_joins_has_left() {
    // Without a grace the hook is dropped, as any.
    let mut config = config();
    config.sessions.grace = None;
    let (mut world, table) = world_with(config);
    let (peer, _) = connect(&mut world, "/7?user=slow");
    stall(&mut world, &peer, "slow");
    assert!(world.is_over(&peer));
    assert_eq!(table.take(), ["join 7 slow anew by -", "leave slow 1006 Hub"]);
    table.open(1);
    world.run();
    assert_eq!(table.take(), Vec::<String>::new());
    assert_clean(&world);
}

#[test]
fn whoever_is_closed_while_it_joins_leaves_after_the_hook() {
    let (mut world, table) = world();
    let (peer, _) = connect(&mut world, "/7?user=slow");
    participant(&world, "7", "slow").close(CloseCode(4000), "").unwrap();
    world.run();
    assert_eq!(table.take(), ["join 7 slow anew by -"]);
    table.open(1);
    world.run();
    assert_eq!(table.take(), ["joined slow", "leave slow 4000 Application"]);
    world.pass(Duration::from_secs(10));
    assert!(world.is_over(&peer));
    assert_clean(&world);
}

#[test]
fn a_join_goes_on_while_the_participant_is_away_and_returns() {
    let (mut world, table) = world();
    let (peer, _) = connect(&mut world, "/7?user=slow");
    stall(&mut world, &peer, "slow");
    assert!(participant(&world, "7", "slow").client().is_away());
    let (back, _) = connect(&mut world, "/7?user=slow&session=s2");
    back.send("hi");
    world.run();
    assert_eq!(table.take(), ["join 7 slow anew by -"]);
    table.open(2);
    world.run();
    let lines = ["joined slow", "join 7 slow again by s2", "joined slow", "message slow hi"];
    assert_eq!(table.take(), lines);
    world.pass(GRACE);
    assert_clean(&world);
}

#[test]
fn a_room_is_closed_while_somebody_is_resolved_and_they_enter_a_new_one() {
    let (mut world, table) = world();
    let (_ada, _) = connect(&mut world, "/7?user=ada");
    let bob = ask(&mut world, "/7?user=bob&session=slow");
    assert_eq!(bob.take(), b"", "it is not answered yet");
    world.hub.participants().close_room("7", CloseCode(4001), "").unwrap();
    world.run();
    assert!(!world.hub.room_exists("7"));
    table.open(1);
    world.run();
    assert!(bob.answer().0.starts_with("HTTP/1.1 101"));
    assert_eq!(table.take(), ["join 7 ada anew by -", "leave ada RoomClosed", "join 7 bob anew by slow"]);
    assert_eq!(world.hub.member_count("7"), 1);
}

#[test]
fn two_that_are_resolved_to_one_participant_at_once_are_one() {
    let (mut world, table) = world();
    let first = ask(&mut world, "/7?user=ada&session=slow");
    let second = ask(&mut world, "/7?user=ada&session=slow");
    table.open(2);
    world.run();
    world.pass(Duration::from_secs(10));
    let open = [&first, &second].map(|peer| !world.is_over(peer));
    assert_eq!(open.iter().filter(|open| **open).count(), 1, "{open:?}");
    assert_eq!((world.hub.member_count("7"), world.hub.client_count()), (1, 1));
    assert_eq!(table.take()[0], "join 7 ada anew by slow");
    assert_clean(&world);
}

#[test]
fn many_take_over_in_turn_while_a_hook_runs_and_each_joins_with_the_latest_identity() {
    let (mut world, table) = world();
    let (first, _) = connect(&mut world, "/7?user=ada&session=s0");
    first.send("wait");
    world.run();
    let mut latest = first;
    for number in 1..4 {
        latest = connect(&mut world, &format!("/7?user=ada&session=s{number}")).0;
    }
    latest.send("hi");
    world.run();
    assert_eq!(table.take(), ["join 7 ada anew by s0", "message ada wait"]);
    table.open(1);
    world.run();
    let again = "join 7 ada again by s3";
    assert_eq!(table.take(), [again, again, again, "message ada hi"]);
    world.pass(Duration::from_secs(10));
    assert_clean(&world);
}

#[test]
fn a_return_at_the_end_of_the_grace_is_one_of_both() {
    for late in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(2)] {
        let (mut world, table) = world();
        let (ada, _) = connect(&mut world, "/7?user=ada");
        lose(&mut world, &ada);
        let back = ask(&mut world, "/7?user=ada&session=slow");
        // The hub's timer and the connection are due in one turn.
        table.open(1);
        world.advance(GRACE + late);
        world.run();
        assert!(back.answer().0.starts_with("HTTP/1.1 101"));
        let lines = table.take();
        let anew = "join 7 ada anew by -";
        let returned = vec![anew, "join 7 ada again by slow"];
        let too_late = [anew, "leave ada 1006 Hub", "join 7 ada anew by slow"];
        assert!(lines == returned || lines == too_late, "{lines:?}");
        assert_eq!(world.hub.client_count(), 1);
        assert_clean(&world);
    }
}

#[test]
fn a_host_that_drops_a_task_calls_no_hook_and_leaves_nothing() {
    let mut config = config();
    config.sessions.grace = None;
    let (mut world, table) = world_with(config);
    let (ada, _) = connect(&mut world, "/7?user=ada");
    world.cancel(&ada);
    world.run();
    assert_eq!(table.take(), ["join 7 ada anew by -"]);
    assert_eq!(world.hub.client_count(), 0);
    assert_clean(&world);
}

#[test]
fn whoever_comes_again_joins_after_the_earlier_participant_has_left() {
    let (mut world, table) = world();
    let (ada, _) = connect(&mut world, "/7?user=ada");
    ada.send("wait");
    world.run();
    participant(&world, "7", "ada").close(CloseCode(4000), "").unwrap();
    world.run();
    assert_eq!(table.take(), ["join 7 ada anew by -", "message ada wait"]);
    // The message hook of the earlier one still runs.
    let (back, _) = connect(&mut world, "/7?user=ada&session=s2");
    back.send("hi");
    world.run();
    assert_eq!(table.take(), Vec::<String>::new());
    table.open(1);
    world.run();
    assert_eq!(table.take(), ["leave ada 4000 Application", "join 7 ada anew by s2", "message ada hi"]);
    world.pass(Duration::from_secs(10));
    assert_clean(&world);
}

#[test]
fn whoever_comes_again_waits_for_a_leave_that_runs_and_not_for_ever() {
    for returns in [true, false] {
        let mut config = config();
        config.sessions.grace = None;
        let (mut world, table) = world_with(config);
        let (slowly, _) = connect(&mut world, "/7?user=slowly");
        table.open(1);
        slowly.fail(ErrorKind::ConnectionReset);
        world.run();
        assert_eq!(table.take(), ["join 7 slowly anew by -", "joined slowly", "leave slowly 1006 Transport"]);
        let (_back, _) = connect(&mut world, "/7?user=slowly&session=s2");
        assert_eq!(table.take(), Vec::<String>::new());
        if returns {
            table.open(1);
            world.run();
            assert_eq!(table.take(), ["left slowly", "join 7 slowly anew by s2"]);
        } else {
            world.pass(Duration::from_secs(5));
            assert_eq!(table.take(), ["join 7 slowly anew by s2"]);
        }
    }
}

#[test]
fn of_several_that_come_again_each_waits_for_the_one_before() {
    let mut config = config();
    config.sessions.grace = None;
    let (mut world, table) = world_with(config);
    let (first, _) = connect(&mut world, "/7?user=slowly&session=s1");
    table.open(1);
    first.fail(ErrorKind::ConnectionReset);
    world.run();
    let anew = |number: u32| format!("join 7 slowly anew by s{number}");
    assert_eq!(table.take(), [&anew(1), "joined slowly", "leave slowly 1006 Transport"]);
    // The second ends while it waits for the first, and the third waits for the second.
    let (second, _) = connect(&mut world, "/7?user=slowly&session=s2");
    participant(&world, "7", "slowly").close(CloseCode(4000), "").unwrap();
    world.run();
    let (_third, _) = connect(&mut world, "/7?user=slowly&session=s3");
    assert_eq!(table.take(), Vec::<String>::new());
    table.open(1);
    world.run();
    // The second has ended before it could join, so it need not leave.
    assert_eq!(table.take(), ["left slowly", &anew(3)]);
    assert_eq!(second.texts(), ["closed Some(4000)"]);
    table.open(1);
    world.run();
    assert_eq!(table.take(), ["joined slowly"]);
}
